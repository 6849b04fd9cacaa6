#ifndef HLSREC_SRC_SPOOL_JOURNAL_H_
#define HLSREC_SRC_SPOOL_JOURNAL_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "hlsrec/status.h"
#include "src/base/clock.h"
#include "src/spool/notification.h"

namespace hlsrec::spool {

// One presentation, in every process that works on it.
using RecordingId = std::int64_t;

// A segment of one rendition in one packaging (a container, today).
struct SegmentId {
  RecordingId recording = 0;
  int rendition = 0;
  int packaging = 0;
  std::uint64_t index = 0;  // in the recording, from 0

  friend bool operator==(const SegmentId&, const SegmentId&) = default;
  friend bool operator<(const SegmentId& a, const SegmentId& b) {
    return std::tie(a.recording, a.rendition, a.packaging, a.index) <
           std::tie(b.recording, b.rendition, b.packaging, b.index);
  }
};

// What is written down. Texts named "opaque" are whoever wrote them's own.

// A recording begins, or goes on with another `config`.
struct RecordingOpened {
  RecordingId recording = 0;
  // What makes two runs one recording; at most one open recording has it.
  std::string identity = {};
  std::string config = {};  // opaque
};
struct InitSection {
  RecordingId recording = 0;
  int rendition = 0;
  int packaging = 0;
  std::string hash = {};
  std::string bytes = {};
};
// Complete in the spool, or a gap that was declared.
struct SegmentSealed {
  SegmentId id = {};
  std::chrono::microseconds duration{0};
  WallTime start = {};
  bool discontinuity = false;
  bool gap = false;
  std::string init_hash = {};
  std::string file = {};  // its name in the spool; empty for a gap
  std::uint64_t size_bytes = 0;
  std::string sha256 = {};  // hex; empty without durability
};
enum class Outcome {
  kStored = 1,
  kLost = 2,        // declared a gap; the spool keeps it
  kBackfilled = 3,  // stored after that
};
struct SegmentDelivered {
  RecordingId recording = 0;
  std::string output = {};
  int rendition = 0;
  std::uint64_t index = 0;
  Outcome outcome = Outcome::kStored;
  std::string etag = {};  // as the sink told it
};
// The version of a playlist that its sink acknowledged last.
struct PlaylistPublished {
  RecordingId recording = 0;
  std::string output = {};
  int rendition = 0;  // -1: multivariant
  std::string key = {};
  std::uint64_t oldest_sequence = 0;
  std::uint64_t newest_sequence = 0;
  std::uint64_t discontinuity_sequence = 0;
  bool ended = false;
  int playlist = 0;  // position among the rendition's
};
// What the bitstream said of a rendition; replaces what was said before.
struct RenditionDescribed {
  RecordingId recording = 0;
  int rendition = 0;
  std::string info = {};  // opaque
};
// Said beside the media. Under a number that is known it takes the place of
// what was there.
struct ChatAppended {
  RecordingId recording = 0;
  std::uint64_t number = 0;  // from 1, in the order they came
  std::string message = {};  // opaque
};
// Nothing lists or owes these any more.
struct SegmentsForgotten {
  RecordingId recording = 0;
  int rendition = 0;
  std::uint64_t below_index = 0;
};
// No more media will come: what is left is to deliver and to end.
struct RecordingEnding {
  RecordingId recording = 0;
};
// Nothing is owed: all of it goes.
struct RecordingForgotten {
  RecordingId recording = 0;
};

using JournalEntry =
    std::variant<RecordingOpened, InitSection, SegmentSealed, SegmentDelivered,
                 PlaylistPublished, RenditionDescribed, ChatAppended,
                 SegmentsForgotten, RecordingEnding, RecordingForgotten,
                 NotificationQueued, NotificationSettled,
                 NotificationsForgotten>;

// What an earlier run left, in short.
struct RecordingSummary {
  RecordingId recording = 0;
  std::string identity = {};
  std::string config = {};
  bool ending = false;
};

// All that is known of one recording.
struct JournaledRecording {
  RecordingSummary summary = {};
  std::vector<InitSection> inits = {};
  std::vector<SegmentSealed> segments = {};  // by SegmentId
  // By output, rendition, index.
  std::vector<SegmentDelivered> deliveries = {};
  std::vector<PlaylistPublished> playlists = {};
  std::vector<RenditionDescribed> renditions = {};
  std::vector<ChatAppended> chat = {};  // by number
};

// Segments of one series, with what became of them at one output.
struct SeriesPart {
  RecordingId recording = 0;
  int rendition = 0;
  int packaging = 0;
  std::string output = {};
  std::uint64_t from_index = 0;
  std::size_t max_segments = 0;
};

// The record of what was sealed, stored and published, that survives us.
//
// Threads. Any. Blocking. No.
// Errors. An entry that could not be written is told to its `done`; those after
//     it are tried all the same.
class Journal {
 public:
  using Done = std::function<void(Status)>;
  using Loaded = std::function<void(StatusOr<JournaledRecording>)>;

  virtual ~Journal() = default;
  // An id that no recording of this journal has or had.
  virtual RecordingId NewRecording() = 0;
  // It had that one when it was opened, or before.
  [[nodiscard]] virtual bool HasForgotten(RecordingId) const { return false; }
  // Takes effect in order of calls, many in one transaction. `done` (may be
  // empty) runs once, on any thread, when the entry outlives our death, and
  // power's where the durability chosen says so.
  virtual void Add(JournalEntry entry, Done done) = 0;
  // Every recording that was opened, by an earlier run or by this one, and not
  // forgotten.
  virtual std::vector<RecordingSummary> Recordings() = 0;
  // One at a time works on a recording: kFailedPrecondition where `identity` is
  // claimed. Claims die with the process.
  virtual Status Claim(const std::string& identity) = 0;
  virtual void Release(const std::string& identity) = 0;
  // As of the entries added before. kFiles: of the segments their ids and
  // files, and nothing else, in any order. kChat: the chat, and nothing else.
  enum class Detail { kAll, kFiles, kChat };
  virtual void Load(RecordingId recording, Detail detail, Loaded loaded) = 0;
  void Load(RecordingId recording, Loaded loaded) {
    Load(recording, Detail::kAll, std::move(loaded));
  }
  // Whether one was queued that is not forgotten, as far as it is known.
  [[nodiscard]] virtual bool HasNotifications() const { return false; }
  // In the order they were queued, as of the entries added before.
  virtual void LoadNotifications(NotificationFilter filter,
                                 NotificationsLoaded loaded) = 0;
  // As Load(), of one part: segments and deliveries, by index, and nothing
  // else. So that nobody holds all of a long recording.
  virtual void LoadPart(const SeriesPart& part, Loaded loaded) = 0;
  // Parts of this recording will be asked for: a journal that forgets keeps its
  // segments in memory, until the recording forgets them.
  virtual void KeepSegments(RecordingId) {}
};

// Remembers nothing but notifications, chat and what KeepSegments() asks for:
// for a spool that dies with us.
std::unique_ptr<Journal> MakeVolatileJournal();

}  // namespace hlsrec::spool

#endif  // HLSREC_SRC_SPOOL_JOURNAL_H_
