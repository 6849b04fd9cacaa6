#include "src/check/segment_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "src/check/elementary.h"
#include "src/check/fmp4_segment.h"
#include "src/check/format_probe.h"
#include "src/check/mp4_boxes.h"
#include "src/check/ts_segment.h"
#include "src/check/web_vtt.h"

namespace hlsrec::check {
namespace {

std::string_view Text(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The size of an ID3v2 tag at the beginning; 0 where there is none.
std::size_t Id3Size(ByteSpan bytes) {
  if (bytes.size() < 10 || !Text(bytes).starts_with("ID3")) return 0;
  std::size_t size = 0;
  for (std::size_t i = 6; i < 10; ++i) size = size << 7 | (bytes[i] & 0x7FU);
  return std::min(size + 10, bytes.size());
}

// The timestamp of RFC 8216 section 3.4.
std::optional<std::uint64_t> TransportTimestamp(ByteSpan id3) {
  constexpr std::string_view kOwner =
      "com.apple.streaming.transportStreamTimestamp";
  const std::string_view text = Text(id3);
  const std::size_t at = text.find(kOwner);
  if (at == std::string_view::npos) return std::nullopt;
  const std::size_t value = at + kOwner.size() + 1;
  if (value + 8 > id3.size()) return std::nullopt;
  return ByteReader(id3.subspan(value, 8)).U64();
}

Codec PackedCodec(ByteSpan bytes) {
  for (const Codec codec : {Codec::kAac, Codec::kAc3, Codec::kMp3}) {
    const AudioRun run = ReadAudioFrames(codec, bytes);
    if (run.frames == 0 || run.leading_garbage > 0) continue;
    const bool eac3 =
        codec == Codec::kAc3 && bytes.size() > 5 && bytes[5] >> 3 > 10;
    return eac3 ? Codec::kEac3 : codec;
  }
  return Codec::kUnknown;
}

SegmentFacts ReadPackedAudio(ByteSpan bytes) {
  SegmentFacts facts{.kind = SegmentKind::kPackedAudio, .bytes = bytes.size()};
  const std::size_t id3_size = Id3Size(bytes);
  const auto timestamp = TransportTimestamp(bytes.first(id3_size));
  if (!timestamp) {
    facts.issues.push_back(
        {"R65", IssueLevel::kError, "packed audio without the ID3 timestamp"});
  } else if (*timestamp >> 33 != 0) {
    facts.issues.push_back({"R65", IssueLevel::kError,
                            "the upper 31 bits of the ID3 timestamp are not "
                            "zero"});
  }
  const ByteSpan audio = bytes.subspan(id3_size);
  TrackFacts track;
  track.codec = PackedCodec(audio);
  const AudioRun run = ReadAudioFrames(track.codec, audio);
  if (run.frames == 0) {
    facts.issues.push_back(
        {"R65", IssueLevel::kError, "no audio frame after the ID3 tag"});
    return facts;
  }
  if (run.consumed < audio.size()) {
    facts.issues.push_back({"R18", IssueLevel::kWarning,
                            "the segment ends inside an audio frame"});
  }
  FormatProbe probe(track.codec, {});
  probe.Feed(audio.first(run.consumed));
  track.formats = probe.formats();
  track.samples = run.frames;
  track.bytes = audio.size();
  track.first_dts = static_cast<std::int64_t>(timestamp.value_or(0) &
                                              ((std::uint64_t{1} << 33) - 1));
  track.first_pts = track.min_pts = track.first_dts;
  const auto ticks =
      static_cast<std::int64_t>(run.samples * 90000 / run.sample_rate);
  track.sample_duration = ticks / static_cast<std::int64_t>(run.frames);
  track.end_dts = track.end_pts = track.first_dts + ticks;
  track.last_dts = track.end_dts - track.sample_duration;
  facts.tracks.push_back(std::move(track));
  return facts;
}

}  // namespace

SegmentKind KindOf(ByteSpan bytes) {
  constexpr std::size_t kPacketSize = 188;
  if (!bytes.empty() && bytes[0] == 0x47 &&
      (bytes.size() < kPacketSize + 1 || bytes[kPacketSize] == 0x47)) {
    return SegmentKind::kMpegTs;
  }
  const std::string_view text = Text(bytes);
  constexpr std::array<std::string_view, 8> kBoxes = {
      "ftyp", "styp", "moof", "sidx", "emsg", "prft", "moov", "free"};
  if (text.size() >= 8 && std::find(kBoxes.begin(), kBoxes.end(),
                                    text.substr(4, 4)) != kBoxes.end()) {
    return SegmentKind::kFmp4;
  }
  if (text.starts_with("WEBVTT") || text.starts_with("\xEF\xBB\xBFWEBVTT")) {
    return SegmentKind::kWebVtt;
  }
  if (Id3Size(bytes) > 0 || PackedCodec(bytes.first(std::min<std::size_t>(
                                bytes.size(), 16384))) != Codec::kUnknown) {
    return SegmentKind::kPackedAudio;
  }
  // A transport stream whose first packet is broken.
  if (bytes.size() > 2 * kPacketSize && bytes[kPacketSize] == 0x47 &&
      bytes[2 * kPacketSize] == 0x47) {
    return SegmentKind::kMpegTs;
  }
  return SegmentKind::kUnknown;
}

SegmentFacts ReadSegment(ByteSpan bytes, const SegmentScope& scope) {
  switch (KindOf(bytes)) {
    case SegmentKind::kMpegTs:
      return ReadTsSegment(
          bytes,
          {.map = scope.map, .samples_encrypted = scope.samples_encrypted});
    case SegmentKind::kFmp4: {
      if (scope.init != nullptr) {
        return ReadFmp4Segment(bytes, *scope.init,
                               scope.samples_encrypted ? SamplesEncrypted::kYes
                                                       : SamplesEncrypted::kNo);
      }
      SegmentFacts facts{.kind = SegmentKind::kFmp4, .bytes = bytes.size()};
      facts.issues.push_back(
          {"R44", IssueLevel::kError, "an fMP4 segment without EXT-X-MAP"});
      return facts;
    }
    case SegmentKind::kPackedAudio:
      return ReadPackedAudio(bytes);
    case SegmentKind::kWebVtt:
      return ReadWebVtt(bytes);
    case SegmentKind::kUnknown:
      break;
  }
  SegmentFacts facts{.bytes = bytes.size()};
  facts.issues.push_back({"R55", IssueLevel::kError,
                          "neither MPEG-TS, fMP4, packed audio nor WebVTT"});
  return facts;
}

}  // namespace hlsrec::check
