#include "src/base/file.h"

#include <filesystem>
#include <fstream>

#include "tests/catch.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

std::string Read(const std::string& path) {
  return *PosixFileSystem().ReadFile(path, 1000);
}

TEST_CASE("file: what was written is read at any offset") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("a");
  FileSystem& files = PosixFileSystem();
  auto file = files.Create(path, 0600);
  REQUIRE(file.ok());
  CHECK((*file)->Write(Bytes{'a', 'b', 'c', 'd'}).ok());
  const auto opened = files.Open(path);
  REQUIRE(opened.ok());
  CHECK((*opened)->size() == 4);
  Bytes bytes(2);
  CHECK((*opened)->ReadAt(1, std::as_writable_bytes(std::span(bytes))).ok());
  CHECK(bytes == Bytes{'b', 'c'});
  const Status beyond =
      (*opened)->ReadAt(3, std::as_writable_bytes(std::span(bytes)));
  CHECK(beyond.code() == StatusCode::kDataLoss);
  CHECK(files.Open(directory.Path("b")).status().code() ==
        StatusCode::kNotFound);
}

TEST_CASE("file: is cut, and written on from there") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("a");
  FileSystem& files = PosixFileSystem();
  auto file = files.Create(path, 0600);
  REQUIRE(file.ok());
  CHECK((*file)->Write(Bytes{'a', 'b', 'c', 'd'}).ok());
  CHECK(files.Truncate(path, 2).ok());
  CHECK(Read(path) == "ab");
  CHECK((*file)->Write(Bytes{'x'}).ok());
  CHECK(Read(path) == "abx");
  CHECK(files.Truncate(directory.Path("b"), 0).code() == StatusCode::kNotFound);
  CHECK(!std::filesystem::exists(directory.Path("b")));
}

TEST_CASE("file: a lock has one owner, who is told of") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("lock");
  FileSystem& files = PosixFileSystem();
  auto first = files.Lock(path, "the first owner");
  REQUIRE(first.ok());
  CHECK(files.Lock(path, "second").status() ==
        Status(StatusCode::kFailedPrecondition,
               "lock: " + path + ": is held by the first owner"));
  CHECK(Read(path) == "the first owner");
  *first = nullptr;
  const auto second = files.Lock(path, "second");
  REQUIRE(second.ok());
  CHECK(Read(path) == "second");
  // A new file of that name is another lock.
  CHECK(files.Remove(path).ok());
  CHECK(files.Lock(path, "third").ok());
  CHECK(files.Lock(directory.Path("b/lock"), "").status().code() ==
        StatusCode::kNotFound);
}

TEST_CASE("file: a local disk is no network file system") {
  const TemporaryDirectory directory;
  const auto type = PosixFileSystem().NetworkType(directory.path());
  REQUIRE(type.ok());
  CHECK(type->empty());
  CHECK(PosixFileSystem().NetworkType(directory.Path("b")).status().code() ==
        StatusCode::kNotFound);
}

}  // namespace
}  // namespace hlsrec
