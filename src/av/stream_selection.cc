#include "src/av/stream_selection.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <tuple>

#include "hlsrec/ffmpeg.h"
#include "src/av/url_text.h"
#include "src/base/status_util.h"
#include "src/media/language_code.h"

namespace hlsrec::av {
namespace {

constexpr int kMaxFrameRate = 1000;

std::string Metadata(const AVDictionary* dictionary, const char* key) {
  const AVDictionaryEntry* entry = av_dict_get(dictionary, key, nullptr, 0);
  return entry == nullptr ? std::string() : std::string(entry->value);
}

std::int64_t Number(const AVDictionary* dictionary, const char* key) {
  return std::strtoll(Metadata(dictionary, key).c_str(), nullptr, 10);
}

bool IsPlausible(AVRational rate) {
  return rate.num > 0 && rate.den > 0 &&
         av_q2d(rate) <= static_cast<double>(kMaxFrameRate);
}

Rational FrameRate(const AVFormatContext& input, const AVStream& stream) {
  // libavformat declares its arguments without const and only reads them.
  const AVRational guess =
      av_guess_frame_rate(const_cast<AVFormatContext*>(&input),
                          const_cast<AVStream*>(&stream), nullptr);
  if (IsPlausible(guess)) return RationalFromAv(guess);
  return {.num = 0, .den = 1};
}

// Larger is better: picture, bits, number of tracks.
using Rank = std::tuple<std::int64_t, std::int64_t, std::size_t>;

Rank RankOf(const AVFormatContext& input, const AVProgram& program) {
  std::int64_t pixels = 0;
  std::size_t tracks = 0;
  for (unsigned i = 0; i < program.nb_stream_indexes; ++i) {
    const unsigned index = program.stream_index[i];
    if (index >= input.nb_streams) continue;
    const AVStream& stream = *input.streams[index];
    if (!WhyUnusable(stream).empty()) continue;
    ++tracks;
    const AVCodecParameters& parameters = *stream.codecpar;
    if (parameters.codec_type != AVMEDIA_TYPE_VIDEO) continue;
    pixels = std::max(pixels, std::int64_t{1} + std::int64_t{parameters.width} *
                                                    parameters.height);
  }
  return {pixels, Number(program.metadata, "variant_bitrate"), tracks};
}

void AddProgram(const AVFormatContext& input, unsigned index,
                Selection& selection) {
  const AVProgram& program = *input.programs[index];
  selection.programs.push_back(index);
  for (unsigned i = 0; i < program.nb_stream_indexes; ++i) {
    selection.wanted.insert(static_cast<int>(program.stream_index[i]));
  }
}

}  // namespace

Track MakeTrack(const AVFormatContext& input, const AVStream& stream) {
  StatusOr<Track> result = TrackFromAv(stream);
  if (!result.ok()) return {.id = stream.index};
  Track track = *std::move(result);
  track.language = media::LanguageTag(track.language);
  if (track.bit_rate == 0) {
    track.bit_rate = std::max<std::int64_t>(Number(stream.metadata, "BPS"), 0);
  }
  if (CodecMediaType(track.codec) == MediaType::kVideo) {
    track.frame_rate = FrameRate(input, stream);
  } else {
    track.frame_rate = {.num = 0, .den = 1};
  }
  return track;
}

std::string WhyUnusable(const AVStream& stream) {
  switch (stream.codecpar->codec_type) {
    case AVMEDIA_TYPE_VIDEO:
      if ((stream.disposition & (AV_DISPOSITION_ATTACHED_PIC |
                                 AV_DISPOSITION_TIMED_THUMBNAILS)) != 0) {
        return "attached picture";
      }
      break;
    case AVMEDIA_TYPE_AUDIO:
      break;
    case AVMEDIA_TYPE_SUBTITLE:
      return "subtitle track";
    case AVMEDIA_TYPE_UNKNOWN:
      return "unknown kind of track";
    default:
      return "data track";
  }
  if (stream.codecpar->codec_id == AV_CODEC_ID_NONE) return "unknown codec";
  if (CodecFromAv(stream.codecpar->codec_id) == Codec::kUnknown) {
    return fmt::format("codec {} can't be recorded",
                       avcodec_get_name(stream.codecpar->codec_id));
  }
  return {};
}

bool HasParameters(const AVStream& stream) {
  const AVCodecParameters& parameters = *stream.codecpar;
  return parameters.codec_type == AVMEDIA_TYPE_VIDEO
             ? parameters.width > 0
             : parameters.sample_rate > 0;
}

Selection SelectStreams(const AVFormatContext& input, bool all_programs) {
  Selection selection;
  std::optional<unsigned> best;
  Rank best_rank = {};
  for (unsigned i = 0; i < input.nb_programs; ++i) {
    if (all_programs) {
      AddProgram(input, i, selection);
      continue;
    }
    const Rank rank = RankOf(input, *input.programs[i]);
    if (!best.has_value() || rank > best_rank) {
      best = i;
      best_rank = rank;
    }
  }
  if (best.has_value()) AddProgram(input, *best, selection);
  // No programs, or only empty ones.
  if (selection.wanted.empty() || all_programs) {
    for (unsigned i = 0; i < input.nb_streams; ++i) {
      selection.wanted.insert(static_cast<int>(i));
    }
  }
  return selection;
}

void DiscardUnwanted(AVFormatContext& input, const Selection& selection) {
  for (unsigned i = 0; i < input.nb_streams; ++i) {
    AVStream& stream = *input.streams[i];
    const bool wanted = selection.wanted.count(static_cast<int>(i)) != 0;
    const AVMediaType type = stream.codecpar->codec_type;
    const bool media = type == AVMEDIA_TYPE_VIDEO ||
                       type == AVMEDIA_TYPE_AUDIO ||
                       type == AVMEDIA_TYPE_UNKNOWN;
    stream.discard = wanted && media ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  }
}

std::string ProgramName(const AVFormatContext& input, unsigned program) {
  const AVProgram& chosen = *input.programs[program];
  std::string name = Metadata(chosen.metadata, "service_name");
  if (name.empty()) {
    const std::int64_t bit_rate = Number(chosen.metadata, "variant_bitrate");
    name = bit_rate > 0 ? fmt::format("{}k", (bit_rate + 500) / 1000)
                        : fmt::format("program{}", chosen.id);
  }
  for (char& c : name) {
    if (!IsAsciiAlnum(c) &&
        std::string_view("_.-").find(c) == std::string_view::npos) {
      c = '_';
    }
  }
  if (name.front() == '.') name.front() = '_';
  return name;
}

}  // namespace hlsrec::av
