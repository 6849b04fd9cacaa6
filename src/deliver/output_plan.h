#ifndef HLSREC_SRC_DELIVER_OUTPUT_PLAN_H_
#define HLSREC_SRC_DELIVER_OUTPUT_PLAN_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/chat.h"
#include "hlsrec/path_template.h"
#include "hlsrec/recorder.h"
#include "src/base/clock.h"
#include "src/deliver/lease.h"
#include "src/deliver/retry.h"
#include "src/manifest/manifest.h"
#include "src/playlist/media_list.h"
#include "src/spool/journal.h"

// What an output is asked to do, and what it is given.
namespace hlsrec::deliver {

// RFC 8216 and Apple's authoring rules 10.4.
inline constexpr std::string_view kPlaylistType =
    "application/vnd.apple.mpegurl";

// Where a container's segments are in the journal.
inline int PackagingOf(bool fmp4) { return fmp4 ? 1 : 0; }

// One segment of one rendition as it leaves the spool; outputs share the body.
struct SegmentRecord {
  int rendition = 0;
  std::uint64_t index = 0;  // in this run, from 0; the same for all renditions
  std::chrono::microseconds duration{0};
  WallTime start = {};
  bool discontinuity = false;
  // No media: nothing to store, listed with EXT-X-GAP.
  bool gap = false;
  std::string init_hash = {};  // empty: none needed
  std::shared_ptr<const Body> init = {};
  std::uint64_t size_bytes = 0;
  std::string sha256 = {};  // hex; may be empty
  std::shared_ptr<const Body> body = {};
  // How many outputs are not through with it: the spool keeps it for them.
  std::shared_ptr<std::atomic<int>> owed = {};
  // The bytes, counted in `owed` once more, for what is made at the end.
  std::shared_ptr<const Body> kept = {};
};

// A segment of an earlier run, with what this output did about it.
struct RestoredSegment {
  enum class State {
    kOwed,        // with its body; may have been stored without our knowing
    kStored,      //
    kLost,        // listed as a gap; tried again where it has a body
    kBackfilled,  // listed as a gap, stored later
  };
  SegmentRecord record = {};
  State state = State::kOwed;
};

// What the multivariant playlist says of a rendition.
struct RenditionInfo {
  std::string name = {};
  std::optional<int> height = {};
  std::optional<int> kbps = {};
  int layer = 0;
  bool has_video = false;
  // Known once the bitstream was seen.
  std::vector<std::string> codecs = {};
  int width = 0;
  int display_height = 0;
  double frame_rate = 0;
  std::string_view video_range = {};
  std::string language = {};
  std::string title = {};
  int channels = 0;
  std::vector<manifest::Track> tracks = {};
};

// One playlist of one rendition, with where it starts.
struct PlaylistPlan {
  PathTemplate path = {};
  // Continued from what exists, or fresh.
  playlist::MediaList list;
  playlist::MediaListOptions list_options = {};
  // Where it was found on Open(); empty: expanded with the first segment.
  std::string key = {};
  // What was found there, where this recording continued it; else empty.
  std::string imported = {};
  // Media sequence number: what is before has left the list.
  std::uint64_t list_from = 0;
};

struct RenditionPlan {
  RenditionInfo info = {};
  // Media sequence number, and {seq} in names, of this run's first segment.
  std::uint64_t first_sequence = 0;
  std::uint64_t first_number = 0;
  std::vector<PlaylistPlan> playlists = {};
};

// Who else writes an output's playlists, where that is asked.
struct LeasePlan {
  std::string playlist = {};  // whose lease it is
  std::chrono::milliseconds duration{0};
  std::optional<Lease> held = {};
};

// What tells of all that is stored.
struct ManifestPlan {
  PathTemplate path = {};
  std::string id = {};  // of the recording
};

// The chat, of which there is one path at least.
struct ChatPlan {
  std::optional<PathTemplate> path = {};
  std::optional<PathTemplate> captions_path = {};
  ChatFormulas formulas = ChatFormulas::kKeep;
  std::chrono::milliseconds shown_for{0};
};

struct OutputPlan {
  std::string id = {};
  spool::RecordingId recording = 0;
  std::shared_ptr<Sink> sink = {};
  std::string sink_name = {};  // as it describes itself
  PathTemplate segment = {};
  PathTemplate init = {};
  std::optional<PathTemplate> multivariant = {};
  bool fmp4 = false;
  bool independent_segments = false;
  ExpiredSegments expired = ExpiredSegments::kDelete;
  std::optional<std::chrono::seconds> delete_after_end = {};
  std::optional<ManifestPlan> manifest = {};
  std::optional<ChatPlan> chat = {};
  // Made at the end, of all media.
  std::optional<PathTemplate> archive = {};
  std::optional<PathTemplate> movie = {};
  PathFields fields = {};  // of the recording: stream, session, time, user
  std::vector<RenditionPlan> renditions = {};
  // An earlier run may have ended the playlists: no version without an end is
  // put any more.
  bool ending = false;
  // At least this long between two writes of one key.
  std::chrono::milliseconds rewrite_interval{0};
  // How long recordings of this stream stay after their end: of this one a note
  // tells later ones.
  std::optional<std::chrono::seconds> retain = {};
  // Other outputs, after which what this one holds may go: see RemoveAll().
  std::vector<std::string> delete_once_stored_by = {};
  // Nothing is put before Finish(), and no version without an end.
  bool at_end = false;
  // The sink keeps Content-Encoding.
  bool gzip_playlists = false;
  // Playlists whose last version an earlier run stored.
  std::set<std::string> ended = {};
  // Of the run that may write there, and until when; none: nobody asked.
  std::optional<LeasePlan> lease = {};
  RetryOptions retry = {};
  // How long playlists wait for a segment once a later one is stored, before
  // they show a gap; none: for ever.
  std::optional<std::chrono::milliseconds> segment_deadline = {};

  // The spool has all of its media until the end.
  [[nodiscard]] bool keeps_media() const {
    return archive.has_value() || movie.has_value();
  }
};

// For names of what belongs to a rendition.
inline PathFields FieldsOf(const OutputPlan& output,
                           const RenditionInfo& rendition) {
  PathFields fields = output.fields;
  fields.rendition = rendition.name;
  fields.height = rendition.height;
  fields.kbps = rendition.kbps;
  fields.layer = rendition.layer;
  return fields;
}

}  // namespace hlsrec::deliver

#endif  // HLSREC_SRC_DELIVER_OUTPUT_PLAN_H_
