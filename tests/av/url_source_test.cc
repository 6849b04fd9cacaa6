#include "src/av/url_source.h"

#include <malloc.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hlsrec/source.h"
#include "tests/av/media_files.h"
#include "tests/catch.h"

using hlsrec::Codec;
using hlsrec::OpenUrlSource;
using hlsrec::Source;
using hlsrec::StatusCode;
using hlsrec::Track;
using hlsrec::UrlSourceOptions;
using hlsrec::testing::FindTrack;
using hlsrec::testing::MediaFile;
using hlsrec::testing::ReadAll;
using hlsrec::testing::ReadResult;

namespace {

constexpr std::size_t kPictures = 75;
constexpr std::size_t kKeyframes = 3;

std::unique_ptr<Source> Open(const std::string& name,
                             UrlSourceOptions options = {}) {
  options.url = MediaFile(name);
  auto source = OpenUrlSource(nullptr, options);
  INFO(source.status().ToString());
  REQUIRE(source.ok());
  return std::move(source).value();
}

struct Expected {
  std::string file;
  Codec video;
  Codec audio;
  std::size_t audio_packets;
  int wrap_bits;
};

// Sets PES_packet_length of every audio PES packet of a TS to zero; how many.
std::size_t ClearPesLengths(std::vector<std::uint8_t>& ts) {
  constexpr std::size_t kTsPacket = 188;
  std::size_t cleared = 0;
  for (std::size_t at = 0; at + kTsPacket <= ts.size(); at += kTsPacket) {
    if ((ts[at + 1] & 0x40) == 0) continue;  // payload_unit_start_indicator
    std::size_t pes = at + 4;
    if ((ts[at + 3] & 0x20) != 0) pes += std::size_t{1} + ts[pes];
    if (ts[pes] != 0 || ts[pes + 1] != 0 || ts[pes + 2] != 1) continue;
    if (ts[pes + 3] != 0xc0) continue;  // stream_id: audio
    ts[pes + 4] = 0;
    ts[pes + 5] = 0;
    ++cleared;
  }
  return cleared;
}

}  // namespace

TEST_CASE("url source: every container and codec arrives whole") {
  // Frames of three seconds: AAC 1024, MP3 1152, AC-3 1536, Opus 960 samples,
  // and what the encoder adds.
  const Expected expected = GENERATE(
      Expected{"h264_aac.ts", Codec::kH264, Codec::kAac, 131, 33},
      Expected{"h264_aac.flv", Codec::kH264, Codec::kAac, 131, 32},
      Expected{"h264_aac.mp4", Codec::kH264, Codec::kAac, 131, 0},
      Expected{"h264_aac.mkv", Codec::kH264, Codec::kAac, 131, 0},
      Expected{"h264_aac_fragmented.mp4", Codec::kH264, Codec::kAac, 131, 0},
      Expected{"h264_latm.ts", Codec::kH264, Codec::kAac, 131, 33},
      Expected{"h264_mp3.ts", Codec::kH264, Codec::kMp3, 117, 33},
      Expected{"h264_eac3.ts", Codec::kH264, Codec::kEac3, 87, 33},
      Expected{"h264_opus.ts", Codec::kH264, Codec::kOpus, 152, 33},
      Expected{"h265_aac.ts", Codec::kH265, Codec::kAac, 131, 33},
      Expected{"mpeg2_ac3.ts", Codec::kMpeg2Video, Codec::kAc3, 87, 33},
      Expected{"av1_opus.mkv", Codec::kAv1, Codec::kOpus, 151, 0},
      Expected{"av1_opus.mp4", Codec::kAv1, Codec::kOpus, 151, 0});
  INFO(expected.file);
  const auto source = Open(expected.file);
  REQUIRE(source->tracks().size() == 2);
  const Track* video = FindTrack(*source, expected.video);
  const Track* audio = FindTrack(*source, expected.audio);
  REQUIRE(video != nullptr);
  REQUIRE(audio != nullptr);
  CHECK(video->width == 160);
  CHECK(video->height == 120);
  CHECK(video->frame_rate == hlsrec::Rational{.num = 25, .den = 1});
  CHECK(video->timestamp_wrap_bits == expected.wrap_bits);
  CHECK(audio->sample_rate == (expected.audio == Codec::kOpus ? 48000 : 44100));
  CHECK(audio->channels > 0);

  const int video_id = video->id;
  const int audio_id = audio->id;
  ReadResult result = ReadAll(*source);
  CHECK(result.end.code() == StatusCode::kEndOfStream);
  CHECK(result.track_changes == 0);
  CHECK(result.tracks[video_id].packets == kPictures);
  CHECK(result.tracks[video_id].keyframes == kKeyframes);
  CHECK(result.tracks[audio_id].packets == expected.audio_packets);
  CHECK(result.tracks[audio_id].keyframes == expected.audio_packets);
  for (const auto& [id, track] : result.tracks) {
    CHECK(track.without_timestamp == 0);
    CHECK(track.dts_going_back == 0);
  }
  CHECK(source->counters().packets_read == result.packets());
  CHECK(source->Read().status().code() == StatusCode::kEndOfStream);
}

TEST_CASE("url source: the configuration tells how payloads are framed") {
  const auto mp4 = Open("h264_aac.mp4");
  const Track* video = FindTrack(*mp4, Codec::kH264);
  REQUIRE(video != nullptr);
  REQUIRE_FALSE(video->codec_config.empty());
  CHECK(video->codec_config.front() == 1);  // avcC
  const Track* audio = FindTrack(*mp4, Codec::kAac);
  REQUIRE(audio != nullptr);
  CHECK(audio->codec_config.size() >= 2);  // AudioSpecificConfig
  CHECK(audio->language == "en");

  for (const char* file : {"h264_aac.ts", "h264_latm.ts"}) {
    const auto ts = Open(file);
    const Track* framed = FindTrack(*ts, Codec::kAac);
    REQUIRE(framed != nullptr);
    CHECK(framed->codec_config.empty());
  }
}

TEST_CASE("url source: one track alone is enough") {
  CHECK(ReadAll(*Open("h264.ts")).packets() == kPictures);
  CHECK(ReadAll(*Open("aac.aac")).packets() == 131);
}

TEST_CASE("url source: pictures without timestamps are handed on") {
  ReadResult result = ReadAll(*Open("no_timestamps.h264"));
  REQUIRE(result.tracks.size() == 1);
  CHECK(result.tracks[0].packets == kPictures);
  CHECK(result.tracks[0].without_timestamp == kPictures);
}

TEST_CASE("url source: all languages of a program are taken") {
  const auto source = Open("two_languages.ts");
  REQUIRE(source->tracks().size() == 3);
  CHECK(source->tracks()[1].language == "en");
  CHECK(source->tracks()[2].language == "de");
  REQUIRE(source->programs().size() == 1);
  CHECK(source->programs()[0].tracks == std::vector<int>{0, 1, 2});
}

TEST_CASE("url source: the program with the largest picture is the default") {
  const auto source = Open("two_programs.ts");
  REQUIRE(source->tracks().size() == 2);
  CHECK(source->tracks()[0].width == 320);
  REQUIRE(source->programs().size() == 1);
  CHECK(source->programs()[0].name == "Large");
  REQUIRE(source->skipped().size() == 2);
  CHECK(source->skipped()[0].reason == "in another program");
  CHECK(ReadAll(*source).tracks.size() == 2);
}

TEST_CASE("url source: all programs can be taken") {
  const auto source = Open("two_programs.ts", {.all_programs = true});
  CHECK(source->tracks().size() == 4);
  REQUIRE(source->programs().size() == 2);
  CHECK(source->programs()[0].name == "Small");
  CHECK(source->programs()[0].tracks == std::vector<int>{0, 1});
  CHECK(source->programs()[1].tracks == std::vector<int>{2, 3});
  CHECK(source->skipped().empty());
  CHECK(ReadAll(*source).tracks.size() == 4);
}

TEST_CASE("url source: variants of an HLS input are programs") {
  const auto best = Open("hls/master.m3u8");
  REQUIRE(best->tracks().size() == 2);
  CHECK(best->tracks()[0].width == 320);
  CHECK(best->tracks()[0].timestamp_wrap_bits == 33);
  ReadResult result = ReadAll(*best);
  CHECK(result.end.code() == StatusCode::kEndOfStream);
  CHECK(result.tracks[best->tracks()[0].id].packets == kPictures);

  const auto all = Open("hls/master.m3u8", {.all_programs = true});
  CHECK(all->tracks().size() == 4);
  REQUIRE(all->programs().size() == 2);
  CHECK(all->programs()[0].name != all->programs()[1].name);
  CHECK(ReadAll(*all).packets() == 2 * (kPictures + 131));
}

TEST_CASE("url source: what can't be recorded is skipped with its reason") {
  const auto subtitles = Open("subtitles.mkv");
  REQUIRE(subtitles->skipped().size() == 1);
  CHECK(subtitles->skipped()[0].index == 2);
  CHECK(subtitles->skipped()[0].reason == "subtitle track");
  CHECK(ReadAll(*subtitles).tracks.size() == 2);

  const auto cover = Open("cover.mp3");
  REQUIRE(cover->skipped().size() == 1);
  CHECK(cover->skipped()[0].reason == "attached picture");

  const auto vorbis = Open("h264_vorbis.mkv");
  REQUIRE(vorbis->skipped().size() == 1);
  CHECK(vorbis->skipped()[0].codec == "vorbis");
  CHECK(vorbis->skipped()[0].reason == "codec vorbis can't be recorded");
}

TEST_CASE("url source: nothing to record is an error that says why") {
  const auto source =
      OpenUrlSource(nullptr, {.url = MediaFile("only_subtitles.mkv")});
  REQUIRE_FALSE(source.ok());
  CHECK(source.status().code() == StatusCode::kFailedPrecondition);
  CHECK(source.status().message().find("subtitle track") != std::string::npos);
}

TEST_CASE("url source: a track that speaks late joins in mid-stream") {
  const auto source = Open("late_audio.ts");
  REQUIRE(source->tracks().size() == 1);
  REQUIRE(source->skipped().size() == 1);
  CHECK(source->skipped()[0].reason == "silent so far");

  ReadResult result = ReadAll(*source);
  CHECK(result.track_changes == 1);
  REQUIRE(source->tracks().size() == 2);
  CHECK(source->skipped().empty());
  const Track& audio = source->tracks()[1];
  CHECK(audio.codec == Codec::kAac);
  CHECK(audio.sample_rate == 44100);
  CHECK(audio.channels == 2);
  CHECK(result.tracks[audio.id].packets == 131);
  CHECK(result.tracks[audio.id].without_timestamp == 0);
  CHECK(result.tracks[audio.id].dts_going_back == 0);
}

TEST_CASE("url source: tracks under new PIDs take their predecessors' ids") {
  const auto source = Open("changed_pids.ts");
  REQUIRE(source->tracks().size() == 2);
  ReadResult result = ReadAll(*source);
  CHECK(result.track_changes == 1);
  REQUIRE(source->tracks().size() == 2);
  CHECK(source->tracks()[0].id == 0);
  CHECK(source->tracks()[1].id == 1);
  CHECK(source->tracks()[1].language == "de");
  // The demuxer lets go of the old PID's last pictures only at the end, when
  // their time is over.
  CHECK(result.tracks[0].packets + source->counters().dropped_stale ==
        2 * kPictures);
  CHECK(source->counters().dropped_stale <= 2);
  CHECK(result.tracks[1].packets == 2 * 131);
  CHECK(result.tracks[1].without_timestamp == 0);
}

TEST_CASE("url source: a payload outlives its source") {
  std::vector<hlsrec::Packet> packets;
  {
    const auto source = Open("h264_aac.ts");
    for (int i = 0; i < 20; ++i) {
      auto packet = source->Read();
      REQUIRE(packet.ok());
      packets.push_back(std::move(packet).value());
    }
  }
  unsigned sum = 0;
  for (const hlsrec::Packet& packet : packets) {
    for (const auto& span : packet.payload.spans()) {
      for (const std::uint8_t byte : span) sum += byte;
    }
  }
  CHECK(sum > 0);
}

TEST_CASE("url source: what can't be opened says why, without secrets") {
  const auto missing = OpenUrlSource(nullptr, {.url = MediaFile("nix.ts")});
  CHECK(missing.status().code() == StatusCode::kNotFound);
  CHECK(missing.status().message() ==
        "open: " + MediaFile("nix.ts") + ": no such file or directory");
  const auto unknown =
      OpenUrlSource(nullptr, {.url = "nonsense://user:secret@host/x?key=1"});
  CHECK(unknown.status().code() == StatusCode::kUnimplemented);
  CHECK(unknown.status().message().find("secret") == std::string::npos);
  CHECK(unknown.status().message().find("key=1") == std::string::npos);
  CHECK(OpenUrlSource(nullptr, {}).status().code() ==
        StatusCode::kInvalidArgument);
}

TEST_CASE("url source: an option that nobody knows is refused") {
  const auto source =
      OpenUrlSource(nullptr, {.url = MediaFile("h264_aac.ts"),
                              .av_options = {{"no_such_option", "1"}}});
  CHECK(source.status().code() == StatusCode::kInvalidArgument);
  CHECK(source.status().message().find("no_such_option") != std::string::npos);
  const auto format = OpenUrlSource(
      nullptr, {.url = MediaFile("h264_aac.ts"), .format = "nonsense"});
  CHECK(format.status().code() == StatusCode::kInvalidArgument);
}

TEST_CASE("url source: timestamps wrap as the source wraps them") {
  const std::string file = GENERATE("wrap.ts", "wrap.m3u8");
  INFO(file);
  constexpr std::int64_t kPeriod = std::int64_t{1} << 33;
  const auto source = Open(file);
  const Track* video = FindTrack(*source, Codec::kH264);
  REQUIRE(video != nullptr);
  CHECK(video->timestamp_wrap_bits == 33);
  const int video_id = video->id;
  std::optional<std::int64_t> last;
  std::size_t pictures = 0;
  std::size_t wraps = 0;
  for (;;) {
    const auto packet = source->Read();
    if (!packet.ok()) break;
    if (packet->track != video_id) continue;
    ++pictures;
    REQUIRE(packet->dts != hlsrec::kNoTimestamp);
    REQUIRE(packet->pts != hlsrec::kNoTimestamp);
    // Both modulo the period, whoever wrapped first.
    CHECK(((packet->pts - packet->dts) % kPeriod + kPeriod) % kPeriod < 90000);
    if (last.has_value()) {
      CHECK(((packet->dts - *last) % kPeriod + kPeriod) % kPeriod == 3600);
      if (packet->dts < *last) ++wraps;
    }
    last = packet->dts;
  }
  CHECK(pictures == kPictures);
  CHECK(wraps == 1);
}

TEST_CASE("url source: thirty-two tracks") {
  const auto source = Open("thirty_two_tracks.ts");
  CHECK(source->tracks().size() == 32);
  CHECK(ReadAll(*source).packets() == std::size_t{32} * 131);
}

TEST_CASE("url source: a new configuration in mid-stream changes the track") {
  // What an RTMP encoder does that changes its picture: a new sequence header.
  const hlsrec::testing::TempDirectory directory;
  std::vector<std::uint8_t> both =
      hlsrec::testing::ReadBytes(MediaFile("h264_aac.flv"));
  const auto second = hlsrec::testing::ReadBytes(MediaFile("wide.flv"));
  constexpr std::ptrdiff_t kFileHeader = 13;
  both.insert(both.end(), second.begin() + kFileHeader, second.end());
  auto source =
      OpenUrlSource(nullptr, {.url = directory.Write("both.flv", both)});
  REQUIRE(source.ok());
  const Track before = (*source)->tracks()[0];
  ReadResult result = ReadAll(**source);
  CHECK(result.packets() == 2 * (kPictures + 131));
  CHECK(result.track_changes > 0);
  REQUIRE((*source)->tracks().size() == 2);
  const Track& after = (*source)->tracks()[0];
  CHECK(after.id == before.id);
  CHECK(after.codec == Codec::kH264);
  CHECK(after.codec_config != before.codec_config);
  CHECK(after.width == 0);  // that of the old configuration is not kept
}

TEST_CASE("url source: packets that are kept cost what they hold") {
  // Without a length the demuxer takes 200 KB for each PES packet.
  const hlsrec::testing::TempDirectory directory;
  auto bytes = hlsrec::testing::ReadBytes(MediaFile("frame_per_pes.ts"));
  REQUIRE(ClearPesLengths(bytes) == 131);
  auto source =
      OpenUrlSource(nullptr, {.url = directory.Write("no_length.ts", bytes)});
  REQUIRE(source.ok());
  const auto in_use = [] {
    const struct mallinfo2 info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const std::size_t before = in_use();
  std::vector<hlsrec::Packet> packets;
  for (;;) {
    auto packet = (*source)->Read();
    if (!packet.ok()) break;
    packets.push_back(std::move(packet).value());
  }
  CHECK(packets.size() == 131);
  const std::size_t after = in_use();
  // 49 KB of media; 27 MB where it keeps the demuxer's buffers.
  CHECK(after < before + (std::size_t{2} << 20));
}
