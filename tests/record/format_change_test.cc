// Encoders that change the picture, the sound, or both, in all the ways that
// leave their traces in one stream.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "hlsrec/recorder.h"
#include "hlsrec/testing.h"
#include "src/playlist/parse.h"
#include "tests/catch.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::MemorySink;

constexpr std::int64_t kPicture = 3600;
constexpr std::int64_t kSecond = 90000;
constexpr std::int64_t kNever = INT64_MAX;

// What an encoder does and when, on its own clock.
struct Encoder {
  std::int64_t start = 0;
  std::int64_t end = 10 * kSecond;
  std::int64_t video_change = kNever;  // to another size, at a new keyframe
  std::int64_t audio_change = kNever;  // from 48 to 24 kHz
  int gop = 50;
  int videos = 1;
  bool new_formats = false;  // from the start
};

Track Video(int id) { return VideoTrack(id); }
Track Audio(int id) {
  return {.id = id,
          .codec = Codec::kAac,
          .time_base = {1, 90000},
          .timestamp_wrap_bits = 33,
          .sample_rate = 48000,
          .channels = 1,
          .bit_rate = 64000};
}

// A frame of AAC-LC in ADTS: 1920 ticks at 48 kHz, 3840 at 24.
Packet AdtsPacket(std::int64_t number, std::int64_t time, bool low, int track) {
  const Packet marked = AudioPacket(number, track);
  const auto marks = marked.payload.spans().front();
  const auto size = static_cast<std::uint32_t>(marks.size() + 7);
  const std::uint32_t rate_index = low ? 6 : 3;
  std::vector<std::uint8_t> bytes = {
      0xff,
      0xf1,
      static_cast<std::uint8_t>(0x40U | rate_index << 2U),
      static_cast<std::uint8_t>(0x40U | size >> 11U),
      static_cast<std::uint8_t>(size >> 3U),
      static_cast<std::uint8_t>((size & 7U) << 5U | 0x1fU),
      0xfc};
  bytes.insert(bytes.end(), marks.begin(), marks.end());
  const std::int64_t duration = low ? 3840 : 1920;
  return {.track = track,
          .pts = time,
          .dts = time,
          .duration = duration,
          .keyframe = true,
          .payload = Payload::FromVector(std::move(bytes))};
}

// Marks count on over encoders: a test tells every packet from every other.
struct Counts {
  std::int64_t pictures = 0;
  std::int64_t frames = 0;
  // The first with new formats.
  std::int64_t new_picture = kNever;
  std::int64_t new_frame = kNever;
};

std::vector<Packet> Encode(const Encoder& encoder, Counts& counts) {
  std::vector<Packet> packets;
  std::int64_t audio = encoder.start;
  std::int64_t keyframe = encoder.start;
  for (std::int64_t time = encoder.start; time < encoder.end;
       time += kPicture) {
    const bool large = encoder.new_formats || time >= encoder.video_change;
    if (large && counts.new_picture == kNever) {
      counts.new_picture = counts.pictures;
      keyframe = time;
    }
    for (int i = 0; i < encoder.videos; ++i) {
      packets.push_back(VideoPacket(
          counts.pictures, (time - keyframe) / kPicture % encoder.gop == 0, i,
          large ? 640 : 320));
      packets.back().pts = packets.back().dts = time;
    }
    ++counts.pictures;
    while (audio < time + kPicture) {
      const bool low = encoder.new_formats || audio >= encoder.audio_change;
      if (low) counts.new_frame = std::min(counts.new_frame, counts.frames);
      packets.push_back(
          AdtsPacket(counts.frames++, audio, low, encoder.videos));
      audio += low ? 3840 : 1920;
    }
  }
  return packets;
}

class DropLog final : public Observer {
 public:
  void OnEvent(const Event& event) override {
    if (event.type == EventType::kPacketsDropped) told += event.count;
    if (event.type == EventType::kForcedCut) ++forced;
  }
  std::uint64_t told = 0;
  int forced = 0;
};

struct Studio {
  testing::ManualClock clock;
  testing::SimulatedRuntime simulation{clock};
  std::shared_ptr<MemorySink> sink = std::make_shared<MemorySink>();
  std::shared_ptr<DropLog> log = std::make_shared<DropLog>();
  std::unique_ptr<Recorder> recorder;
  Counts counts;
  std::uint64_t pushed = 0;

  RecordingOptions Options(Container container, int videos = 1) {
    RecordingOptions options{.stream = "cam", .session = "s"};
    for (int i = 0; i < videos; ++i) options.tracks.push_back(Video(i));
    options.tracks.push_back(Audio(videos));
    options.segment.target_duration = seconds(2);
    options.segment.max_gop = seconds(2);
    options.observer = log;
    options.outputs.push_back({.sink = sink, .container = container});
    options.outputs[0].segment_path = "{rendition}/{seq}.{ext}";
    options.outputs[0].init_path = "{rendition}/init-{hash}.mp4";
    options.outputs[0].playlists = {{.path = "{rendition}/index.m3u8"}};
    return options;
  }
  void Open(RecordingOptions options) {
    auto opened = Recorder::Open(simulation.runtime(), std::move(options));
    INFO(opened.status().message());
    REQUIRE(opened.ok());
    recorder = std::move(opened).value();
  }
  void Push(const Encoder& encoder) {
    for (const Packet& packet : Encode(encoder, counts)) {
      REQUIRE(recorder->Push(packet).ok());
      ++pushed;
      simulation.RunUntilIdle();
    }
  }
  RecordingProgress Finish() {
    recorder->Finish();
    const RecordingResult result = recorder->Wait();
    CHECK(result.status.ok());
    CHECK(result.progress.packets_accepted == pushed);
    CHECK(result.progress.packets_written + result.progress.packets_dropped ==
          pushed);
    CHECK(log->told == result.progress.packets_dropped);
    return result.progress;
  }
  [[nodiscard]] playlist::MediaPlaylist Playlist(
      const std::string& folder = "") const {
    const auto parsed =
        playlist::ParsePlaylist(sink->Text(folder + "index.m3u8"));
    REQUIRE(parsed.ok());
    CHECK(parsed->findings.empty());
    return parsed->media;
  }
};

std::vector<std::int64_t> Numbers(std::int64_t end) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < end; ++i) numbers.push_back(i);
  return numbers;
}

struct Seen {
  int discontinuities = 0;
  microseconds total{0};
  microseconds shortest = microseconds::max();
  std::size_t maps = 0;
  std::vector<std::int64_t> pictures = {};
  std::vector<std::int64_t> frames = {};
  // Segments after the first break, those with an old format in them; and the
  // other way round.
  bool formats_mixed = false;
};

Seen Look(const Studio& studio, const std::string& folder = "",
          char picture = 'A', char frame = 'B') {
  const auto list = studio.Playlist(folder);
  INFO(studio.sink->Text(folder + "index.m3u8"));
  Seen seen{.maps = list.maps.size()};
  for (const auto& segment : list.segments) {
    if (segment.discontinuity) ++seen.discontinuities;
    CHECK_FALSE(segment.gap);
    seen.total += segment.duration.value;
    seen.shortest =
        std::min<microseconds>(seen.shortest, segment.duration.value);
    CHECK(segment.duration.value <= seconds(4));
    if (seen.maps > 0) {
      CHECK(segment.map ==
            std::min<std::size_t>(
                static_cast<std::size_t>(seen.discontinuities), seen.maps - 1));
    }
    const std::string bytes = studio.sink->Text(folder + segment.uri);
    const auto take = [&](char kind, std::int64_t first_new,
                          std::vector<std::int64_t>& all) {
      for (const std::int64_t number : MarksIn(bytes, kind)) {
        all.push_back(number);
        if ((number >= first_new) != (seen.discontinuities > 0)) {
          seen.formats_mixed = true;
        }
      }
    };
    take(picture, studio.counts.new_picture, seen.pictures);
    take(frame, studio.counts.new_frame, seen.frames);
  }
  return seen;
}

// 24 kHz is told a frame after its time at the most.
constexpr std::int64_t kDistances[] = {0, 1, 2, 3, 5, 8, 12};

TEST_CASE("formats: all that changes together is one discontinuity") {
  for (const Container container : {Container::kMpegTs, Container::kFmp4}) {
    for (const std::int64_t distance : kDistances) {
      for (const bool video_first : {true, false}) {
        INFO("distance " << distance << " video first " << video_first
                         << " fmp4 " << (container == Container::kFmp4));
        Studio studio;
        studio.Open(studio.Options(container));
        const std::int64_t first = 5 * kSecond;
        const std::int64_t second = first + distance * kPicture;
        studio.Push({.video_change = video_first ? first : second,
                     .audio_change = video_first ? second : first});
        const RecordingProgress progress = studio.Finish();
        CHECK(progress.packets_dropped == 0);
        CHECK(progress.discontinuities == 1);
        const Seen seen = Look(studio);
        CHECK(seen.discontinuities == 1);
        CHECK(seen.total == seconds(10));
        CHECK(seen.shortest >= milliseconds(480));
        CHECK(seen.maps == (container == Container::kFmp4 ? 2 : 0));
        CHECK(seen.pictures == Numbers(studio.counts.pictures));
        CHECK(seen.frames == Numbers(studio.counts.frames));
        CHECK_FALSE(seen.formats_mixed);
        CHECK(studio.log->forced == 0);
      }
    }
  }
}

TEST_CASE("formats: what changes a second later is another break") {
  for (const bool video_first : {true, false}) {
    Studio studio;
    studio.Open(studio.Options(Container::kFmp4));
    const std::int64_t first = 5 * kSecond;
    const std::int64_t second = 6 * kSecond;
    studio.Push({.video_change = video_first ? first : second,
                 .audio_change = video_first ? second : first});
    const RecordingProgress progress = studio.Finish();
    CHECK(progress.packets_dropped == 0);
    CHECK(progress.discontinuities == 2);
    const Seen seen = Look(studio);
    CHECK(seen.discontinuities == 2);
    CHECK(seen.pictures == Numbers(studio.counts.pictures));
    CHECK(seen.frames == Numbers(studio.counts.frames));
  }
}

TEST_CASE("formats: a change of the picture alone loses nothing") {
  for (const Container container : {Container::kMpegTs, Container::kFmp4}) {
    Studio studio;
    studio.Open(studio.Options(container));
    studio.Push({.video_change = 5 * kSecond});
    const RecordingProgress progress = studio.Finish();
    CHECK(progress.packets_dropped == 0);
    CHECK(progress.discontinuities == 1);
    const Seen seen = Look(studio);
    CHECK(seen.discontinuities == 1);
    CHECK(seen.total == seconds(10));
    CHECK(seen.pictures == Numbers(studio.counts.pictures));
    CHECK(seen.frames == Numbers(studio.counts.frames));
  }
}

TEST_CASE("formats: a change of the sound alone loses nothing") {
  // Near a keyframe before, near one after, and far from any.
  for (const std::int64_t at :
       {4 * kSecond + kPicture, 6 * kSecond - 36000, 5 * kSecond}) {
    for (const Container container : {Container::kMpegTs, Container::kFmp4}) {
      INFO("at " << at);
      Studio studio;
      studio.Open(studio.Options(container));
      studio.Push({.audio_change = at});
      const RecordingProgress progress = studio.Finish();
      CHECK(progress.packets_dropped == 0);
      CHECK(progress.discontinuities == 1);
      const Seen seen = Look(studio);
      CHECK(seen.discontinuities == 1);
      CHECK(std::abs((seen.total - seconds(10)).count()) <= 40000);
      CHECK(seen.pictures == Numbers(studio.counts.pictures));
      CHECK(seen.frames == Numbers(studio.counts.frames));
      // A keyframe that is near is where the picture goes on.
      CHECK(studio.log->forced == (at == 6 * kSecond - 36000 ? 0 : 1));
    }
  }
}

TEST_CASE("formats: all renditions break at the same instant") {
  for (const std::int64_t distance : {0, 4, 12}) {
    for (const bool video_first : {true, false}) {
      INFO("distance " << distance << " video first " << video_first);
      Studio studio;
      RecordingOptions options = studio.Options(Container::kFmp4, 2);
      options.renditions = {{.name = "low", .tracks = {0}},
                            {.name = "high", .tracks = {1}},
                            {.name = "sound", .tracks = {2}}};
      options.outputs[0].multivariant_path = "multivariant.m3u8";
      studio.Open(options);
      const std::int64_t first = 5 * kSecond;
      const std::int64_t second = first + distance * kPicture;
      studio.Push({.video_change = video_first ? first : second,
                   .audio_change = video_first ? second : first,
                   .videos = 2});
      const RecordingProgress progress = studio.Finish();
      CHECK(progress.packets_dropped == 0);
      CHECK(progress.discontinuities == 1);
      const auto low = studio.Playlist("low/");
      for (const std::string other : {"high/", "sound/"}) {
        const auto list = studio.Playlist(other);
        REQUIRE(list.segments.size() == low.segments.size());
        for (std::size_t i = 0; i < low.segments.size(); ++i) {
          CHECK(list.segments[i].duration.text ==
                low.segments[i].duration.text);
          CHECK(list.segments[i].discontinuity ==
                low.segments[i].discontinuity);
        }
      }
      const Seen picture = Look(studio, "low/", 'A', '-');
      CHECK(picture.discontinuities == 1);
      CHECK(picture.pictures == Numbers(studio.counts.pictures));
      CHECK(Look(studio, "high/", 'B', '-').pictures ==
            Numbers(studio.counts.pictures));
      const Seen sound = Look(studio, "sound/", '-', 'C');
      CHECK(sound.discontinuities == 1);
      CHECK(sound.frames == Numbers(studio.counts.frames));
      CHECK_FALSE(sound.formats_mixed);
    }
  }
}

TEST_CASE("formats: a restarted encoder with others is one discontinuity") {
  for (const Container container : {Container::kMpegTs, Container::kFmp4}) {
    for (const bool told : {true, false}) {
      INFO("told " << told);
      Studio studio;
      studio.Open(studio.Options(container));
      studio.Push({.start = 1000 * kSecond, .end = 1005 * kSecond});
      if (told) {
        REQUIRE(studio.recorder->Interrupt().ok());
        studio.simulation.RunUntilIdle();
      }
      studio.Push({.end = 5 * kSecond, .new_formats = true});
      const RecordingProgress progress = studio.Finish();
      CHECK(progress.packets_dropped == 0);
      CHECK(progress.discontinuities == 1);
      const Seen seen = Look(studio);
      CHECK(seen.discontinuities == 1);
      CHECK(std::abs((seen.total - seconds(10)).count()) <= 80000);
      CHECK(seen.maps == (container == Container::kFmp4 ? 2 : 0));
      CHECK(seen.pictures == Numbers(studio.counts.pictures));
      CHECK(seen.frames == Numbers(studio.counts.frames));
      CHECK_FALSE(seen.formats_mixed);
    }
  }
}

TEST_CASE("formats: the sound that an old encoder still brings is kept") {
  // The new one's pictures come before the old one's last frames.
  Studio studio;
  studio.Open(studio.Options(Container::kFmp4));
  const auto old =
      Encode({.start = 1000 * kSecond, .end = 1005 * kSecond}, studio.counts);
  auto next = Encode({.end = 5 * kSecond, .new_formats = true}, studio.counts);
  std::vector<Packet> packets;
  std::vector<Packet> late;
  for (const Packet& packet : old) {
    (packet.track == 1 && packet.pts >= 1005 * kSecond - 8 * 1920 ? late
                                                                  : packets)
        .push_back(packet);
  }
  const auto sound = std::find_if(next.begin(), next.end(),
                                  [](const Packet& p) { return p.track == 1; });
  next.insert(sound, late.begin(), late.end());
  packets.insert(packets.end(), next.begin(), next.end());
  for (const Packet& packet : packets) {
    REQUIRE(studio.recorder->Push(packet).ok());
    ++studio.pushed;
    studio.simulation.RunUntilIdle();
  }
  CHECK(studio.Finish().packets_dropped == 0);
  const Seen seen = Look(studio);
  CHECK(seen.discontinuities == 1);
  CHECK(seen.pictures == Numbers(studio.counts.pictures));
  CHECK(seen.frames == Numbers(studio.counts.frames));
  CHECK_FALSE(seen.formats_mixed);
}

TEST_CASE("formats: a recording may end amidst a break") {
  for (const bool video_first : {true, false}) {
    Studio studio;
    studio.Open(studio.Options(Container::kFmp4));
    studio.Push({.end = 5 * kSecond + 5 * kPicture,
                 .video_change = video_first ? 5 * kSecond : kNever,
                 .audio_change = video_first ? kNever : 5 * kSecond});
    CHECK(studio.Finish().packets_dropped == 0);
    const Seen seen = Look(studio);
    CHECK(seen.discontinuities == 1);
    CHECK(seen.pictures == Numbers(studio.counts.pictures));
    CHECK(seen.frames == Numbers(studio.counts.frames));
  }
}

TEST_CASE("formats: a source that falls silent amidst a break holds nothing") {
  Studio studio;
  studio.Open(studio.Options(Container::kMpegTs));
  studio.Push({.end = 5 * kSecond + 5 * kPicture, .video_change = 5 * kSecond});
  const std::uint64_t before = studio.recorder->progress().packets_written;
  studio.simulation.Advance(seconds(2));
  REQUIRE(studio.recorder->CutSegment().ok());
  studio.simulation.RunUntilIdle();
  // All but what still waits for the other track's place in the order.
  CHECK(studio.recorder->progress().packets_written >= before + 10);
  CHECK(studio.Finish().packets_dropped == 0);
}

TEST_CASE("formats: often flushed, a break is still one") {
  Studio studio;
  RecordingOptions options = studio.Options(Container::kMpegTs);
  options.segment.flush_interval = milliseconds(10);
  studio.Open(options);
  for (const Packet& packet : Encode({.video_change = 5 * kSecond,
                              .audio_change = 5 * kSecond + 10 * kPicture},
                                     studio.counts)) {
    REQUIRE(studio.recorder->Push(packet).ok());
    ++studio.pushed;
    studio.simulation.Advance(milliseconds(packet.track == 0 ? 40 : 0));
  }
  CHECK(studio.Finish().packets_dropped == 0);
  CHECK(Look(studio).discontinuities == 1);
}

TEST_CASE("formats: a track that changes twice breaks twice") {
  Studio studio;
  studio.Open(studio.Options(Container::kFmp4));
  studio.Push({.end = 5 * kSecond, .gop = 5});
  studio.counts.new_picture = kNever;
  studio.Push({.start = 5 * kSecond,
               .end = 5 * kSecond + 10 * kPicture,
               .video_change = 5 * kSecond,
               .gop = 5});
  studio.Push(
      {.start = 5 * kSecond + 10 * kPicture, .end = 10 * kSecond, .gop = 5});
  const RecordingProgress progress = studio.Finish();
  CHECK(progress.discontinuities == 2);
  CHECK(progress.packets_dropped == 0);
  const auto list = studio.Playlist();
  CHECK(std::count_if(list.segments.begin(), list.segments.end(),
                      [](const auto& s) { return s.discontinuity; }) == 2);
}

TEST_CASE("formats: sound of an old format never waits for a new one's start") {
  // The first keyframe comes when the sound has changed already.
  Studio studio;
  studio.Open(studio.Options(Container::kFmp4));
  Counts& counts = studio.counts;
  for (std::int64_t time = 0; time < 3 * kSecond; time += 3840) {
    if (time < kSecond) {
      REQUIRE(studio.recorder->Push(AdtsPacket(counts.frames++, time, false, 1))
                  .ok());
      REQUIRE(studio.recorder
                  ->Push(AdtsPacket(counts.frames++, time + 1920, false, 1))
                  .ok());
    } else {
      counts.new_frame = std::min(counts.new_frame, counts.frames);
      REQUIRE(studio.recorder->Push(AdtsPacket(counts.frames++, time, true, 1))
                  .ok());
    }
  }
  studio.pushed = static_cast<std::uint64_t>(counts.frames);
  const RecordingProgress progress = studio.Finish();
  CHECK(progress.packets_dropped ==
        static_cast<std::uint64_t>(counts.new_frame));
  const auto list = studio.Playlist();
  std::vector<std::int64_t> frames;
  for (const auto& segment : list.segments) {
    for (const auto number : MarksIn(studio.sink->Text(segment.uri), 'B')) {
      frames.push_back(number);
    }
  }
  auto expected = Numbers(counts.frames);
  expected.erase(expected.begin(), expected.begin() + counts.new_frame);
  CHECK(frames == expected);
}

}  // namespace
}  // namespace hlsrec
