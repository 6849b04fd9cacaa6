#include "src/serve/list_summary.h"

#include "src/base/status_util.h"
#include "src/playlist/clip_mark.h"
#include "src/playlist/parse.h"
#include "src/playlist/reference.h"

namespace hlsrec::serve {
namespace {

std::vector<std::string> ChildrenOf(
    const std::string& path, const playlist::MultivariantPlaylist& list) {
  std::vector<std::string> children;
  const auto add = [&](const std::string& uri) {
    auto key = playlist::KeyOfReference(path, uri);
    if (key) children.push_back(*std::move(key));
  };
  for (const auto& variant : list.variants) add(variant.uri);
  for (const auto& rendition : list.renditions) add(rendition.uri);
  for (const auto& variant : list.i_frame_variants) add(variant.uri);
  return children;
}

std::set<std::string> ObjectsOf(const std::string& path,
                                const playlist::MediaPlaylist& list) {
  std::set<std::string> names;
  const auto add = [&](const std::string& uri) {
    auto key = playlist::KeyOfReference(path, uri);
    if (key) names.insert(*std::move(key));
  };
  for (const playlist::Segment& segment : list.segments) {
    if (!segment.gap) add(segment.uri);
  }
  for (const playlist::MapTag& map : list.maps) add(map.uri);
  return names;
}

void SummarizeMedia(const playlist::MediaPlaylist& list, ListSummary& summary) {
  summary.ended = list.end_list.present();
  summary.segments = list.segments.size();
  for (const playlist::Segment& segment : list.segments) {
    if (!summary.start && segment.date_time) {
      summary.start = std::chrono::time_point_cast<WallTime::duration>(
          segment.date_time->time - summary.duration);
    }
    if (segment.gap) {
      auto& gaps = summary.gaps;
      if (!gaps.empty() &&
          gaps.back().offset + gaps.back().duration == summary.duration) {
        gaps.back().duration += segment.duration.value;
      } else {
        gaps.push_back(
            {.offset = summary.duration, .duration = segment.duration.value});
      }
    }
    summary.duration += segment.duration.value;
  }
}

}  // namespace

StatusOr<ReadList> Summarize(const std::string& path, std::string_view text) {
  HLSREC_ASSIGN_OR_RETURN(const playlist::ParsedPlaylist parsed,
                          playlist::ParsePlaylist(text));
  ReadList read;
  ListSummary& summary = read.summary;
  summary.clip_of =
      playlist::KeyOfReference(path, playlist::ClipOf(text)).value_or("");
  summary.multivariant = parsed.kind == playlist::PlaylistKind::kMultivariant;
  if (summary.multivariant) {
    summary.children = ChildrenOf(path, parsed.multivariant);
  } else {
    SummarizeMedia(parsed.media, summary);
    read.objects = ObjectsOf(path, parsed.media);
  }
  return read;
}

}  // namespace hlsrec::serve
