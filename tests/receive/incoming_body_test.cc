#include "src/receive/incoming_body.h"

#include <filesystem>

#include "tests/catch.h"
#include "tests/faulty_file_system.h"
#include "tests/temporary_directory.h"

namespace hlsrec::receive {
namespace {

std::string Pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<char>(i * 7 + i / 251);
  }
  return bytes;
}

TEST_CASE("incoming body: small or large, it comes back as it was") {
  const TemporaryDirectory folder;
  const std::size_t size =
      GENERATE(std::size_t{0}, 1, IncomingBody::kInMemory,
               IncomingBody::kInMemory + 1, 3 * IncomingBody::kInMemory);
  const auto budget = std::make_shared<Budget>(std::uint64_t{1} << 30);
  IncomingBody body(PosixFileSystem(), folder.path(), 1 << 30, budget);
  const std::string bytes = Pattern(size);
  for (std::size_t i = 0; i < size; i += 100'000) {
    REQUIRE(body.Append(AsBytes(bytes).subspan(
                            i, std::min<std::size_t>(100'000, size - i)))
                .ok());
    // The file has no name: whatever happens, nothing stays.
    REQUIRE(std::filesystem::is_empty(folder.path()));
  }
  auto whole = body.Finish();
  REQUIRE(whole.ok());
  CHECK(ReadBody(**whole, UINT64_MAX).value() == bytes);
  CHECK(budget->used() == size);
  whole = Status(StatusCode::kCancelled, "");
  CHECK(budget->used() == 0);
}

TEST_CASE(
    "incoming body: whatever the disk refuses is told, and nothing stays") {
  const TemporaryDirectory folder;
  const auto budget = std::make_shared<Budget>(std::uint64_t{1} << 30);
  const std::string bytes = Pattern(IncomingBody::kInMemory);
  bool failed = true;
  for (int call = 1; failed; ++call) {
    FaultyFileSystem files(PosixFileSystem());
    files.FailCall(call, Status(StatusCode::kResourceExhausted, "full"));
    {
      IncomingBody body(files, folder.path(), 1 << 30, budget);
      Status status = body.Append(AsBytes(bytes));
      if (status.ok()) status = body.Append(AsBytes(bytes));
      if (status.ok()) status = body.Finish().status();
      failed = !status.ok();
    }
    CHECK(std::filesystem::is_empty(folder.path()));
    CHECK(budget->used() == 0);
    REQUIRE(call < 20);
  }
}

}  // namespace
}  // namespace hlsrec::receive
