#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "hlsrec/clip.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/check/uri.h"
#include "src/package/clip_text.h"
#include "src/package/presentation.h"
#include "src/package/store.h"
#include "src/package/timeline_range.h"

namespace hlsrec {
namespace {

using package::MediaList;
using package::SegmentRange;
using package::Store;

std::string FolderOf(const std::string& key) {
  return key.substr(0, key.rfind('/') + 1);
}

std::string StemOf(const std::string& key) {
  const std::string name = key.substr(key.rfind('/') + 1);
  return name.substr(0, name.rfind('.'));
}

class Clipper {
 public:
  Clipper(RuntimeCore& core, Sink& sink, const ClipOptions& options)
      : store_(core, sink, options.max_playlist_bytes), options_(options) {}

  StatusOr<ClipReport> Run(const std::string& key, const std::string& clip) {
    HLSREC_RETURN_IF_ERROR(CheckKey(clip));
    if (!clip.ends_with(".m3u8")) {
      return InvalidArgument("{}: want a name that ends in .m3u8", clip);
    }
    HLSREC_ASSIGN_OR_RETURN(const std::string text, store_.ReadText(key));
    HLSREC_ASSIGN_OR_RETURN(const playlist::ParsedPlaylist parsed,
                            package::ParseText(text, key));
    std::map<std::string, std::string> clips;  // by location of what is clipped
    if (parsed.kind == playlist::PlaylistKind::kMedia) {
      clips[key] = clip;
    } else {
      HLSREC_RETURN_IF_ERROR(Name(parsed.multivariant, key, clip, clips));
    }
    // All are looked at before anything is put.
    for (const auto& [location, name] : clips) {
      HLSREC_RETURN_IF_ERROR(Read(location));
    }
    for (Media& media : media_) HLSREC_RETURN_IF_ERROR(AskFor(media));
    HLSREC_RETURN_IF_ERROR(CheckApart(key, clip));
    for (const auto& [location, name] : clips) {
      HLSREC_RETURN_IF_ERROR(CheckApart(key, name));
    }
    for (const Media& media : media_) {
      const std::string& name = clips[media.list.location];
      HLSREC_ASSIGN_OR_RETURN(
          std::string clipped,
          package::RenderClip(media.list, media.text, media.range,
                              media.missing, name));
      HLSREC_RETURN_IF_ERROR(
          Put(name, std::move(clipped), ObjectKind::kMediaPlaylist));
    }
    if (parsed.kind == playlist::PlaylistKind::kMultivariant) {
      HLSREC_ASSIGN_OR_RETURN(
          std::string whole,
          package::RenderMultivariantClip(text, key, clips, clip));
      HLSREC_RETURN_IF_ERROR(
          Put(clip, std::move(whole), ObjectKind::kMultivariantPlaylist));
    }
    return std::move(report_);
  }

 private:
  // A clip replaces nothing of what it is a clip of.
  Status CheckApart(const std::string& key, const std::string& clip) const {
    bool apart = clip != key;
    for (const Media& media : media_) {
      apart = apart && clip != media.list.location;
    }
    if (apart) return {};
    return InvalidArgument("{}: is the recording itself: name another playlist",
                           clip);
  }

  struct Media {
    MediaList list = {};
    std::string text = {};
    SegmentRange range = {};
    std::set<std::size_t> missing = {};
  };

  static Status Name(const playlist::MultivariantPlaylist& list,
                     const std::string& key, const std::string& clip,
                     std::map<std::string, std::string>& clips) {
    std::vector<std::string> uris;
    for (const auto& variant : list.variants) uris.push_back(variant.uri);
    for (const auto& rendition : list.renditions) {
      if (!rendition.uri.empty()) uris.push_back(rendition.uri);
    }
    for (const std::string& uri : uris) {
      HLSREC_ASSIGN_OR_RETURN(const std::string media, Store::Locate(key, uri));
      if (check::IsHttpUrl(media)) {
        return FailedPrecondition(
            "{}: {}: lies elsewhere: clip each media playlist by itself", key,
            package::Shown(uri));
      }
      clips[media] =
          FolderOf(media) + StemOf(clip) + "_" + StemOf(media) + ".m3u8";
    }
    return {};
  }

  Status Read(const std::string& location) {
    Media media{.list = {.location = location}};
    HLSREC_ASSIGN_OR_RETURN(media.text, store_.ReadText(location));
    HLSREC_ASSIGN_OR_RETURN(playlist::ParsedPlaylist parsed,
                            package::ParseText(media.text, location));
    media.list.list = std::move(parsed.media);
    const playlist::MediaPlaylist& list = media.list.list;
    if (list.segments.empty()) {
      return FailedPrecondition("{}: lists no segments", location);
    }
    HLSREC_ASSIGN_OR_RETURN(const package::TimeRange range,
                            package::ResolveRange(options_.range, list));
    media.range = package::SegmentsIn(range, list);
    total_ += media.range.end - media.range.begin;
    std::chrono::microseconds duration{0};
    for (std::size_t i = media.range.begin; i < media.range.end; ++i) {
      duration += list.segments[i].duration.value;
    }
    if (duration > report_.duration) {
      report_.start = package::TimesOf(list)[media.range.begin].start;
      report_.duration = duration;
    }
    media_.push_back(std::move(media));
    return {};
  }

  // Several at once: each is one small answer.
  Status AskFor(Media& media) {
    struct Asked {
      std::size_t index = 0;
      std::string location;
      Store::Presence presence;
    };
    std::deque<Asked> asked;
    const auto parallel =
        static_cast<std::size_t>(std::max(1, options_.parallel));
    std::size_t next = media.range.begin;
    std::set<std::string> maps;
    while (next < media.range.end || !asked.empty()) {
      if (options_.stop && options_.stop()) return Cancelled("stopped");
      while (next < media.range.end && asked.size() < parallel) {
        const std::size_t index = next++;
        const playlist::Segment& segment = media.list.list.segments[index];
        HLSREC_RETURN_IF_ERROR(AskForMap(media, segment, maps));
        if (segment.gap) {
          Tell(media, index, /*missing=*/false);
          continue;
        }
        HLSREC_ASSIGN_OR_RETURN(
            std::string location,
            Store::Locate(media.list.location, segment.uri));
        Store::Presence presence = store_.AskPresence(location);
        asked.push_back({.index = index,
                         .location = std::move(location),
                         .presence = std::move(presence)});
      }
      if (asked.empty()) continue;
      Asked first = std::move(asked.front());
      asked.pop_front();
      Status status =
          store_.TakePresence(first.location, std::move(first.presence));
      if (status.code() == StatusCode::kNotFound &&
          options_.missing == MissingSegments::kGap) {
        media.missing.insert(first.index);
        Tell(media, first.index, /*missing=*/true);
      } else if (!status.ok()) {
        return status;
      }
      ++report_.segments;
      if (options_.on_progress) options_.on_progress(++done_, total_);
    }
    return {};
  }

  Status AskForMap(const Media& media, const playlist::Segment& segment,
                   std::set<std::string>& known) {
    if (!segment.map) return {};
    const std::string& uri = media.list.list.maps[*segment.map].uri;
    HLSREC_ASSIGN_OR_RETURN(const std::string location,
                            Store::Locate(media.list.location, uri));
    if (!known.insert(location).second) return {};
    return store_.TakePresence(location, store_.AskPresence(location));
  }

  void Tell(const Media& media, std::size_t index, bool missing) {
    const playlist::Segment& gap = media.list.list.segments[index];
    ++report_.gaps;
    if (!missing) ++done_;
    if (!options_.on_gap) return;
    options_.on_gap({.location = package::Shown(gap.uri),
                     .start = package::TimesOf(media.list.list)[index].start,
                     .duration = gap.duration.value,
                     .missing = missing});
  }

  Status Put(const std::string& key, std::string text, ObjectKind kind) {
    Status status =
        store_.reader().Put({.key = key,
                             .body = MakeStringBody(std::move(text)),
                             .kind = kind,
                             .if_exists = options_.if_exists,
                             .content_type = "application/vnd.apple.mpegurl",
                             .last_version = true});
    if (status.ok()) report_.playlists.push_back(key);
    return status;
  }

  Store store_;
  const ClipOptions& options_;
  std::vector<Media> media_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  ClipReport report_;
};

}  // namespace

StatusOr<ClipReport> ClipRecording(Runtime& runtime, Sink& sink,
                                   const std::string& key,
                                   const std::string& clip_key,
                                   const ClipOptions& options) {
  return Clipper(runtime.core(), sink, options).Run(key, clip_key);
}

}  // namespace hlsrec
