// How soon a long recording goes on after its process died.
//   resume_time SPOOL SEGMENTS
// Records tiny segments to an EVENT list, in a process that dies when all are
// stored, then opens the same recording again and prints, as one JSON object,
// the milliseconds of each step and until a new segment is listed. SPOOL is a
// folder that is not there yet; it is left behind.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "hlsrec/recorder.h"
#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;
using std::chrono::steady_clock;

// Takes objects and forgets them: what is measured is hlsrec, not the disk.
class ForgettingSink final : public Sink {
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

class Published final : public Observer {
 public:
  void OnEvent(const Event& event) override {
    if (event.type == EventType::kSegmentStored) ++stored_;
    if (event.type == EventType::kPlaylistPublished && event.sequence) {
      newest_ = *event.sequence;
    }
  }
  void WaitForStored(std::uint64_t segments) const {
    while (stored_ < segments) std::this_thread::yield();
  }
  void WaitForListed(std::uint64_t segment) const {
    while (newest_ < segment) std::this_thread::yield();
  }

 private:
  std::atomic<std::uint64_t> stored_ = 0;
  std::atomic<std::uint64_t> newest_ = 0;
};

constexpr std::int64_t kPictures = 2;  // per segment, of a second

Status PushSegment(Recorder& recorder, std::uint64_t segment) {
  const auto first = static_cast<std::int64_t>(segment) * kPictures;
  for (std::int64_t i = first; i < first + kPictures; ++i) {
    constexpr std::int64_t kTicks = 90000 / kPictures;
    Packet packet = VideoPacket(i, i % kPictures == 0);
    packet.pts = packet.dts = i * kTicks;
    packet.duration = kTicks;
    Status status = recorder.Push(packet);
    while (status.code() == StatusCode::kResourceExhausted) {
      std::this_thread::yield();
      status = recorder.Push(packet);
    }
    if (!status.ok()) return status;
  }
  return {};
}

struct Session {
  std::shared_ptr<Published> published = std::make_shared<Published>();
  std::shared_ptr<Runtime> runtime;
  std::unique_ptr<Recorder> recorder;

  Status OpenSpool(const std::string& spool) {
    // Making the journal is not measured: it need not wait for the disk.
    auto created = Runtime::Create(
        {.spool_directory = spool, .durability = Durability::kNone});
    if (!created.ok()) return created.status();
    runtime = std::move(created).value();
    return {};
  }
  Status OpenRecorder() {
    RecordingOptions options{.stream = "bench", .session = "s"};
    options.tracks = {VideoTrack()};
    options.segment.target_duration = std::chrono::milliseconds(1000);
    options.outputs.push_back({.sink = std::make_shared<ForgettingSink>()});
    options.outputs[0].segment_path = "{seq}.{ext}";
    options.outputs[0].playlists = {
        {.path = "index.m3u8", .policy = EventList()}};
    options.observer = published;
    auto opened = Recorder::Open(runtime, std::move(options));
    if (!opened.ok()) return opened.status();
    recorder = std::move(opened).value();
    return {};
  }
};

int Tell(const Status& status) {
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}

// Does not return: it dies with everything open.
[[noreturn]] void RecordAndDie(const std::string& spool,
                               std::uint64_t segments) {
  Session session;
  Status status = session.OpenSpool(spool);
  if (status.ok()) status = session.OpenRecorder();
  for (std::uint64_t i = 0; i <= segments && status.ok(); ++i) {
    status = PushSegment(*session.recorder, i);
    constexpr std::uint64_t kInFlight = 8;
    if (i > kInFlight) session.published->WaitForStored(i - kInFlight);
  }
  if (status.ok()) session.published->WaitForStored(segments);
  ::_exit(status.ok() ? 0 : Tell(status));
}

int Run(const std::string& spool, std::uint64_t segments) {
  const pid_t child = ::fork();
  if (child < 0) return 1;
  if (child == 0) RecordAndDie(spool, segments);
  int code = 0;
  if (::waitpid(child, &code, 0) != child || code != 0) return 1;

  Session session;
  const auto begin = steady_clock::now();
  if (const Status opened = session.OpenSpool(spool); !opened.ok()) {
    return Tell(opened);
  }
  const auto recovered = steady_clock::now();
  if (const Status opened = session.OpenRecorder(); !opened.ok()) {
    return Tell(opened);
  }
  const auto restored = steady_clock::now();
  // The next is sealed when the one behind it begins.
  for (std::uint64_t i = 0; i < 2; ++i) {
    if (const Status pushed = PushSegment(*session.recorder, segments + 1 + i);
        !pushed.ok()) {
      return Tell(pushed);
    }
  }
  session.published->WaitForListed(segments);
  const auto listed = steady_clock::now();
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print(
      "{{\"segments\": {}, \"recover_ms\": {:.1f}, \"restore_ms\": {:.1f}, "
      "\"listed_ms\": {:.1f}, \"total_ms\": {:.1f}, \"peak_rss_bytes\": {}}}\n",
      segments, Milliseconds(recovered - begin).count(),
      Milliseconds(restored - recovered).count(),
      Milliseconds(listed - restored).count(),
      Milliseconds(listed - begin).count(),
      static_cast<std::uint64_t>(usage.ru_maxrss) * 1024);
  std::fflush(stdout);
  ::_exit(0);
}

}  // namespace
}  // namespace hlsrec

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: resume_time SPOOL SEGMENTS\n");
    return 2;
  }
  return hlsrec::Run(argv[1], std::strtoull(argv[2], nullptr, 10));
}
