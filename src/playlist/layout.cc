#include <array>
#include <string>
#include <utility>

#include "hlsrec/path_template.h"
#include "src/base/status_util.h"

namespace hlsrec {
namespace {

struct NamedLayout {
  std::string_view name;
  std::string_view segment;
  std::string_view init;
  std::string_view playlist;
  std::string_view multivariant;
  std::uint64_t first_sequence;
};

// antmedia: {streamId}[-date][_{height}p{kbps}kbps]%09d.ts, counted from 1; the
//   source rendition has no suffix, so that a rendition is named "360p800kbps".
//   Source: Muxer.getExtendedName, HLSMuxer; `_adaptive` is MuxAdaptor's.
// 100ms: hls/<room_id>/<start_date>/<epoch>/vod below the configured prefix.
//   Source: 100ms "Storage path for recordings".
constexpr std::array<NamedLayout, 4> kLayouts = {{
    {"default", "{stream}/{session}/{rendition}/{seq:06}.{ext}",
     "{stream}/{session}/{rendition}/init-{hash}.mp4",
     "{stream}/{session}/{rendition}/index.m3u8",
     "{stream}/{session}/multivariant.m3u8", 0},
    {"antmedia", "{stream}{_rendition}{seq:09}.{ext}",
     "{stream}{_rendition}_{hash}_init.mp4", "{stream}{_rendition}.m3u8",
     "{stream}_adaptive.m3u8", 1},
    {"antmedia-datetime",
     "{stream}-{time:%Y-%m-%d_%H-%M-%S.%L}{_rendition}{seq:09}.{ext}",
     "{stream}-{time:%Y-%m-%d_%H-%M-%S.%L}{_rendition}_{hash}_init.mp4",
     "{stream}-{time:%Y-%m-%d_%H-%M-%S.%L}{_rendition}.m3u8",
     "{stream}-{time:%Y-%m-%d_%H-%M-%S.%L}_adaptive.m3u8", 1},
    {"100ms",
     "{prefix/}/hls/{room_id}/{time:%Y%m%d}/{epoch_ms}/vod/{rendition}/"
     "{seq:06}.{ext}",
     "{prefix/}/hls/{room_id}/{time:%Y%m%d}/{epoch_ms}/vod/{rendition}/"
     "init-{hash}.mp4",
     "{prefix/}/hls/{room_id}/{time:%Y%m%d}/{epoch_ms}/vod/{rendition}/"
     "Rec-{room_id}-{epoch_ms}.m3u8",
     "{prefix/}/hls/{room_id}/{time:%Y%m%d}/{epoch_ms}/vod/"
     "Rec-{room_id}-{epoch_ms}.m3u8",
     0},
}};

}  // namespace

StatusOr<Layout> FindLayout(std::string_view name) {
  std::string names;
  for (const NamedLayout& layout : kLayouts) {
    if (layout.name == name) {
      return Layout{.segment = std::string(layout.segment),
                    .init = std::string(layout.init),
                    .playlist = std::string(layout.playlist),
                    .multivariant = std::string(layout.multivariant),
                    .first_sequence = layout.first_sequence};
    }
    names += names.empty() ? "" : ", ";
    names += layout.name;
  }
  return NotFound("layout: {}: there are {}", name, names);
}

std::vector<std::string> LayoutNames() {
  std::vector<std::string> names;
  names.reserve(kLayouts.size());
  for (const NamedLayout& layout : kLayouts) names.emplace_back(layout.name);
  return names;
}

}  // namespace hlsrec
