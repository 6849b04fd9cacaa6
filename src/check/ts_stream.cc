#include "src/check/ts_stream.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "src/check/elementary.h"

namespace hlsrec::check {
namespace {

constexpr int kClockBits = 33;

std::int64_t ReadTimestamp(ByteSpan five) {
  return static_cast<std::int64_t>(five[0] >> 1 & 7) << 30 |
         static_cast<std::int64_t>(five[1]) << 22 |
         static_cast<std::int64_t>(five[2] >> 1) << 15 |
         static_cast<std::int64_t>(five[3]) << 7 |
         static_cast<std::int64_t>(five[4] >> 1);
}

// The header of a PES packet, ISO/IEC 13818-1 section 2.4.3.6.
struct PesHeader {
  std::optional<std::int64_t> pts = {};
  std::optional<std::int64_t> dts = {};
  std::size_t packet_length = 0;  // 0: not told
  std::size_t payload_offset = 0;
};

std::optional<PesHeader> ReadPesHeader(ByteSpan pes) {
  if (pes.size() < 9 || pes[0] != 0 || pes[1] != 0 || pes[2] != 1) {
    return std::nullopt;
  }
  PesHeader header;
  header.packet_length = static_cast<std::size_t>(pes[4]) << 8 | pes[5];
  const unsigned flags = pes[7] >> 6;
  header.payload_offset = 9U + pes[8];
  if (header.payload_offset > pes.size()) return std::nullopt;
  if ((flags & 2U) != 0 && pes.size() >= 14) {
    header.pts = ReadTimestamp(pes.subspan(9, 5));
  }
  if (flags == 3 && pes.size() >= 19) {
    header.dts = ReadTimestamp(pes.subspan(14, 5));
  }
  return header;
}

}  // namespace

TsStream::TsStream(int pid, int stream_type, Codec codec, bool look_inside)
    : stream_type_(stream_type),
      look_inside_(look_inside && codec != Codec::kUnknown),
      probe_(look_inside ? codec : Codec::kUnknown, {}) {
  facts_.id = pid;
  facts_.codec = codec;
  facts_.video =
      codec != Codec::kUnknown && CodecMediaType(codec) == MediaType::kVideo;
}

void TsStream::Add(ByteSpan payload, bool unit_start, bool random_access,
                   std::vector<Issue>& issues) {
  facts_.bytes += payload.size();
  if (unit_start) {
    if (in_pes_) EndPes(issues);
    pes_.clear();
    in_pes_ = true;
    random_access_indicator_ = random_access;
  } else if (!in_pes_) {
    split_start_ = true;
    return;
  }
  Append(pes_, payload);
}

void TsStream::Time(std::int64_t pts, std::int64_t dts) {
  if (!base_) {
    base_ = dts;
    facts_.first_dts = dts;
    facts_.min_pts = dts + TickDifference(pts, dts, kClockBits);
    facts_.first_pts = facts_.min_pts;
    facts_.end_pts = facts_.min_pts;
  } else {
    const std::int64_t unwrapped =
        *base_ + TickDifference(dts, *base_, kClockBits);
    steps_.push_back(unwrapped - facts_.last_dts);
    dts = unwrapped;
  }
  facts_.last_dts = dts;
  pts_ = *base_ + TickDifference(pts, *base_, kClockBits);
  facts_.min_pts = std::min(facts_.min_pts, pts_);
  facts_.end_pts = std::max(facts_.end_pts, pts_);
}

void TsStream::EndPes(std::vector<Issue>& issues) {
  const std::optional<PesHeader> header = ReadPesHeader(pes_);
  if (!header) {
    issues.push_back({"R55", IssueLevel::kError,
                      fmt::format("PID {}: a PES packet without its start code",
                                  facts_.id)});
    return;
  }
  const bool first = facts_.samples == 0;
  if (header->packet_length != 0 && header->packet_length + 6 > pes_.size()) {
    issues.push_back(
        {"R18", IssueLevel::kWarning,
         fmt::format("PID {}: a PES packet is {} bytes short", facts_.id,
                     header->packet_length + 6 - pes_.size())});
  }
  if (header->pts) {
    Time(*header->pts, header->dts.value_or(*header->pts));
  } else if (first) {
    issues.push_back(
        {"R53", IssueLevel::kError,
         fmt::format("PID {}: the first PES packet has no PTS", facts_.id)});
  }
  ++facts_.samples;
  if (!look_inside_) return;
  const ByteSpan unit = ByteSpan(pes_).subspan(header->payload_offset);
  if (facts_.video) {
    Video(unit, first, issues);
  } else {
    Audio(unit, first, issues);
  }
}

void TsStream::Video(ByteSpan unit, bool first, std::vector<Issue>& issues) {
  const VideoUnitFacts facts = ReadAnnexBUnit(facts_.codec, unit);
  if (facts.any_parameter_set) probe_.Feed(unit);
  if (facts.random_access) ++facts_.random_access_points;
  if (facts.idr && !random_access_indicator_) {
    issues.push_back({"R55", IssueLevel::kAppleOnly,
                      "an IDR picture without random_access_indicator"});
  }
  if (!facts.delimiter) {
    issues.push_back({"R56", IssueLevel::kError,
                      "an access unit without a delimiter (AUD)"});
  }
  if (facts.idr && !facts.parameter_sets) {
    issues.push_back({"R56",
                      facts_.codec == Codec::kMpeg2Video ? IssueLevel::kWarning
                                                         : IssueLevel::kError,
                      "an IDR picture without parameter sets before it"});
  }
  if (first) {
    facts_.starts_random_access = facts.random_access;
    facts_.starts_idr = facts.idr;
  }
}

void TsStream::Audio(ByteSpan unit, bool first, std::vector<Issue>& issues) {
  if (first) probe_.Feed(unit);
  constexpr int kLatm = 0x11;
  if (stream_type_ == kLatm || facts_.codec == Codec::kOpus) return;
  Append(audio_rest_, unit);
  const AudioRun run = ReadAudioFrames(facts_.codec, audio_rest_);
  if (run.leading_garbage > 0 && first) {
    issues.push_back(
        {run.frames > 0 ? "R18" : "R56",
         run.frames > 0 ? IssueLevel::kWarning : IssueLevel::kError,
         fmt::format("PID {}: the first PES packet does not begin with an "
                     "audio frame",
                     facts_.id)});
  }
  if (run.sample_rate > 0) {
    const auto ticks =
        static_cast<std::int64_t>(run.samples * 90000 / run.sample_rate);
    facts_.end_pts = std::max(facts_.end_pts, pts_ + ticks);
    facts_.sample_duration = ticks / static_cast<std::int64_t>(run.frames);
  }
  constexpr std::size_t kLongestFrame = 65536;
  audio_rest_.erase(
      audio_rest_.begin(),
      audio_rest_.begin() + static_cast<std::ptrdiff_t>(run.consumed));
  if (audio_rest_.size() > kLongestFrame) audio_rest_.clear();
}

void TsStream::Finish(std::vector<Issue>& issues) {
  if (in_pes_) EndPes(issues);
  if (split_start_) {
    issues.push_back({"R18", IssueLevel::kWarning,
                      fmt::format("PID {}: the segment begins inside a PES "
                                  "packet",
                                  facts_.id)});
  }
  if (!audio_rest_.empty() && facts_.sample_duration > 0) {
    issues.push_back(
        {"R18", IssueLevel::kWarning,
         fmt::format("PID {}: the segment ends inside an audio frame",
                     facts_.id)});
  }
}

TrackFacts TsStream::TakeFacts() {
  if (!steps_.empty() && (facts_.video || facts_.sample_duration == 0)) {
    const auto middle =
        steps_.begin() + static_cast<std::ptrdiff_t>(steps_.size() / 2);
    std::nth_element(steps_.begin(), middle, steps_.end());
    facts_.sample_duration = std::max<std::int64_t>(*middle, 0);
  }
  if (facts_.video || facts_.end_pts <= pts_) {
    facts_.end_pts += facts_.sample_duration;
  }
  facts_.end_dts =
      facts_.video ? facts_.last_dts + facts_.sample_duration : facts_.end_pts;
  facts_.formats = probe_.formats();
  return std::move(facts_);
}

}  // namespace hlsrec::check
