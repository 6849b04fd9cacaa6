// What many recordings in one process cost, each to a folder of its own on one
// web server.
//   many_recordings URL RECORDINGS SECONDS KBPS SPOOL
// Pushes synthetic video of 25 fps in real time, a segment each two seconds,
// the recordings' keyframes spread evenly over them. Prints, as one JSON
// object, CPU, threads, memory, and the latencies from a segment's end to the
// playlist that lists it being stored. SPOOL is a folder that is not there yet,
// or `-`: in memory.
#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "hlsrec/http_sink.h"
#include "hlsrec/recorder.h"
#include "hlsrec/runtime.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

using std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr std::int64_t kPicturesPerSecond = 25;
constexpr std::int64_t kPicturesPerSegment = 50;
// Connections are made, lists have begun.
constexpr std::int64_t kWarmUpSeconds = 6;

struct Work {
  std::string url;
  std::size_t recordings = 0;
  std::int64_t seconds = 0;
  std::uint64_t kbps = 0;
  std::string spool;
  bool fast = false;
};

double Seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_nsec) / 1e9;
}

// A number of /proc/self/status.
std::uint64_t OwnStatus(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) {
      return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10);
    }
  }
  return 0;
}

// Milliseconds of each segment, of all recordings.
struct Latencies {
  std::vector<double> sealed_to_stored;
  std::vector<double> stored_to_visible;
  std::vector<double> sealed_to_visible;
};

// When each segment of one recording was sealed, stored, and listed.
class Watch final : public Observer {
 public:
  void OnEvent(const Event& event) override {
    const auto now = steady_clock::now();
    const std::lock_guard lock(mutex_);
    if (event.type == EventType::kSegmentSealed) {
      waiting_[*event.sequence].sealed = now;
    } else if (event.type == EventType::kSegmentStored) {
      waiting_[*event.sequence].stored = now;
    } else if (event.type == EventType::kSegmentLost) {
      ++lost_;
    } else if (event.type == EventType::kPlaylistPublished && event.sequence) {
      while (!waiting_.empty() && waiting_.begin()->first <= *event.sequence) {
        const Times times = waiting_.extract(waiting_.begin()).mapped();
        if (!counts_) continue;
        latencies_.sealed_to_stored.push_back(
            Milliseconds(times.stored - times.sealed).count());
        latencies_.stored_to_visible.push_back(
            Milliseconds(now - times.stored).count());
        latencies_.sealed_to_visible.push_back(
            Milliseconds(now - times.sealed).count());
      }
    }
  }
  void Count(bool counts) {
    const std::lock_guard lock(mutex_);
    counts_ = counts;
  }
  void AddTo(Latencies& all) const {
    const std::lock_guard lock(mutex_);
    const auto add = [](std::vector<double>& to, const auto& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    add(all.sealed_to_stored, latencies_.sealed_to_stored);
    add(all.stored_to_visible, latencies_.stored_to_visible);
    add(all.sealed_to_visible, latencies_.sealed_to_visible);
  }
  [[nodiscard]] int lost() const {
    const std::lock_guard lock(mutex_);
    return lost_;
  }

 private:
  struct Times {
    steady_clock::time_point sealed;
    steady_clock::time_point stored;
  };
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Times> waiting_;
  Latencies latencies_;
  bool counts_ = false;
  int lost_ = 0;
};

struct Recording {
  std::shared_ptr<Watch> watch = std::make_shared<Watch>();
  std::unique_ptr<Recorder> recorder;
  std::int64_t pictures = 0;
};

class Bench {
 public:
  explicit Bench(Work work) : work_(std::move(work)) {
    for (const bool keyframe : {false, true}) {
      const Payload whole =
          Lengthened(VideoPacket(0, keyframe),
                     work_.kbps * 1000 / 8 / kPicturesPerSecond)
              .payload.Contiguous();
      const Payload::Span span = whole.spans()[0];
      pictures_[keyframe ? 1 : 0].assign(span.begin(), span.end());
    }
  }

  Status Open() {
    auto runtime = Runtime::Create(
        {.memory_budget_bytes = std::uint64_t{2} << 30,
         .spool_directory = work_.spool == "-" ? "" : work_.spool});
    if (!runtime.ok()) return runtime.status();
    auto sink = OpenHttpSink(*runtime, {.base_url = work_.url});
    if (!sink.ok()) return sink.status();
    for (std::size_t i = 0; i < work_.recordings; ++i) {
      if (i == 1) rss_of_one_ = OwnStatus("VmRSS");
      RecordingOptions options{.stream = fmt::format("cam{}", i),
                               .session = "s"};
      options.tracks = {VideoTrack()};
      options.segment.target_duration = std::chrono::seconds(2);
      options.segment.max_gop = std::chrono::seconds(2);
      OutputOptions output{.sink = *sink, .container = Container::kMpegTs};
      output.segment_path = "{stream}/{seq}.{ext}";
      output.playlists = {
          {.path = "{stream}/live.m3u8", .policy = LiveWindow()}};
      options.outputs.push_back(std::move(output));
      Recording recording;
      options.observer = recording.watch;
      auto recorder = Recorder::Open(*runtime, std::move(options));
      if (!recorder.ok()) return recorder.status();
      recording.recorder = std::move(recorder).value();
      recordings_.push_back(std::move(recording));
    }
    return {};
  }

  void Feed() {
    const std::int64_t warm_up = work_.fast ? 0 : kWarmUpSeconds;
    const std::int64_t last = (warm_up + work_.seconds) * kPicturesPerSecond;
    const auto begin = steady_clock::now();
    for (std::int64_t tick = 0; tick < last; ++tick) {
      if (tick == warm_up * kPicturesPerSecond) BeginMeasuring();
      for (std::size_t i = 0; i < recordings_.size(); ++i) {
        // Each begins with its keyframe, at its own time.
        if (tick >= static_cast<std::int64_t>(i % kPicturesPerSegment)) {
          PushPicture(recordings_[i]);
        }
      }
      if (work_.fast) continue;
      const auto next =
          begin +
          std::chrono::milliseconds(1000 / kPicturesPerSecond) * (tick + 1);
      late_ms_ =
          std::max(late_ms_, Milliseconds(steady_clock::now() - next).count());
      std::this_thread::sleep_until(next);
    }
    if (!work_.fast) EndMeasuring();
  }

  // True: all is stored.
  bool End() {
    for (Recording& each : recordings_) each.recorder->Finish();
    bool complete = refused_ == 0;
    for (Recording& each : recordings_) {
      const RecordingResult result = each.recorder->Wait();
      const bool well = result.status.ok() && each.watch->lost() == 0;
      if (!well && std::exchange(complete, false)) {
        std::fprintf(stderr, "many_recordings: %d lost: %s\n",
                     each.watch->lost(), result.status.ToString().c_str());
      }
      retries_ += result.progress.put_retries;
      bytes_ += result.progress.bytes_written;
    }
    if (work_.fast) EndMeasuring();
    Print(complete);
    return complete;
  }

 private:
  void PushPicture(Recording& recording) {
    const std::int64_t number = recording.pictures++;
    const bool keyframe = number % kPicturesPerSegment == 0;
    const std::int64_t pts = number * 90000 / kPicturesPerSecond;
    const Packet packet{
        .track = 0,
        .pts = pts,
        .dts = pts,
        .duration = 90000 / kPicturesPerSecond,
        .keyframe = keyframe,
        .payload = Payload::FromCopy(pictures_[keyframe ? 1 : 0])};
    Status pushed = recording.recorder->Push(packet);
    while (work_.fast && pushed.code() == StatusCode::kResourceExhausted) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      pushed = recording.recorder->Push(packet);
    }
    if (!pushed.ok()) ++refused_;
  }
  void BeginMeasuring() {
    for (Recording& each : recordings_) each.watch->Count(true);
    started_ = steady_clock::now();
    cpu_ = Seconds(CLOCK_PROCESS_CPUTIME_ID);
    feeding_ = Seconds(CLOCK_THREAD_CPUTIME_ID);
    late_ms_ = 0;
  }
  void EndMeasuring() {
    cpu_ = Seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_;
    feeding_ = Seconds(CLOCK_THREAD_CPUTIME_ID) - feeding_;
    elapsed_ =
        std::chrono::duration<double>(steady_clock::now() - started_).count();
    rss_ = OwnStatus("VmRSS");
    threads_ = OwnStatus("Threads");
    for (Recording& each : recordings_) each.watch->Count(false);
  }
  static void PrintLatency(const char* name, std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const auto at = [&values](double part) {
      if (values.empty()) return 0.0;
      const auto last = static_cast<double>(values.size() - 1);
      return values[static_cast<std::size_t>(part * last)];
    };
    fmt::print(
        ", \"{}_ms\": {{\"p50\": {:.1f}, \"p99\": {:.1f}, \"max\": {:.1f}}}",
        name, at(0.5), at(0.99), at(1));
  }
  void Print(bool complete) const {
    Latencies all;
    for (const Recording& each : recordings_) each.watch->AddTo(all);
    const auto further = static_cast<double>(recordings_.size() - 1);
    fmt::print(
        "{{\"recordings\": {}, \"kbps\": {}, \"seconds\": {:.1f}, "
        "\"bytes\": {}, \"segments\": {}, \"complete\": {}, \"retries\": {}, "
        "\"refused\": {}, \"late_ms\": {:.1f}, \"threads\": {}, "
        "\"cores\": {:.4f}, \"cores_feeding\": {:.4f}, "
        "\"rss_bytes\": {}, \"rss_bytes_per_further\": {:.0f}",
        recordings_.size(), work_.kbps, elapsed_, bytes_,
        all.sealed_to_visible.size(), complete, retries_, refused_, late_ms_,
        threads_, (cpu_ - feeding_) / elapsed_, feeding_ / elapsed_,
        rss_ * 1024,
        further > 0 ? static_cast<double>(rss_ - rss_of_one_) * 1024 / further
                    : 0);
    PrintLatency("sealed_to_stored", all.sealed_to_stored);
    PrintLatency("stored_to_visible", all.stored_to_visible);
    PrintLatency("sealed_to_visible", all.sealed_to_visible);
    fmt::print("}}\n");
  }

  const Work work_;
  std::vector<std::uint8_t> pictures_[2];  // [1]: keyframe
  std::vector<Recording> recordings_;
  steady_clock::time_point started_;
  double elapsed_ = 0;
  double cpu_ = 0;
  double feeding_ = 0;            // of it, the thread that pushes
  double late_ms_ = 0;            // that thread's worst delay
  std::uint64_t rss_of_one_ = 0;  // KiB
  std::uint64_t rss_ = 0;
  std::uint64_t threads_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t retries_ = 0;
  std::uint64_t bytes_ = 0;  // of all, the warm-up's too
};

int Run(Work work) {
  Bench bench(std::move(work));
  if (const Status opened = bench.Open(); !opened.ok()) {
    std::fprintf(stderr, "%s\n", opened.ToString().c_str());
    return 1;
  }
  bench.Feed();
  return bench.End() ? 0 : 1;
}

}  // namespace
}  // namespace hlsrec

int main(int argc, char** argv) {
  const std::string_view pace = argc == 7 ? argv[6] : "";
  if (pace != "real-time" && pace != "fast") {
    std::fprintf(stderr,
                 "usage: many_recordings URL RECORDINGS SECONDS KBPS SPOOL "
                 "real-time|fast\n");
    return 1;
  }
  return hlsrec::Run({.url = argv[1],
                      .recordings = std::strtoull(argv[2], nullptr, 10),
                      .seconds = std::strtoll(argv[3], nullptr, 10),
                      .kbps = std::strtoull(argv[4], nullptr, 10),
                      .spool = argv[5],
                      .fast = pace == "fast"});
}
