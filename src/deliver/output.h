#ifndef HLSREC_SRC_DELIVER_OUTPUT_H_
#define HLSREC_SRC_DELIVER_OUTPUT_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hlsrec/events.h"
#include "hlsrec/manifest.h"
#include "hlsrec/path_template.h"
#include "hlsrec/recorder.h"
#include "src/base/clock.h"
#include "src/base/executor.h"
#include "src/deliver/bandwidth.h"
#include "src/deliver/end_work.h"
#include "src/deliver/gzip_list.h"
#include "src/deliver/kept_media.h"
#include "src/deliver/lease.h"
#include "src/deliver/manifest_rows.h"
#include "src/deliver/output_plan.h"
#include "src/deliver/retention.h"
#include "src/deliver/uploader.h"
#include "src/manifest/lazy_body.h"
#include "src/manifest/manifest.h"
#include "src/playlist/media_list.h"
#include "src/spool/journal.h"

namespace hlsrec::deliver {

// Stores segments on one sink and publishes playlists of what is stored: init
// section before segment, segment before media playlist, that before the
// multivariant one. The only writer of playlists.
//
// Every outcome goes to the journal: a loss before any list shows it, so that
// the next run says the same.
//
// Threads. Everything on the recording's strand.
// Lifetime. Held by its calls in flight; `journal` outlives it.
class Output : public std::enable_shared_from_this<Output> {
 public:
  Output(std::shared_ptr<Strand> strand, const Clock& clock,
         spool::Journal& journal, OutputPlan plan,
         std::function<void(Event)> emit);

  // Takes up where an earlier run stopped: by rendition, in order of index,
  // without holes. Once, before anything else.
  void Restore(std::vector<std::vector<RestoredSegment>> renditions);

  // Segments of one rendition in order of index, without holes.
  void Add(SegmentRecord segment);
  // What the bitstream says of a rendition; may come again. What is known of it
  // then: what it said before stays true.
  const RenditionInfo& Describe(int rendition, RenditionInfo info);
  // What the manifest says, where there is one; Finish() tells the rest.
  void SetState(RecordingState state);
  // Before Finish(): what is made when all playlists have ended, one after the
  // other, and before the manifest's last version.
  void AddEndWork(std::shared_ptr<EndWork> work);
  // The recording went wrong, whatever this output holds.
  void SetFailure(const Status& failure) { failure_ = failure; }
  // Gives up the oldest segments that are not stored, of one index, and their
  // room in the spool. False: there are none.
  bool DropOldest();
  // Likewise all that are owed since before `time`.
  void DropOwedBefore(SteadyTime time);
  // The key of a segment that is owed since before `time`; null: there is none.
  [[nodiscard]] const std::string* OwedBefore(SteadyTime time) const;
  // Whether one waits for its sink.
  [[nodiscard]] bool owes_now() const;
  // How many it did not take, for good, and that fill the spool.
  [[nodiscard]] std::uint64_t refused() const { return refused_.size(); }
  // No more segments: end all playlists; `done` once, when all is stored or
  // given up.
  void Finish(std::function<void(OutputResult)> done);
  // Nobody is told, what is held goes: the strand will not run again.
  void LetGo();
  // Out of time: what is not stored is missing.
  void GiveUp();
  [[nodiscard]] const std::string& id() const { return plan_.id; }
  // Whether its lists hold all segments that the spool had, none as a gap.
  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] const std::vector<std::string>& delete_once_stored_by() const {
    return plan_.delete_once_stored_by;
  }
  // After the end: removes all it stored, lists first, if its plan names
  // outputs that allow that. `done` once, with the first failure; what failed
  // for good stays.
  void RemoveAll(std::function<void(Status)> done);

  // No list needs the segments before this index any more, and none is owed or
  // to be removed.
  [[nodiscard]] std::uint64_t NeededFrom(int rendition) const;
  [[nodiscard]] const Uploader& uploader() const { return *uploader_; }
  [[nodiscard]] std::uint64_t stored() const { return stored_; }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  // Null where it keeps none.
  [[nodiscard]] const std::shared_ptr<KeptMedia>& kept() const { return kept_; }
  // What waits for Finish().
  [[nodiscard]] std::uint64_t held_objects() const { return held_objects_; }
  [[nodiscard]] std::uint64_t held_bytes() const { return held_bytes_; }
  // How long ago the oldest segment that no list names came.
  [[nodiscard]] std::chrono::microseconds lag() const;
  // How far it got with what it held back, or makes at the end: while this
  // grows there is hope.
  [[nodiscard]] std::uint64_t progress_at_end() const;

 private:
  struct Pending {
    SegmentRecord record;
    std::string key;
    SteadyTime owed_since = {};
    enum class State {
      kWaiting,
      kLosing,  // lost; the journal is told
      kStored,
      kLost,
    } state = State::kWaiting;
    // Not brought to the sink yet: it waits for Finish(), or for its turn.
    bool held = false;
    // Of an earlier run: may be there already.
    bool restored = false;
    // The spool needs its room.
    bool dropped = false;
    // An earlier version listed it as a gap.
    bool was_gap = false;
    // A later one is stored: it has until its deadline.
    bool overtaken = false;
    // Lost by its deadline, and stored since.
    bool backfilled = false;
    // As its sink tells it.
    std::shared_ptr<std::string> etag = {};
  };
  // When a key may be written again.
  struct Pace {
    SteadyTime next = {};
    SteadyTime timer = {};  // the last one that was set
  };
  // One playlist that is being written.
  struct Playlist {
    Playlist(std::size_t number_in, PlaylistPlan plan_in)
        : number(number_in),
          plan(std::move(plan_in)),
          list(plan.list),
          key(plan.key) {}
    std::size_t number;  // among the rendition's
    PlaylistPlan plan;
    playlist::MediaList list;
    std::string key;
    bool dirty = false;
    bool ended = false;
    bool in_flight = false;
    bool published = false;  // at least one version is stored
    bool final_stored = false;
    Status status = {};
    Pace pace = {};
    GzipList gzip;
    std::string sha256;            // of its last version's text, for its note
    std::uint64_t size_bytes = 0;  // likewise
    std::shared_ptr<std::string> etag;  // likewise
    // The oldest segment that the newest stored version lists.
    std::uint64_t stored_oldest = 0;
    // Where lists follow each other: the one before, until it has its end.
    std::shared_ptr<Playlist> before = {};
    // Not appended: the first of them is late, and a VOD list has time.
    std::deque<Pending> held;
  };
  struct Rendition {
    int number = 0;
    RenditionInfo info;
    std::uint64_t first_sequence = 0;
    std::uint64_t first_number = 0;
    std::deque<Pending> pending;  // not yet listed, in order
    // Past their deadline and still tried, by index.
    std::map<std::uint64_t, Pending> late;
    std::uint64_t next_index = 0;
    std::uint64_t next_held = 0;  // no held one is before it
    // Init sections by hash: put, and stored.
    std::map<std::string, bool> inits;
    std::map<std::string, std::uint64_t> init_sizes;  // for the manifest
    std::map<std::string, std::shared_ptr<std::string>> init_etags;  // likewise
    // Rotated-out lists stay until their last version is stored.
    std::vector<std::shared_ptr<Playlist>> playlists;
    std::vector<std::shared_ptr<Playlist>> rotated;
    BandwidthMeter bandwidth;
    // What the published multivariant playlist allows for.
    std::int64_t promised_peak = 0;
    // Segments that will leave, by sequence: only where nothing keeps them.
    struct Expirable {
      std::string key;
      std::chrono::microseconds duration{0};
      // How long it stays after it left the last list, RFC 8216 section 6.2.2.
      std::chrono::microseconds hold{0};
    };
    std::map<std::uint64_t, Expirable> expirable;
    // Sequence: segments before it are of an earlier run.
    std::uint64_t restored_until = 0;
    std::set<std::uint64_t> leaving;  // their removal is on its way
  };

  [[nodiscard]] static bool Droppable(const Pending& pending);
  void Drop(std::uint64_t index);
  Pending& Enqueue(Rendition& rendition, SegmentRecord record);
  void Bring(Rendition& rendition, Pending& pending);
  void BringOwed(Rendition& rendition);
  [[nodiscard]] bool holds_back() const { return plan_.at_end && !finishing_; }
  void Hold(Pending& pending);
  void LetGoOf(Pending& pending);
  void BringHeld();
  Pending* NextHeld(Rendition& rendition);
  void Lose(Rendition& rendition, Pending& pending, const Status& status);
  void JournalLoss(int rendition, std::uint64_t index);
  void OnLossJournaled(int rendition, std::uint64_t index,
                       const Status& status);
  void Overtake(Rendition& rendition, std::uint64_t index);
  void OnDeadline(int rendition, std::uint64_t index);
  void OnLate(Rendition& rendition, std::uint64_t index, const Status& status);
  void ListHeld(Rendition& rendition);
  Pending* FindPending(Rendition& rendition, std::uint64_t index);
  void OnInitStored(int rendition, const std::string& hash,
                    const Status& status);
  void OnStored(int rendition, std::uint64_t index, const Status& status);
  void Advance(Rendition& rendition);
  bool ListReady(Rendition& rendition);
  void List(Rendition& rendition, const Pending& pending);
  void AppendTo(Rendition& rendition, std::shared_ptr<Playlist>& playlist,
                const Pending& pending);
  void Publish(Rendition& rendition, const std::shared_ptr<Playlist>& playlist);
  void OnPublished(Rendition& rendition,
                   const std::shared_ptr<Playlist>& playlist,
                   const spool::PlaylistPublished& version,
                   const Status& status);
  void Expire(Rendition& rendition);
  void RemoveExpired(int rendition, std::uint64_t sequence,
                     const std::string& key);
  void PutSegment(Rendition& rendition, Pending& pending);
  void Confirm(Rendition& rendition, Pending& pending);
  void PutInit(Rendition& rendition, const SegmentRecord& record);
  void PublishMultivariant();
  [[nodiscard]] std::string RenderMultivariant(bool final) const;
  void PublishAll(Rendition& rendition);
  void PublishNext(Rendition& rendition, const Playlist& ended);
  void PutPlaylist(PutRequest request, GzipList::Parts text, GzipList& gzip,
                   Uploader::Done done);
  // Whether this key was written just now; `again` is called when it may be.
  bool TooSoon(Pace& pace, std::function<void(Output&)> again);
  [[nodiscard]] static std::chrono::microseconds LongestOf(
      const Rendition& rendition);
  void EndLists();
  void CheckFinished();
  // For the day when all is to be removed.
  void Remember(const std::string& key);
  void RememberInit(const std::string& key);
  void Forget(const std::string& key) { all_keys_.erase(key); }
  void StartRetention();
  // False: the note of this recording is on its way.
  bool NoteIsSettled();
  [[nodiscard]] std::optional<RetentionNote> MakeNote() const;
  [[nodiscard]] StatusOr<std::string> InitKey(const Rendition& rendition,
                                              const std::string& hash) const;
  // Where the ETag of what `request` puts comes, before its reply does; null
  // where nobody asks.
  [[nodiscard]] std::shared_ptr<std::string> TakeEtag(
      PutRequest& request) const;
  // What is made at the end: see output_end_work.cc.
  [[nodiscard]] std::vector<spool::SeriesPart> Series() const;
  // False: something is being made.
  bool EndWorkIsDone();
  // What the spool keeps until the end: see output_end_work.cc.
  void Keep(const Rendition& rendition, Pending& pending);
  // Of one that is kept: nothing else is to become of it here.
  void Through(const Rendition& rendition, std::uint64_t index);
  void DropKept(const Rendition& rendition, std::uint64_t index);
  bool DropOldestKept();
  void OnMade(MadeAtEnd made);
  // The manifest: see output_manifest.cc.
  bool NameManifest();
  void PublishManifest();
  void PutManifest(std::shared_ptr<const Body> body, bool last);
  void OnManifestPut(bool last, const Status& status);
  [[nodiscard]] manifest::Head MakeHead() const;
  // False: its last version is on its way.
  bool ManifestIsSettled();
  [[nodiscard]] bool IsThere(const Rendition& rendition,
                             std::uint64_t index) const;
  void OnRows(StatusOr<std::vector<SeriesRows>> rows);
  [[nodiscard]] std::vector<manifest::Part> ListParts() const;
  void AddInitParts(const Rendition& rendition,
                    const std::set<std::string>& hashes, bool& first,
                    std::vector<manifest::Part>& parts) const;
  void ScheduleDeleteAfterEnd();
  void SortKeysForRemoval();
  void EndRemoval();
  void DeleteNext(std::size_t next);
  // Without the manifest and what is made at the end.
  OutputResult MediaResult() const;
  // Without the manifest.
  OutputResult EndedResult() const;
  OutputResult MakeResult() const;
  [[nodiscard]] PathFields FieldsFor(const Rendition& rendition) const;
  [[nodiscard]] bool KeepsEverything(const Rendition& rendition) const;
  void EmitFor(EventType type, const Rendition& rendition, const Pending& p,
               const Status& status);

  const std::shared_ptr<Strand> strand_;
  const Clock& clock_;
  spool::Journal& journal_;
  const OutputPlan plan_;
  const std::function<void(Event)> emit_;
  std::shared_ptr<Uploader> uploader_;
  std::vector<Rendition> renditions_;

  struct Multivariant {
    std::string key;
    bool untrue = false;   // what it says of codecs or playlists changed
    bool refused = false;  // for good
    bool in_flight = false;
    bool waits = false;  // it was written just now
    bool published = false;
    bool final_stored = false;
    Status status = {};
    Pace pace = {};
    std::string text;                   // of the last version that was put
    std::shared_ptr<std::string> etag;  // likewise
  } multivariant_;

  struct EndWorks {
    std::deque<std::shared_ptr<EndWork>> waiting;  // the first may be at work
    bool at_work = false;
    MadeAtEnd made;
    std::uint64_t progress = 0;  // of those that are done
  } end_work_;
  const std::shared_ptr<KeptMedia> kept_;

  struct Manifest {
    std::string key;
    std::optional<RecordingState> state;
    bool dirty = false;
    bool in_flight = false;
    bool refused = false;  // for good
    bool waits = false;    // it was written just now
    bool reading = false;  // what the last version says
    bool settled = false;  // the last version is stored, or can't be
    bool stored = false;
    Status status = {};
    Pace pace = {};
  } manifest_;
  Status failure_;    // of the recording
  int removals_ = 0;  // under way

  std::uint64_t held_objects_ = 0;
  std::uint64_t held_bytes_ = 0;
  bool bringing_ = false;  // BringHeld() is at work
  bool finishing_ = false;
  bool given_up_ = false;
  bool finished_ = false;
  std::function<void(OutputResult)> done_;
  std::uint64_t stored_ = 0;
  std::uint64_t lost_ = 0;
  // Of what was lost, oldest first: the spool keeps it for the next run.
  struct Refused {
    std::shared_ptr<const Body> body;
    std::shared_ptr<std::atomic<int>> owed;
  };
  std::deque<Refused> refused_;
  std::vector<std::string> missing_;
  std::set<std::string> all_keys_;         // see Remember()
  std::vector<std::string> removal_keys_;  // likewise, in order
  struct Note {
    std::string key;
    bool in_flight = false;
    bool settled = false;
    Status status = {};
  } note_;
  std::shared_ptr<Retention> retention_;
  bool complete_ = true;
  std::function<void(Status)> removed_;
  Status removal_ = {};
};

// Where what a sink tells of `request` comes, before its reply does.
std::shared_ptr<std::string> EtagOf(PutRequest& request);
inline std::string Told(const std::shared_ptr<std::string>& etag) {
  return etag == nullptr ? std::string() : *etag;
}

// SHA-256 of a text in parts, as hex.
std::string HashOf(const GzipList::Parts& text);

// Of all of them.
std::uint64_t ProgressAtEnd(
    const std::vector<std::shared_ptr<Output>>& outputs);

}  // namespace hlsrec::deliver

#endif  // HLSREC_SRC_DELIVER_OUTPUT_H_
