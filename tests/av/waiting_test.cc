// What waits can be ended: by a deadline, or by Cancel(). On named pipes, as
// libavformat itself can't be interrupted there.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "hlsrec/source.h"
#include "src/av/interrupter.h"
#include "src/base/clock.h"
#include "tests/av/media_files.h"
#include "tests/catch.h"

using hlsrec::OpenUrlSource;
using hlsrec::StatusCode;
using hlsrec::av::Interrupter;
using hlsrec::testing::MediaFile;
using hlsrec::testing::ReadAll;
using hlsrec::testing::ReadBytes;
using hlsrec::testing::ReadResult;
using hlsrec::testing::TempDirectory;
using std::chrono::milliseconds;

namespace {

// A pipe whose writing end stays open and says nothing after `bytes`.
class SilentPipe {
 public:
  explicit SilentPipe(const std::vector<std::uint8_t>& bytes) {
    REQUIRE(::mkfifo(path().c_str(), 0600) == 0);
    fd_ = ::open(path().c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(fd_ >= 0);
    writer_ = std::thread([this, bytes] {
      std::size_t done = 0;
      while (done < bytes.size()) {
        const ssize_t count =
            ::write(fd_, bytes.data() + done, bytes.size() - done);
        if (count <= 0) break;
        done += static_cast<std::size_t>(count);
      }
    });
  }
  ~SilentPipe() {
    writer_.join();
    ::close(fd_);
  }
  SilentPipe(const SilentPipe&) = delete;
  SilentPipe& operator=(const SilentPipe&) = delete;

  [[nodiscard]] std::string path() const { return directory_.path("pipe"); }

 private:
  const TempDirectory directory_;
  int fd_ = -1;
  std::thread writer_;
};

}  // namespace

TEST_CASE("waiting: nobody writes, and the connection times out") {
  const SilentPipe pipe({});
  const auto source = OpenUrlSource(
      nullptr, {.url = pipe.path(), .connect_timeout = milliseconds(200)});
  CHECK(source.status().code() == StatusCode::kDeadlineExceeded);
}

TEST_CASE("waiting: opening can be cancelled by a polled function") {
  const SilentPipe pipe({});
  int polls = 0;
  const auto source = OpenUrlSource(
      nullptr, {.url = pipe.path(), .connect_timeout = milliseconds(0)},
      [&polls] { return ++polls > 2; });
  CHECK(source.status().code() == StatusCode::kCancelled);
}

TEST_CASE("waiting: a source that falls silent gives what it had, then ends") {
  const SilentPipe pipe(ReadBytes(MediaFile("h264_aac.ts")));
  auto source = OpenUrlSource(
      nullptr, {.url = pipe.path(), .timeout = milliseconds(300)});
  REQUIRE(source.ok());
  const ReadResult result = ReadAll(**source);
  CHECK(result.end.code() == StatusCode::kDeadlineExceeded);
  // The demuxer holds the last packets until it is told of the end.
  CHECK(result.packets() == 75 + 131);
  CHECK((*source)->Read().status().code() == StatusCode::kDeadlineExceeded);
}

TEST_CASE("waiting: a blocked read ends when it is cancelled") {
  const SilentPipe pipe(ReadBytes(MediaFile("h264_aac.ts")));
  auto source =
      OpenUrlSource(nullptr, {.url = pipe.path(), .timeout = milliseconds(0)});
  REQUIRE(source.ok());
  std::atomic<int> read = 0;
  std::thread canceller([&source, &read] {
    while (read < 150) std::this_thread::yield();
    (*source)->Cancel();
  });
  hlsrec::Status end;
  while (end.ok()) {
    end = (*source)->Read().status();
    ++read;
  }
  canceller.join();
  CHECK(end.code() == StatusCode::kCancelled);
  CHECK((*source)->Read().status().code() == StatusCode::kCancelled);
}

TEST_CASE("waiting: the end of a pipe is the end of the stream") {
  const TempDirectory directory;
  const std::string path = directory.path("pipe");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  std::thread writer([&path] {
    const auto bytes = ReadBytes(MediaFile("h264_aac.ts"));
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    std::size_t done = 0;
    while (fd >= 0 && done < bytes.size()) {
      const ssize_t count =
          ::write(fd, bytes.data() + done, bytes.size() - done);
      if (count <= 0) break;
      done += static_cast<std::size_t>(count);
    }
    if (fd >= 0) ::close(fd);
  });
  auto source = OpenUrlSource(nullptr, {.url = path});
  REQUIRE(source.ok());
  const ReadResult result = ReadAll(**source);
  writer.join();
  CHECK(result.end.code() == StatusCode::kEndOfStream);
  CHECK(result.packets() == 75 + 131);
}

TEST_CASE("waiting: a sleep is cut short by cancelling") {
  Interrupter interrupter(hlsrec::SystemClock());
  std::thread canceller([&interrupter] { interrupter.Cancel(); });
  CHECK_FALSE(interrupter.SleepUntil(hlsrec::SystemClock().Steady() +
                                     std::chrono::hours(1)));
  canceller.join();
  CHECK(interrupter.reason() == Interrupter::Reason::kCancelled);
}

TEST_CASE("waiting: a deadline that passed stays passed") {
  Interrupter interrupter(hlsrec::SystemClock());
  interrupter.SetTimeout(milliseconds(0));
  CHECK(interrupter.Check());
  interrupter.SetTimeout(std::chrono::hours(1));
  CHECK(interrupter.Check());
  CHECK(interrupter.reason() == Interrupter::Reason::kTimedOut);
}
