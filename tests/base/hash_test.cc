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

TEST_CASE("hash: HMAC-SHA-256 of RFC 4231's examples") {
  CHECK(HexDigits(HmacSha256(Bytes(20, 0x0b), BytesOf("Hi There"))) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(HexDigits(HmacSha256(BytesOf("Jefe"),
                             BytesOf("what do ya want for nothing?"))) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  // A key longer than a block.
  CHECK(
      HexDigits(HmacSha256(
          Bytes(131, 0xaa),
          BytesOf("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

}  // namespace
}  // namespace hlsrec
