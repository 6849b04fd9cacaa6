// What a segment costs at the beginning of a recording and after very many.
//   segment_cost live|event SEGMENTS
// Pushes tiny segments and prints, as one JSON object, CPU
// microseconds per segment and resident memory around segments 100, 1,000, ...
#include <fmt/format.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "hlsrec/recorder.h"
#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

// Segments that may be on their way when the next is pushed.
constexpr std::uint64_t kInFlight = 8;

struct Point {
  std::uint64_t segment = 0;
  double cpu_us = 0;  // per segment, over the window before
  std::uint64_t rss_bytes = 0;
};

double CpuSeconds() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  statm >> total >> resident;
  return resident * 4096;
}

// Takes objects and forgets them: what is measured is hlsrec, not the disk.
class CountingSink final : public Sink {
 public:
  void Put(PutRequest /*request*/, Done done) override { done({}); }
  void Get(std::string key, std::uint64_t /*max*/, GetDone done) override {
    done(Status(StatusCode::kNotFound, "get: " + key));
  }
  void Remove(std::string /*key*/, Done done) override { done({}); }
  void List(std::string /*prefix*/, ListDone done) override {
    done(std::vector<ObjectInfo>{});
  }
  [[nodiscard]] std::string Describe() const override { return "nowhere:"; }
};

// One second of video: a keyframe and four more pictures of 5 fps.
constexpr std::int64_t kPictures = 5;

Packet Picture(std::int64_t number) {
  constexpr std::int64_t kTicks = 90000 / kPictures;
  Packet packet = VideoPacket(number, number % kPictures == 0);
  packet.pts = packet.dts = number * kTicks;
  packet.duration = kTicks;
  return packet;
}

Status PushSegment(Recorder& recorder, std::uint64_t segment) {
  const auto first = static_cast<std::int64_t>(segment) * kPictures;
  for (std::int64_t i = first; i < first + kPictures; ++i) {
    Status status = recorder.Push(Picture(i));
    while (status.code() == StatusCode::kResourceExhausted) {
      std::this_thread::yield();
      status = recorder.Push(Picture(i));
    }
    if (!status.ok()) return status;
  }
  return {};
}

class StoredCounter final : public Observer {
 public:
  void OnEvent(const Event& event) override {
    if (event.type == EventType::kSegmentStored) ++stored_;
  }
  void WaitFor(std::uint64_t segments) const {
    while (stored_ < segments) std::this_thread::yield();
  }

 private:
  std::atomic<std::uint64_t> stored_ = 0;
};

int Run(std::string_view kind, std::uint64_t segments) {
  auto runtime = Runtime::Create();
  if (!runtime.ok()) return 1;
  RecordingOptions options{.stream = "bench"};
  options.tracks = {VideoTrack()};
  options.segment.target_duration = std::chrono::milliseconds(1000);
  OutputOptions output{.sink = std::make_shared<CountingSink>()};
  output.playlists.push_back(
      {.path = "index.m3u8",
       .policy = kind == "live" ? LiveWindow() : EventList()});
  output.segment_path = "{seq}.{ext}";
  options.outputs.push_back(std::move(output));
  const auto counter = std::make_shared<StoredCounter>();
  options.observer = counter;
  auto recorder = Recorder::Open(*runtime, std::move(options));
  if (!recorder.ok()) {
    std::fprintf(stderr, "%s\n", recorder.status().ToString().c_str());
    return 1;
  }

  std::vector<Point> points;
  double cpu_before = CpuSeconds();
  std::uint64_t window_start = 0;
  std::uint64_t next = 100;
  for (std::uint64_t i = 0; i <= segments; ++i) {
    if (const Status pushed = PushSegment(**recorder, i); !pushed.ok()) {
      std::fprintf(stderr, "%s\n", pushed.ToString().c_str());
      return 1;
    }
    // Segment by segment, as live media comes: the cost of each is its own.
    if (i > kInFlight) counter->WaitFor(i - kInFlight);
    if (i + 50 == next) {
      cpu_before = CpuSeconds();
      window_start = i;
    }
    if (i == next + 50 || i == segments) {
      const double cpu = CpuSeconds() - cpu_before;
      points.push_back({next, cpu * 1e6 / static_cast<double>(i - window_start),
                        ResidentBytes()});
      next *= 10;
    }
  }
  (*recorder)->Finish();
  const auto result = (*recorder)->Wait();
  fmt::print(
      "{{\"policy\": \"{}\", \"segments\": {}, \"ok\": {}, "
      "\"points\": [",
      kind, result.progress.segments_stored, result.status.ok());
  for (std::size_t i = 0; i < points.size(); ++i) {
    fmt::print("{}{{\"segment\": {}, \"cpu_us\": {:.1f}, \"rss_bytes\": {}}}",
               i == 0 ? "" : ", ", points[i].segment, points[i].cpu_us,
               points[i].rss_bytes);
  }
  fmt::print("]}}\n");
  return result.status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace hlsrec

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: segment_cost live|event SEGMENTS\n");
    return 1;
  }
  return hlsrec::Run(argv[1], std::strtoull(argv[2], nullptr, 10));
}
