#include <cerrno>
#include <string>

#include "src/base/hash.h"
#include "src/base/status_util.h"
#include "tests/catch.h"

namespace hlsrec {
namespace {

TEST_CASE("status: context goes before the message, ok stays ok") {
  CHECK(Status().WithContext("open").ok());
  const Status status = NotFound("a.ts: no such object").WithContext("get");
  CHECK(status.message() == "get: a.ts: no such object");
  CHECK(status.ToString() == "get: a.ts: no such object (not found)");
}

TEST_CASE("status: errno tells what to do about it") {
  CHECK(ErrnoStatus(ENOSPC, "write").code() == StatusCode::kResourceExhausted);
  CHECK(ErrnoStatus(ENOENT, "open").code() == StatusCode::kNotFound);
  CHECK(ErrnoStatus(EACCES, "open").code() == StatusCode::kPermissionDenied);
  CHECK(ErrnoStatus(EIO, "read").code() == StatusCode::kUnavailable);
}

TEST_CASE("hash: sha-256 of the standard's example") {
  const std::string abc = "abc";
  CHECK(Sha256Hex({reinterpret_cast<const std::uint8_t*>(abc.data()), 3}) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(RandomHex(12).size() == 12);
  CHECK(RandomHex(12) != RandomHex(12));
}

}  // namespace
}  // namespace hlsrec
