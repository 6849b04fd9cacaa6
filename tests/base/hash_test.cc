#include "src/base/hash.h"

#include "tests/catch.h"

namespace hlsrec {
namespace {

Bytes BytesOf(std::string_view text) {
  Bytes bytes;
  Append(bytes, text);
  return bytes;
}

TEST_CASE("hash: SHA-256 of FIPS 180-4's examples") {
  CHECK(Sha256Hex({}) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(Sha256Hex(BytesOf("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE(
    "hash: pieces give the same, and what is asked between changes none") {
  Sha256 hash;
  CHECK(hash.Hex() == Sha256Hex({}));
  hash.Add(BytesOf("a"));
  CHECK(hash.Hex() == Sha256Hex(BytesOf("a")));
  CHECK(hash.Hex() == Sha256Hex(BytesOf("a")));
  hash.Add({});
  hash.Add(BytesOf("bc"));
  CHECK(hash.Hex() == Sha256Hex(BytesOf("abc")));
}

}  // namespace
}  // namespace hlsrec
