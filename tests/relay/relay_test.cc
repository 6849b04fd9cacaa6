// What is recorded, sent on to receivers of the real protocols.
#include <fmt/format.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hlsrec/events.h"
#include "hlsrec/pump.h"
#include "hlsrec/recorder.h"
#include "hlsrec/source.h"
#include "hlsrec/testing.h"
#include "src/playlist/parse.h"
#include "tests/catch.h"
#include "tests/inputs/ports.h"
#include "tests/inputs/published.h"

namespace hlsrec::testing {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSilence(2500);
// The file's first frame of sound ends before the first picture.
constexpr std::size_t kRecorded = kPictures + kAudioFrames - 1;

// A recording of a test file into memory, with relays.
class Studio {
 public:
  explicit Studio(std::vector<RelayOptions> relays, bool stores = true,
                  const std::string& file = "h264_aac.ts")
      : runtime_(Runtime::Create().value()),
        file_(file),
        relays_(std::move(relays)),
        stores_(stores) {}

  // Opens the file, then the recorder.
  Status Start(Pacing pacing) {
    source_ = Require(
        OpenUrlSource(runtime_, {.url = MediaFile(file_), .pacing = pacing}));
    RecordingOptions options{.stream = "relayed"};
    options.tracks = source_->tracks();
    options.relays = relays_;
    options.segment.target_duration = std::chrono::seconds(1);
    options.observer = events;
    if (stores_) options.outputs = {{.sink = sink}};
    auto opened = Recorder::Open(runtime_, std::move(options));
    if (!opened.ok()) return opened.status();
    recorder_ = std::move(opened).value();
    return {};
  }

  // Nothing is checked here: a receiver checks meanwhile, on another thread.
  std::future<RecordingResult> Run() {
    return std::async(std::launch::async, [this] {
      const PumpResult pumped = Pump(std::move(source_), *recorder_, {});
      recorder_->Finish();
      RecordingResult result = recorder_->Wait();
      if (result.status.ok()) result.status = pumped.status;
      return result;
    });
  }

  [[nodiscard]] std::vector<Event> Told(EventType type) const {
    std::vector<Event> told;
    while (const auto event = events->Poll()) {
      if (event->type == type) told.push_back(*event);
    }
    return told;
  }

  const std::shared_ptr<MemorySink> sink = std::make_shared<MemorySink>();
  const std::shared_ptr<EventQueue> events = std::make_shared<EventQueue>();

 private:
  const std::shared_ptr<Runtime> runtime_;
  const std::string file_;
  const std::vector<RelayOptions> relays_;
  const bool stores_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Recorder> recorder_;
};

void CheckStored(const RecordingResult& result) {
  INFO(result.status.ToString());
  CHECK(result.status.ok());
  CHECK(result.progress.packets_written == kRecorded);
}

}  // namespace

TEST_CASE("relay: RTMP, beside the recording") {
  const int port = FreePort(Transport::kTcp);
  const std::string url = LocalUrl("rtmp", port, "/live/secret-key");
  auto opening = OpenInBackground({.url = url + "?listen=1"});
  REQUIRE(WaitForListener(Transport::kTcp, port));
  Studio studio({RelayOptions{.url = url}});
  REQUIRE(studio.Start(Pacing::kAsFastAsPossible).ok());
  auto recording = studio.Run();
  const auto source = Require(opening.get());
  CHECK(CheckAndEnd(*source).code() == StatusCode::kEndOfStream);
  const RecordingResult result = recording.get();
  CheckStored(result);
  REQUIRE(result.relays.size() == 1);
  CHECK(result.relays[0].id == "relay0");
  CHECK(result.relays[0].status.ok());
  CHECK(result.relays[0].samples_sent == kRecorded);
  CHECK(result.relays[0].samples_dropped == 0);
  CHECK(result.relays[0].connections == 1);
}

TEST_CASE("relay: SRT and UDP, with nothing stored") {
  const std::string scheme = GENERATE("srt", "udp");
  INFO(scheme);
  const int port = FreePort(Transport::kUdp);
  auto opening = OpenInBackground({.url = LocalUrl(scheme, port),
                                   .listen = scheme == "srt",
                                   .timeout = kSilence});
  REQUIRE(WaitForListener(Transport::kUdp, port));
  Studio studio({RelayOptions{.url = LocalUrl(scheme, port)}},
                /*stores=*/false);
  REQUIRE(studio.Start(Pacing::kRealTime).ok());
  auto recording = studio.Run();
  const auto source = Require(opening.get());
  CheckAndEnd(*source).Ignore("UDP has no end, SRT's differs by version");
  const RecordingResult result = recording.get();
  INFO(result.status.ToString());
  CHECK(result.status.ok());
  CHECK(result.outputs.empty());
  REQUIRE(result.relays.size() == 1);
  CHECK(result.relays[0].samples_dropped == 0);
  CHECK(result.relays[0].samples_sent == kRecorded);
}

TEST_CASE("relay: a server that is away costs the recording nothing") {
  const int port = FreePort(Transport::kTcp);
  Studio studio({RelayOptions{.id = "origin",
                              .url = LocalUrl("rtmp", port, "/live/secret-key"),
                              .timeout = milliseconds(500)}});
  REQUIRE(studio.Start(Pacing::kRealTime).ok());
  const RecordingResult result = studio.Run().get();
  CheckStored(result);
  REQUIRE(result.relays.size() == 1);
  CHECK(result.relays[0].id == "origin");
  CHECK(result.relays[0].status.code() == StatusCode::kUnavailable);
  CHECK(result.relays[0].samples_sent == 0);
  CHECK(result.relays[0].samples_dropped == kRecorded);
  // Told once, not for every attempt; and who reads it learns no key.
  const auto told = studio.Told(EventType::kOutputDegraded);
  REQUIRE(told.size() == 1);
  CHECK(told[0].output == "origin");
  CHECK(told[0].status.message().find(
            fmt::format("connect: rtmp://127.0.0.1:{}/live/...", port)) == 0);
  CHECK(told[0].status.message().find("secret") == std::string::npos);
}

TEST_CASE("relay: where nothing is stored its failure is the recording's") {
  const int port = FreePort(Transport::kTcp);
  Studio studio({RelayOptions{.url = LocalUrl("rtmp", port, "/live/cam"),
                              .timeout = milliseconds(500)}},
                /*stores=*/false);
  REQUIRE(studio.Start(Pacing::kAsFastAsPossible).ok());
  const RecordingResult result = studio.Run().get();
  CHECK(result.status.code() == StatusCode::kUnavailable);
}

TEST_CASE("relay: a connection that breaks is made again, from a keyframe") {
  const int port = FreePort(Transport::kTcp);
  const std::string url = LocalUrl("rtmp", port, "/live/cam");
  auto opening = OpenInBackground({.url = url + "?listen=1"});
  REQUIRE(WaitForListener(Transport::kTcp, port));
  Studio studio(
      {RelayOptions{.url = url, .reconnect_first = milliseconds(20)}});
  REQUIRE(studio.Start(Pacing::kRealTime).ok());
  auto recording = studio.Run();
  {
    const auto first = Require(opening.get());
    CHECK(first->Read().ok());
  }
  // It hung up; another takes its place.
  auto reopening = OpenInBackground({.url = url + "?listen=1"});
  const auto second = Require(reopening.get());
  const Track* video = FindTrack(*second, Codec::kH264);
  REQUIRE(video != nullptr);
  std::size_t pictures = 0;
  for (;;) {
    const StatusOr<Packet> packet = second->Read();
    if (!packet.ok()) break;
    if (packet->track != video->id) continue;
    if (pictures++ == 0) CHECK(packet->keyframe);
  }
  CHECK(pictures >= kPictures / kKeyframes);
  const RecordingResult result = recording.get();
  CheckStored(result);
  REQUIRE(result.relays.size() == 1);
  CHECK(result.relays[0].status.ok());
  CHECK(result.relays[0].connections == 2);
  CHECK(result.relays[0].samples_sent + result.relays[0].samples_dropped ==
        kRecorded);
  bool degraded = false;
  bool recovered = false;
  while (const auto event = studio.events->Poll()) {
    degraded |= event->type == EventType::kOutputDegraded;
    recovered |= degraded && event->type == EventType::kOutputRecovered;
  }
  CHECK(recovered);
}

TEST_CASE("relay: what cannot be sent there is refused with the remedy") {
  {
    Studio studio({RelayOptions{.url = "https://example.org/live"}});
    CHECK(studio.Start(Pacing::kAsFastAsPossible).ToString() ==
          "relay: https://example.org/live: want rtmp://, rtmps://, srt:// or "
          "udp:// (invalid argument)");
  }
  {
    Studio studio({RelayOptions{.url = "rtmp://127.0.0.1/live/cam"}},
                  /*stores=*/true, "h265_aac.ts");
    // The sound can go there.
    CHECK(studio.Start(Pacing::kAsFastAsPossible).ok());
  }
  {
    Studio studio(
        {RelayOptions{.id = "0", .url = "rtmp://127.0.0.1/live/cam"}});
    CHECK(studio.Start(Pacing::kAsFastAsPossible).ToString() ==
          "relays[0].id: 0: used twice (invalid argument)");
  }
}

}  // namespace hlsrec::testing
