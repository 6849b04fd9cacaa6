#include "src/deliver/multivariant_lines.h"

#include <algorithm>
#include <utility>

namespace hlsrec::deliver {
namespace {

constexpr std::string_view kGroup = "audio";

void AddCodecs(const std::vector<std::string>& from,
               std::vector<std::string>& to) {
  for (const std::string& codec : from) {
    if (std::find(to.begin(), to.end(), codec) == to.end()) to.push_back(codec);
  }
}

std::string NameOf(const RenditionInfo& info,
                   const std::vector<playlist::AudioLines>& others) {
  std::string name = info.title;
  if (name.empty()) name = info.language;
  if (name.empty()) name = info.name;
  for (const playlist::AudioLines& other : others) {
    if (other.name == name) name += " (" + info.name + ")";
  }
  return name;
}

}  // namespace

playlist::MultivariantLines ListRenditions(
    const std::vector<ListedRendition>& renditions,
    const MultivariantOptions& options) {
  playlist::MultivariantLines lines{
      .version = options.fmp4 ? 6 : 3,
      .independent_segments = options.independent_segments};
  const bool any_video =
      std::any_of(renditions.begin(), renditions.end(),
                  [](const auto& each) { return each.info.has_video; });
  const auto with_room = [&](std::int64_t rate) {
    return rate + rate * options.headroom_percent / 100;
  };
  std::vector<std::string> group_codecs;
  std::int64_t group_peak = 0;
  std::int64_t group_average = 0;
  for (const ListedRendition& rendition : renditions) {
    const RenditionInfo& info = rendition.info;
    if (!any_video || info.has_video) continue;
    lines.audio.push_back({.group = std::string(kGroup),
                           .name = NameOf(info, lines.audio),
                           .language = info.language,
                           .is_default = lines.audio.empty(),
                           .channels = info.channels,
                           .uri = rendition.uri});
    AddCodecs(info.codecs, group_codecs);
    group_peak = std::max(group_peak, rendition.peak);
    group_average = std::max(group_average, rendition.average);
  }
  for (const ListedRendition& rendition : renditions) {
    const RenditionInfo& info = rendition.info;
    if (any_video && !info.has_video) continue;
    playlist::VariantLines variant{
        .uri = rendition.uri,
        .bandwidth = with_room(rendition.peak + group_peak),
        .average_bandwidth = with_room(rendition.average + group_average),
        .codecs = info.codecs,
        .width = info.width,
        .height = info.display_height,
        .frame_rate = info.frame_rate,
        .video_range = info.video_range};
    AddCodecs(group_codecs, variant.codecs);
    if (!lines.audio.empty()) variant.audio_group = kGroup;
    lines.variants.push_back(std::move(variant));
  }
  return lines;
}

}  // namespace hlsrec::deliver
