#include "src/record/plan_tracks.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "hlsrec/probe.h"
#include "src/base/status_util.h"

namespace hlsrec::record {
namespace {

bool IsVideo(const Track& track) {
  return CodecMediaType(track.codec) == MediaType::kVideo;
}

bool FitsTs(Codec codec) {
  return codec != Codec::kAv1 && codec != Codec::kOpus;
}

bool FitsFmp4(Codec codec) { return codec != Codec::kMpeg2Video; }

Status CheckName(std::string_view field, std::string_view name) {
  if (!name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
      })) {
    return {};
  }
  return InvalidArgument("{}: `{}`: want letters, digits, `_`, `-`, `.`", field,
                         name);
}

}  // namespace

Status CheckTracks(const std::vector<Track>& tracks) {
  if (tracks.empty()) {
    return InvalidArgument("tracks: is empty: there is nothing to record");
  }
  std::set<int> ids;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    const Track& track = tracks[i];
    if (track.id < 0 || !ids.insert(track.id).second) {
      return InvalidArgument("tracks[{}].id: {}: negative or used twice", i,
                             track.id);
    }
    if (track.codec == Codec::kUnknown) {
      return InvalidArgument(
          "tracks[{}].codec: is unknown: leave the track out", i);
    }
    if (track.time_base.num <= 0 || track.time_base.den <= 0) {
      return InvalidArgument("tracks[{}].time_base: {}/{}: must be positive", i,
                             track.time_base.num, track.time_base.den);
    }
    if (track.timestamp_wrap_bits < 0 || track.timestamp_wrap_bits > 63) {
      return InvalidArgument("tracks[{}].timestamp_wrap_bits: {}: want 0 to 63",
                             i, track.timestamp_wrap_bits);
    }
  }
  return {};
}

Status CheckContainer(bool fmp4, const std::vector<Track>& tracks) {
  for (const Track& track : tracks) {
    if (!fmp4 && !FitsTs(track.codec)) {
      return FailedPrecondition(
          "track {}: {} can't be carried in MPEG-TS: use container fmp4 or "
          "leave the track out",
          track.id, CodecName(track.codec));
    }
    if (fmp4 && !FitsFmp4(track.codec)) {
      return FailedPrecondition(
          "track {}: {} can't be carried in fMP4: use container ts or leave "
          "the track out",
          track.id, CodecName(track.codec));
    }
  }
  return {};
}

StatusOr<bool> ChooseFmp4(Container container,
                          const std::vector<Track>& tracks) {
  const bool fmp4 =
      (container == Container::kAuto ? ChooseContainer(tracks) : container) ==
      Container::kFmp4;
  HLSREC_RETURN_IF_ERROR(CheckContainer(fmp4, tracks));
  return fmp4;
}

StatusOr<std::vector<RenditionTracks>> MakeRenditions(
    const RecordingOptions& options) {
  std::vector<RenditionTracks> renditions;
  if (options.renditions.empty()) {
    RenditionTracks all;
    for (std::size_t i = 0; i < options.tracks.size(); ++i) {
      all.tracks.push_back(static_cast<int>(i));
    }
    renditions.push_back(std::move(all));
    return renditions;
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < options.renditions.size(); ++i) {
    const RenditionOptions& wanted = options.renditions[i];
    const std::string field = fmt::format("renditions[{}]", i);
    if (options.renditions.size() > 1 || !wanted.name.empty()) {
      HLSREC_RETURN_IF_ERROR(CheckName(field + ".name", wanted.name));
    }
    if (!names.insert(wanted.name).second) {
      return InvalidArgument("{}.name: {}: used twice", field, wanted.name);
    }
    if (wanted.tracks.empty()) {
      return InvalidArgument("{}.tracks: is empty", field);
    }
    RenditionTracks rendition{.name = wanted.name};
    int videos = 0;
    for (const int id : wanted.tracks) {
      const auto track =
          std::find_if(options.tracks.begin(), options.tracks.end(),
                       [id](const Track& t) { return t.id == id; });
      if (track == options.tracks.end()) {
        return InvalidArgument("{}.tracks: {}: no such track", field, id);
      }
      if (IsVideo(*track) && ++videos > 1) {
        return InvalidArgument(
            "{}.tracks: {}: a second video: make it a rendition of its own",
            field, id);
      }
      rendition.tracks.push_back(
          static_cast<int>(track - options.tracks.begin()));
    }
    renditions.push_back(std::move(rendition));
  }
  return renditions;
}

std::vector<deliver::RenditionInfo> DescribeRenditions(
    const RecordingOptions& options,
    const std::vector<RenditionTracks>& renditions) {
  std::vector<deliver::RenditionInfo> infos;
  std::vector<int> heights;
  for (const RenditionTracks& rendition : renditions) {
    deliver::RenditionInfo info{.name = rendition.name};
    std::int64_t bit_rate = 0;
    int height = 0;
    for (const int number : rendition.tracks) {
      const Track& track = options.tracks[static_cast<std::size_t>(number)];
      bit_rate += track.bit_rate;
      if (IsVideo(track)) {
        info.has_video = true;
        height = track.height;
      }
    }
    if (height > 0) info.height = height;
    if (bit_rate > 0) info.kbps = static_cast<int>(bit_rate / 1000);
    heights.push_back(height);
    infos.push_back(std::move(info));
  }
  for (std::size_t i = 0; i < infos.size(); ++i) {
    infos[i].layer = static_cast<int>(
        std::count_if(heights.begin(), heights.end(),
                      [&](int height) { return height > heights[i]; }));
  }
  return infos;
}

}  // namespace hlsrec::record
