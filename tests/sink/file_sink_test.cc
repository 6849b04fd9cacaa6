#include "src/sink/file_sink.h"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "hlsrec/runtime.h"
#include "hlsrec/testing.h"
#include "src/base/file.h"
#include "src/base/process.h"
#include "src/base/status_util.h"
#include "tests/catch.h"
#include "tests/faulty_file_system.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

namespace fs = std::filesystem;

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t CountFiles(const std::string& root) {
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) ++count;
  }
  return count;
}

PutRequest Request(const std::string& key, std::string bytes,
                   IfExists if_exists = IfExists::kReplace) {
  return {.key = key,
          .body = MakeStringBody(std::move(bytes)),
          .if_exists = if_exists,
          .content_type = "video/mp2t"};
}

TEST_CASE("file sink: takes away temporary files of the dead, and no others") {
  TemporaryDirectory directory;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  const std::string self = ProcessTag();
  const std::string place = self.substr(0, self.rfind('-'));
  const std::string dead =
      fmt::format(".hlsrec-{}-{}-0123456789ab.tmp", place, child);
  const std::vector<std::string> kept = {
      fmt::format(".hlsrec-{}-0123456789ab.tmp", self),
      fmt::format(".hlsrec-elsewhere-{}-0123456789ab.tmp", child),
      ".hlsrec-0123456789ab.tmp", ".other.tmp"};
  std::ofstream(directory.Path(dead)) << "half";
  for (const std::string& name : kept) {
    std::ofstream(directory.Path(name)) << "half";
  }
  const auto sink =
      sink::MakeFileSink(PosixFileSystem(), {.root = directory.Path("")});
  REQUIRE(sink.ok());
  REQUIRE((*sink)->Put(Request("a.ts", "whole")).ok());
  CHECK_FALSE(fs::exists(directory.Path(dead)));
  for (const std::string& name : kept) CHECK(fs::exists(directory.Path(name)));
  CHECK(CountFiles(directory.Path("")) == kept.size() + 1);
}

TEST_CASE("file sink: keeps the sink contract and leaves nothing behind") {
  for (const FileSync sync : {FileSync::kNone, FileSync::kObject}) {
    TemporaryDirectory directory;
    const auto runtime = Runtime::Create();
    REQUIRE(runtime.ok());
    const auto sink =
        OpenFileSink(*runtime, {.root = directory.Path("root"), .sync = sync});
    REQUIRE(sink.ok());
    CHECK(testing::CheckSinkContract(**sink, "p/") ==
          std::vector<std::string>{});
    CHECK(CountFiles(directory.path()) == 0);
  }
}

TEST_CASE("file sink: any failing call leaves the old object or the new one") {
  const Status full(StatusCode::kResourceExhausted, "no space left on device");
  for (const IfExists mode : {IfExists::kReplace, IfExists::kFail}) {
    bool reached_end = false;
    for (int call = 1; !reached_end; ++call) {
      REQUIRE(call < 50);
      TemporaryDirectory directory;
      FaultyFileSystem files(PosixFileSystem());
      auto sink = sink::MakeFileSink(files, {.root = directory.path()});
      REQUIRE(sink.ok());
      const std::string key = "a/index.m3u8";
      if (mode == IfExists::kReplace) {
        REQUIRE((*sink)->Put(Request(key, "old version")).ok());
      }
      files.FailCall(call, full);
      const Status status = (*sink)->Put(Request(key, "new", mode));
      reached_end = status.ok();
      INFO("call " << call << ": " << status.message());
      const std::string path = directory.Path(key);
      const std::string text = fs::exists(path) ? Read(path) : "";
      if (status.ok()) {
        CHECK(text == "new");
      } else {
        CHECK(status.code() == StatusCode::kResourceExhausted);
        const std::string old = mode == IfExists::kReplace ? "old version" : "";
        CHECK((text == old || text == "new"));
      }
      // No temporary file stays.
      CHECK(CountFiles(directory.path()) == (text.empty() ? 0U : 1U));
      // And the next attempt works.
      files.FailCall(0, {});
      const Status again = (*sink)->Put(Request(key, "new", mode));
      CHECK((again.ok() || again.code() == StatusCode::kAlreadyExists));
      CHECK(Read(path) == "new");
    }
  }
}

TEST_CASE("file sink: a spooled body is linked, not copied") {
  TemporaryDirectory directory;
  class LinkedBody final : public Body {
   public:
    explicit LinkedBody(std::string path) : path_(std::move(path)) {}
    std::uint64_t size() const override { return 5; }
    Status ReadAt(std::uint64_t, std::span<std::byte>) const override {
      return {StatusCode::kInternal, "must not be read"};
    }
    std::string_view link_source() const override { return path_; }

   private:
    std::string path_;
  };
  std::ofstream(directory.Path("spooled")) << "12345";
  auto sink =
      sink::MakeFileSink(PosixFileSystem(), {.root = directory.Path("root")});
  REQUIRE(sink.ok());
  PutRequest request = Request("a/0.ts", "", IfExists::kFail);
  request.body = std::make_shared<LinkedBody>(directory.Path("spooled"));
  REQUIRE((*sink)->Put(request).ok());
  CHECK(fs::hard_link_count(directory.Path("root/a/0.ts")) == 2);
  CHECK((*sink)->Put(request).code() == StatusCode::kAlreadyExists);
}

TEST_CASE("file sink: a folder that was tidied away is made again") {
  TemporaryDirectory directory;
  auto sink = sink::MakeFileSink(PosixFileSystem(), {.root = directory.path()});
  REQUIRE(sink.ok());
  REQUIRE((*sink)->Put(Request("a/b/0.ts", "x")).ok());
  fs::remove_all(directory.Path("a"));
  CHECK((*sink)->Put(Request("a/b/1.ts", "y")).ok());
}

TEST_CASE("file sink: a key that is held is one writer's") {
  TemporaryDirectory directory;
  const FileSinkOptions options{.root = directory.path()};
  auto one = sink::MakeFileSink(PosixFileSystem(), options).value();
  auto other = sink::MakeFileSink(PosixFileSystem(), options).value();
  const std::string key = "a/b/index.m3u8";
  auto held = one->Hold(key).value();
  REQUIRE(held != nullptr);
  for (const auto& sink : {one.get(), other.get()}) {
    const auto again = sink->Hold(key);
    CHECK(again.status().code() == StatusCode::kUnavailable);
    CHECK(again.status().message().find(directory.Path(key)) !=
          std::string::npos);
    CHECK(again.status().message().find(
              fmt::format("process {}", ::getpid())) != std::string::npos);
  }
  // Other keys are free, and this one is written by whoever has it.
  CHECK(other->Hold("a/b/other.m3u8").value() != nullptr);
  CHECK(one->Put(Request(key, "x")).ok());
  CHECK(other->List("").value().size() == 1);
  held = nullptr;
  CHECK(CountFiles(directory.path()) == 1);
  CHECK(other->Hold(key).value() != nullptr);
}

TEST_CASE(
    "file sink: a hold leaves nothing behind, and the dead hold nothing") {
  TemporaryDirectory directory;
  auto sink =
      sink::MakeFileSink(PosixFileSystem(), {.root = directory.path()}).value();
  const std::string key = "a/b/" + std::string(250, 'n');
  { CHECK(sink->Hold(key).value() != nullptr); }
  CHECK(fs::is_empty(directory.path()));
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = sink->Hold(key);
    ::_exit(held.ok() && *held != nullptr ? 0 : 1);
  }
  int how = 0;
  REQUIRE(::waitpid(child, &how, 0) == child);
  CHECK(how == 0);
  CHECK(CountFiles(directory.path()) == 1);
  CHECK(sink->Hold(key).value() != nullptr);
  CHECK(fs::is_empty(directory.path()));
}

TEST_CASE("file sink: where no lock can be made nobody is kept out") {
  TemporaryDirectory directory;
  FaultyFileSystem files(PosixFileSystem());
  auto sink = sink::MakeFileSink(files, {.root = directory.path()}).value();
  for (int call = 1; call < 20; ++call) {
    files.FailCall(call, Status(StatusCode::kResourceExhausted, "full"));
    CHECK(sink->Hold("a/index.m3u8").ok());
  }
}

TEST_CASE("file sink: bad roots are named") {
  CHECK(sink::MakeFileSink(PosixFileSystem(), {}).status().code() ==
        StatusCode::kInvalidArgument);
  TemporaryDirectory directory;
  std::ofstream(directory.Path("file")) << "x";
  const auto sink = sink::MakeFileSink(PosixFileSystem(),
                                       {.root = directory.Path("file/below")});
  CHECK_FALSE(sink.ok());
}

}  // namespace
}  // namespace hlsrec
