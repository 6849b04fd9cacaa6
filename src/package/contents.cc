#include "src/package/contents.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "src/base/status_util.h"
#include "src/check/uri.h"
#include "src/package/presentation.h"

namespace hlsrec::package {
namespace {

using playlist::MediaPlaylist;
using playlist::MultivariantPlaylist;

class Follower {
 public:
  explicit Follower(Store& store) : store_(store) {}

  StatusOr<Contents> Run(const std::string& key) {
    HLSREC_RETURN_IF_ERROR(AddPlaylist(key));
    // Media playlists that the first one names; these name no others.
    for (const std::string& location : std::exchange(lists_, {})) {
      HLSREC_RETURN_IF_ERROR(AddPlaylist(location));
    }
    for (std::string& location : others_) {
      contents_.objects.push_back({.location = std::move(location)});
    }
    FindFolder();
    return std::move(contents_);
  }

 private:
  Status AddPlaylist(const std::string& location) {
    HLSREC_ASSIGN_OR_RETURN(std::string text, store_.ReadText(location));
    HLSREC_ASSIGN_OR_RETURN(const playlist::ParsedPlaylist parsed,
                            ParseText(text, location));
    known_.insert(location);
    contents_.objects.push_back(
        {.location = location, .text = std::move(text)});
    return parsed.kind == playlist::PlaylistKind::kMedia
               ? AddMedia(location, parsed.media)
               : AddMultivariant(location, parsed.multivariant);
  }

  Status AddMultivariant(const std::string& base,
                         const MultivariantPlaylist& list) {
    for (const auto& variant : list.variants) {
      HLSREC_RETURN_IF_ERROR(Add(base, variant.uri, lists_));
    }
    for (const auto& variant : list.i_frame_variants) {
      HLSREC_RETURN_IF_ERROR(Add(base, variant.uri, lists_));
    }
    for (const auto& rendition : list.renditions) {
      if (rendition.uri.empty()) continue;
      HLSREC_RETURN_IF_ERROR(Add(base, rendition.uri, lists_));
    }
    return {};
  }

  Status AddMedia(const std::string& base, const MediaPlaylist& list) {
    if (!list.end_list.present()) {
      return FailedPrecondition(
          "{}: has no EXT-X-ENDLIST: finish or resume the recording first",
          base);
    }
    for (const auto& map : list.maps) {
      HLSREC_RETURN_IF_ERROR(Add(base, map.uri, others_));
    }
    for (const auto& key : list.keys) {
      const bool elsewhere = key.uri.empty() || check::HasScheme(key.uri);
      if (elsewhere) continue;
      HLSREC_RETURN_IF_ERROR(Add(base, key.uri, others_));
    }
    for (const auto& segment : list.segments) {
      if (segment.gap) {
        ++contents_.gaps;
        continue;
      }
      HLSREC_RETURN_IF_ERROR(Add(base, segment.uri, others_));
    }
    return {};
  }

  Status Add(const std::string& base, const std::string& uri,
             std::vector<std::string>& to) {
    HLSREC_ASSIGN_OR_RETURN(std::string location, Store::Locate(base, uri));
    if (check::IsHttpUrl(location) || uri.starts_with('/')) {
      return FailedPrecondition(
          "{}: {}: names one place: an unpacked folder would not play", base,
          Shown(uri));
    }
    if (known_.insert(location).second) to.push_back(std::move(location));
    return {};
  }

  void FindFolder() {
    const auto folder_of = [](std::string_view location) {
      return location.substr(0, location.rfind('/') + 1);
    };
    std::string_view common = folder_of(contents_.objects.front().location);
    for (const ContentObject& object : contents_.objects) {
      while (!object.location.starts_with(common)) {
        common = folder_of(common.substr(0, common.size() - 1));
      }
    }
    contents_.folder = std::string(common);
  }

  Store& store_;
  Contents contents_;
  std::set<std::string> known_;
  std::vector<std::string> lists_;
  std::vector<std::string> others_;
};

}  // namespace

StatusOr<Contents> ReadContents(Store& store, const std::string& key) {
  return Follower(store).Run(key);
}

}  // namespace hlsrec::package
