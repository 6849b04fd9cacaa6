#include "tests/simulated_disk.h"

#include <functional>
#include <vector>

#include "tests/catch.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

Bytes Raw(std::string_view text) { return {text.begin(), text.end()}; }

Status Put(FileSystem& files, const std::string& path, const std::string& text,
           bool sync) {
  auto file = files.Create(path, 0644);
  if (!file.ok()) return file.status();
  const Status written = (*file)->Write(Raw(text));
  if (!written.ok()) return written;
  return sync ? (*file)->Sync() : Status();
}

// "-": there is none.
std::string Get(FileSystem& files, const std::string& path) {
  const auto text = files.ReadFile(path, 1 << 20);
  return text.ok() ? *text : "-";
}

// A folder /d that is on the disk.
struct Bench {
  explicit Bench(std::uint64_t seed = 1) : disk(seed) {
    REQUIRE(files.CreateDirectories("/d", 0700).ok());
    REQUIRE(files.SyncDirectory("/").ok());
  }
  SimulatedDisk disk;
  FileSystem& files = disk.files();
};

TEST_CASE("simulated disk: it answers as the machine's file system does") {
  TemporaryDirectory directory;
  SimulatedDisk disk;
  REQUIRE(disk.files().CreateDirectories(directory.path(), 0700).ok());
  const std::string root = directory.path() + "/";
  const std::vector<std::function<std::string(FileSystem&)>> calls = {
      [&](auto& f) { return Put(f, root + "a", "text", true).ToString(); },
      [&](auto& f) { return Put(f, root + "no/a", "x", false).ToString(); },
      [&](auto& f) { return Put(f, root + "a/b", "x", false).ToString(); },
      [&](auto& f) { return Put(f, root, "x", false).ToString(); },
      [&](auto& f) { return f.Open(root + "b").status().ToString(); },
      [&](auto& f) { return f.Link(root + "a", root + "b").ToString(); },
      [&](auto& f) { return f.Link(root + "a", root + "b").ToString(); },
      [&](auto& f) { return f.Link(root + "z", root + "c").ToString(); },
      [&](auto& f) { return f.Truncate(root + "b", 2).ToString(); },
      [&](auto& f) { return f.Truncate(root + "z", 2).ToString(); },
      [&](auto& f) { return Get(f, root + "a"); },
      [&](auto& f) {
        return f.CreateDirectories(root + "d/e", 0700).ToString();
      },
      [&](auto& f) {
        return f.CreateDirectories(root + "d/e", 0700).ToString();
      },
      [&](auto& f) {
        return f.CreateDirectories(root + "a/e", 0700).ToString();
      },
      [&](auto& f) { return f.Rename(root + "b", root + "d/b").ToString(); },
      [&](auto& f) { return f.Rename(root + "b", root + "d/b").ToString(); },
      [&](auto& f) { return f.Rename(root + "a", root + "d").ToString(); },
      [&](auto& f) { return f.RemoveEmptyDirectory(root + "d").ToString(); },
      [&](auto& f) { return f.RemoveEmptyDirectory(root + "d/e").ToString(); },
      [&](auto& f) { return f.RemoveEmptyDirectory(root + "d/e").ToString(); },
      [&](auto& f) { return f.Remove(root + "z").ToString(); },
      [&](auto& f) { return f.Remove(root + "a/z").ToString(); },
      [&](auto& f) { return f.Remove(root + "d").ToString(); },
      [&](auto& f) { return f.SyncDirectory(root + "d").ToString(); },
      [&](auto& f) { return f.SyncDirectory(root + "z").ToString(); },
      [&](auto& f) { return f.Size(root + "d").status().ToString(); },
      [&](auto& f) { return f.Size(root + "z").status().ToString(); },
      [&](auto& f) { return std::to_string(f.Size(root + "d/b").value()); },
      [&](auto& f) { return f.ReadFile(root + "a", 1).status().ToString(); },
      [&](auto& f) { return f.List(root + "z").status().ToString(); },
      [&](auto& f) {
        return std::to_string(f.List(root + "d").value().size());
      },
      [&](auto& f) {
        const auto file = f.Open(root + "a");
        std::vector<std::byte> out(3);
        return file.value()->ReadAt(0, out).ToString() +
               std::to_string(file.value()->size());
      },
      [&](auto& f) {
        const auto first = f.Lock(root + "lock", "me");
        return f.Lock(root + "lock", "you").status().ToString();
      },
      [&](auto& f) { return f.Lock(root + "lock", "you").status().ToString(); },
      [&](auto& f) { return Get(f, root + "lock"); },
  };
  int number = 0;
  for (const auto& call : calls) {
    INFO("call " << ++number);
    CHECK(call(disk.files()) == call(PosixFileSystem()));
  }
}

TEST_CASE("simulated disk: power takes what was not synced") {
  Bench bench;
  CHECK(Put(bench.files, "/d/both", "x", true).ok());
  CHECK(Put(bench.files, "/d/name", "x", false).ok());
  CHECK(bench.files.SyncDirectory("/d").ok());
  CHECK(Put(bench.files, "/d/data", "x", true).ok());
  CHECK(bench.files.Rename("/d/both", "/d/moved").ok());
  CHECK(bench.files.CreateDirectories("/d/new", 0700).ok());
  bench.disk.Crash(CrashKind::kPowerStrict);
  CHECK(Get(bench.files, "/d/both") == "x");
  CHECK(Get(bench.files, "/d/name").empty());
  CHECK(bench.files.List("/d").value().size() == 2);
}

TEST_CASE("simulated disk: the death of the process takes its locks alone") {
  Bench bench;
  CHECK(Put(bench.files, "/d/a", "x", false).ok());
  auto lock = bench.files.Lock("/d/lock", "me");
  REQUIRE(lock.ok());
  auto open = bench.files.Create("/d/open", 0600);
  REQUIRE(open.ok());
  bench.disk.Crash(CrashKind::kProcess);
  CHECK(Get(bench.files, "/d/a") == "x");
  CHECK(bench.files.Lock("/d/lock", "you").ok());
  CHECK((*open)->Write(Raw("x")).code() == StatusCode::kUnavailable);
  const auto second = bench.files.Lock("/d/lock", "you");
  lock = Status(StatusCode::kCancelled, "the dead lets go");
  CHECK(bench.files.Lock("/d/lock", "me").status().code() ==
        StatusCode::kFailedPrecondition);
}

TEST_CASE("simulated disk: of what was not synced anything may survive") {
  bool old_name = false;
  bool new_name = false;
  bool empty = false;
  bool whole = false;
  bool part = false;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Bench bench(seed);
    CHECK(Put(bench.files, "/d/a", std::string(1000, 'x'), false).ok());
    CHECK(bench.files.SyncDirectory("/d").ok());
    CHECK(bench.files.Rename("/d/a", "/d/b").ok());
    bench.disk.Crash(CrashKind::kPowerRandom);
    const std::string a = Get(bench.files, "/d/a");
    const std::string b = Get(bench.files, "/d/b");
    CHECK((a == "-") != (b == "-"));  // renaming is one step
    old_name |= a != "-";
    new_name |= b != "-";
    const std::size_t size = (a == "-" ? b : a).size();
    empty |= size == 0;
    part |= size > 0 && size < 1000;
    whole |= size == 1000;
  }
  CHECK((old_name && new_name && empty && part && whole));
}

TEST_CASE("simulated disk: what a failed sync dropped stays lost") {
  Bench bench;
  auto file = bench.files.Create("/d/a", 0600);
  REQUIRE(file.ok());
  CHECK(bench.files.SyncDirectory("/d").ok());
  CHECK((*file)->Write(Raw("one")).ok());
  bench.disk.FailOperation(1, DiskFault::kIoError);
  CHECK((*file)->Sync().code() == StatusCode::kUnavailable);
  CHECK((*file)->Write(Raw("two")).ok());
  CHECK((*file)->Sync().ok());
  CHECK(Get(bench.files, "/d/a") == "onetwo");
  bench.disk.Crash(CrashKind::kPowerStrict);
  CHECK(Get(bench.files, "/d/a") == std::string("\0\0\0two", 6));
}

TEST_CASE("simulated disk: each operation can fail in each way") {
  for (const DiskFault fault :
       {DiskFault::kNoSpace, DiskFault::kIoError, DiskFault::kShortWrite}) {
    Bench bench;
    bench.disk.FailOperation(2, fault);
    CHECK(Put(bench.files, "/d/a", "1234", false).code() ==
          (fault == DiskFault::kIoError ? StatusCode::kUnavailable
                                        : StatusCode::kResourceExhausted));
    CHECK(Get(bench.files, "/d/a") ==
          (fault == DiskFault::kShortWrite ? "12" : ""));
    CHECK(Put(bench.files, "/d/a", "1234", false).ok());
    bench.disk.FailRead(1);
    CHECK(Get(bench.files, "/d/a") == "-");
    CHECK(Get(bench.files, "/d/a") == "1234");
  }
}

TEST_CASE("simulated disk: it has room for so much") {
  Bench bench;
  bench.disk.SetCapacity(10);
  CHECK(Put(bench.files, "/d/a", "123456", false).ok());
  CHECK(bench.files.Link("/d/a", "/d/b").ok());
  CHECK(Put(bench.files, "/d/c", "123456", false).code() ==
        StatusCode::kResourceExhausted);
  CHECK(Get(bench.files, "/d/c") == "1234");
  CHECK(bench.disk.used_bytes() == 10);
  CHECK(bench.files.Remove("/d/a").ok());
  CHECK(bench.disk.used_bytes() == 10);
  CHECK(bench.files.Remove("/d/b").ok());
  CHECK(Put(bench.files, "/d/c", "123456", false).ok());
}

TEST_CASE("simulated disk: from a halt on nothing has any effect") {
  Bench bench;
  CHECK(Put(bench.files, "/d/a", "1", true).ok());
  bench.disk.HaltAt(1);
  CHECK_FALSE(Put(bench.files, "/d/a", "2", true).ok());
  CHECK(bench.disk.halted());
  CHECK_FALSE(bench.files.Remove("/d/a").ok());
  CHECK(Get(bench.files, "/d/a") == "-");
  bench.disk.Crash(CrashKind::kProcess);
  CHECK(Get(bench.files, "/d/a") == "1");
}

}  // namespace
}  // namespace hlsrec
