#ifndef HLSREC_RECORDER_H_
#define HLSREC_RECORDER_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hlsrec/chat.h"
#include "hlsrec/events.h"
#include "hlsrec/export.h"
#include "hlsrec/identity.h"
#include "hlsrec/media.h"
#include "hlsrec/notification.h"
#include "hlsrec/path_template.h"
#include "hlsrec/playlist_policy.h"
#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "hlsrec/status.h"

namespace hlsrec {

enum class Container {
  // MPEG-TS when every track plays there (H.264, MPEG-2, AAC, MP3, AC-3), else
  // fMP4 (H.265, AV1, E-AC-3, Opus).
  kAuto,
  kMpegTs,
  kFmp4,
};

// Tracks that share a media playlist: a variant, or an alternative audio.
struct RenditionOptions {
  // For {rendition} and the multivariant playlist; unique, [A-Za-z0-9_.-]+.
  // May be empty where there is one rendition.
  std::string name = {};
  std::vector<int> tracks = {};  // Track::id
};

// What becomes of a segment that had to begin away from a keyframe, because
// none came within the target duration.
enum class MissingKeyframe {
  kCut,   // it is published; nothing is promised
  kGap,   // all segments are promised to be independent: it becomes EXT-X-GAP
  kFail,  // likewise, and the recording ends with an error
};

struct SegmentOptions {
  // Cut at the first keyframe at or after each multiple of this. Apple's
  // authoring rules (7.5) ask for six seconds.
  std::chrono::milliseconds target_duration{6000};
  // The longest distance between keyframes to allow for: TARGETDURATION is
  // ceil(target + max_gop) and stays for the life of the playlist. Empty: as
  // long as target_duration.
  std::optional<std::chrono::milliseconds> max_gop = {};
  // A segment that can't start at a keyframe; promising that all do writes
  // EXT-X-INDEPENDENT-SEGMENTS, so that it is not made by default.
  MissingKeyframe missing_keyframe = MissingKeyframe::kCut;
  // A segment's bytes reach the spool at least this often.
  std::chrono::milliseconds flush_interval{500};
};

// How the timeline treats what sources do to timestamps.
struct TimelineOptions {
  // A forward jump longer than this is a discontinuity.
  std::chrono::milliseconds max_forward_jump{2000};
  // A backward jump longer than this is one; shorter ones are repaired.
  std::chrono::milliseconds max_backward_jump{500};
  // Packets of different tracks are ordered by time within this window.
  std::chrono::milliseconds interleave{300};
  // How long to wait for the first keyframe before recording without video;
  // behind a discontinuity 0.6 s at most.
  std::chrono::milliseconds wait_for_keyframe{10000};
};

// What happens when the spool's disk or its quota is full, or when a segment is
// owed for longer than RuntimeOptions::spool_max_age.
enum class WhenSpoolFull {
  kStop,        // the recording ends in good order, with a clear error
  kWait,        // until there is room; Push() refuses beyond max_pending_bytes.
                // What is owed for too long is kept, and told
  kDropOldest,  // the oldest segments that wait for an output make room: each
                // becomes an EXT-X-GAP there
};

// What playlists do about a segment that can't be stored while later ones can.
// Where nothing can be stored they always wait.
enum class LateSegments {
  // kGap where an output has a live window, which moves on; else kWait: other
  // lists would show the gap for ever.
  kAuto,
  kWait,
  // After `segment_deadline` they go on with an EXT-X-GAP. The segment is tried
  // on, behind all others; a VOD list, which comes at the end, has it.
  kGap,
};

enum class IfPlaylistExists {
  kFail,    // kAlreadyExists; nothing is touched
  kAppend,  // continue it: numbers, TARGETDURATION, init sections; a
            // DISCONTINUITY before what is new
  // The same, also from another machine that has died: a lease in objects
  // beside the first playlist tells who writes. Refused with kConflict while
  // another machine does. When another one has taken over from this, the
  // recording ends with kConflict, puts no playlist any more, and keeps what it
  // owes in its spool. Wants names that are the same on each machine, and {run}
  // in those of segments. See `lease` and README.md for what stores promise.
  kTakeOver,
};

// How the time between an interrupted run and its continuation shows, and that
// of Recorder::Pause().
enum class Pause {
  kDiscontinuity,  // EXT-X-PROGRAM-DATE-TIME tells how long it was
  kGaps,           // EXT-X-GAP segments that sum to it
};

struct PlaylistOptions {
  // Template of the key; must be unique per rendition and playlist.
  std::string path = {};
  std::shared_ptr<const PlaylistPolicy> policy = EventList();
  bool program_date_time = true;
};

// How an output stores its playlists.
enum class PlaylistEncoding {
  kIdentity,  // as text
  // As one gzip member, which readers are told by Content-Encoding: about a
  // tenth of the bytes that each version of a long list takes. What never
  // changes again is compressed once. Only for sinks that keep it
  // (Sink::keeps_content_encoding()).
  kGzip,
};

// When an output is written to.
enum class Delivery {
  kRealTime,
  // Nothing is put until the recording has ended; then all of it, and playlists
  // with their end only. The spool holds the whole recording until then. Not
  // for playlists that lose segments, nor with WhenSpoolFull::kWait or
  // RuntimeOptions::spool_max_age. `finish_timeout` then is how long nothing
  // more may be stored.
  kAtEnd,
};

enum class ExpiredSegments {
  // Once nothing lists them and RFC 8216 section 6.2.2 allows. A recording that
  // has ended removes nothing behind its owner's back: what left the playlists
  // within the last window or so stays; delete_after_end removes that, too.
  kDelete,
  kKeep,
};

// One sink with what is written there.
struct OutputOptions {
  // In events and results; unique. Empty: "0", "1", ...
  std::string id = {};
  std::shared_ptr<Sink> sink = {};
  Container container = Container::kAuto;
  // Templates (path_template.h). Empty: those of the layout "default".
  std::string segment_path = {};
  std::string init_path = {};
  // Empty where none shall be written although there are several renditions.
  std::optional<std::string> multivariant_path = {};
  // Template of the manifest (hlsrec/manifest.h): put when the recording
  // starts and when its state changes, and at the end with all that is stored.
  // Empty: none is written; web servers may take playlists and segments alone.
  std::string manifest_path = {};
  // Of what Recorder::chat() takes, stored at the end, before the manifest.
  ChatOptions chat = {};
  // Template of a ZIP archive of all that this recording recorded, as a VOD:
  // one ended playlist per rendition, init sections and segments, stored
  // uncompressed. Made and put when the playlists have ended, before the
  // manifest; whatever dies, a later run makes it.
  //
  // This, and `movie_path`, keep every segment in the spool until the end, what
  // live windows drop, too; so they want a spool directory, and room for all of
  // the recording. With WhenSpoolFull::kDropOldest a spool that is full drops
  // the oldest that is stored: it is a gap in what is made. What `kAppend` goes
  // on behind is not in there, and the name must be new. Empty: none is made.
  std::string archive_path = {};
  // Likewise, of one progressive MP4 per rendition that has pictures (with the
  // sound of renditions that have none), or per rendition where none has:
  // packets as they are, breaks closed up, gaps kept. Made beside the spool's
  // segments, which takes the room of the longest once more, for a while. A
  // format that changes in a way that an MP4 can't hold is told in the result.
  std::string movie_path = {};
  // Empty: one EVENT list at the default layout's path.
  std::vector<PlaylistOptions> playlists = {};
  std::uint64_t first_sequence = 0;
  IfPlaylistExists if_exists = IfPlaylistExists::kFail;
  // Of kTakeOver: Open() waits for so long where the last writer died. Three
  // requests each third of it; a store that can't be reached for as long stops
  // playlists.
  std::chrono::milliseconds lease{15000};
  // Only segments that every playlist of this output has dropped.
  ExpiredSegments expired_segments = ExpiredSegments::kDelete;
  // At least this long between the end of one put of a key and the next one's
  // begin: playlists wait, and the newest version is put. Empty: what the sink
  // says that its store wants. A minute at most; a live playlist should not be
  // older than its players expect.
  std::optional<std::chrono::milliseconds> rewrite_interval = {};
  PlaylistEncoding playlist_encoding = PlaylistEncoding::kIdentity;
  Delivery delivery = Delivery::kRealTime;
  // Ids of other outputs. Once each of them has confirmed everything, and the
  // journal knows, what this one holds is removed; Wait() waits for it. Where
  // something is missing there all stays here. Empty: nothing is removed.
  std::vector<std::string> delete_once_stored_by = {};
  // Remove recordings of this stream from the sink this long after their end.
  // Each recording with this option leaves a note of what it stored below
  // ".hlsrec-recordings/"; only what notes name is ever removed, by later
  // recordings, and where the lists are as they were left: lists first, at the
  // beginning and about once an hour. For sinks that can list. A recording that
  // never ends wants a live window by time instead. Init sections stay where
  // init_path has neither {session} nor a time: others may use them.
  std::optional<std::chrono::seconds> retain = {};
  // Remove playlists and segments this long after the end.
  std::optional<std::chrono::seconds> delete_after_end = {};
};

// A copy of what is recorded, sample by sample, for a server that takes a
// stream. It is not stored for it: while the server is away or too slow,
// samples wait in memory, then the oldest are dropped, whole groups of pictures
// at a time, counted and told. The recording never waits for it.
struct RelayOptions {
  // In events (`output`) and results; unique. Empty: "relay0", "relay1", ...
  std::string id = {};
  // rtmp://, rtmps://: the first H.264 and the first AAC or MP3 track, as FLV;
  // srt://, udp://: every track that MPEG-TS carries. Events and errors do not
  // show an RTMP stream key, a user, a password or a query.
  std::string url = {};
  std::uint64_t max_queue_bytes = std::uint64_t{8} << 20;
  // For a connection to be made, one write to go through, or the end to be
  // sent.
  std::chrono::milliseconds timeout{10000};
  // A broken connection is made again after this, doubling up to
  // `reconnect_max`, for as long as the recording lasts.
  std::chrono::milliseconds reconnect_first{250};
  std::chrono::milliseconds reconnect_max{10000};
  // Of libavformat's protocol: {"passphrase", ...} for srt.
  std::map<std::string, std::string> av_options = {};
};

struct RecordingOptions {
  // Names the recording: {stream}; required.
  std::string stream = {};
  // One run of it: {session}. Empty: start time and a random suffix, so that
  // nothing that exists is met again.
  std::string session = {};
  std::vector<Track> tracks = {};
  // Empty: one rendition of all tracks.
  std::vector<RenditionOptions> renditions = {};
  // May be empty where there are relays: then nothing is stored.
  std::vector<OutputOptions> outputs = {};
  std::vector<RelayOptions> relays = {};
  std::vector<NotifierOptions> notifiers = {};
  // User fields for templates. Those that have the name of a field of
  // `identity` set that.
  std::map<std::string, std::string, std::less<>> fields = {};
  // Fixed when the recording starts. Who resumes one may leave out what was
  // given then, or give the same.
  RecordingIdentity identity = {};

  SegmentOptions segment = {};
  TimelineOptions timeline = {};

  // Bytes that may wait between Push() and the spool; then Push() refuses.
  std::uint64_t max_pending_bytes = std::uint64_t{32} << 20;
  // Stopping is the default because nobody has to find out from a gap.
  WhenSpoolFull spool_full = WhenSpoolFull::kStop;
  // Of an interrupted recording that goes on, or one that was paused. Players
  // skip gaps one by one, so that they are not made unless asked for.
  Pause pause = Pause::kDiscontinuity;
  // How long Finish() may take to get everything acknowledged.
  std::chrono::milliseconds finish_timeout{30000};
  // A put that failed for a reason that may pass is tried again after this,
  // doubling up to `retry_max`.
  std::chrono::milliseconds retry_first{250};
  std::chrono::milliseconds retry_max{10000};
  // An output that is refused for who we are (401, 403, EACCES) loses nothing:
  // one object finds out this often whether it still is.
  std::chrono::milliseconds retry_parked{60000};
  LateSegments late_segments = LateSegments::kAuto;
  // Since a later segment was stored. Empty: the target duration.
  std::optional<std::chrono::milliseconds> segment_deadline = {};

  // Take no more packets once this many segments are complete.
  std::optional<std::uint64_t> max_segments = {};
  // Likewise once they hold this much, all renditions and containers together;
  // the segment that reaches it is the last.
  std::optional<std::uint64_t> max_bytes = {};

  std::shared_ptr<Observer> observer = {};
};

// Counters of one recording, all since Open().
struct RecordingProgress {
  std::uint64_t packets_accepted = 0;
  std::uint64_t packets_written = 0;   // into segments
  std::uint64_t packets_dropped = 0;   // each told by an event
  std::uint64_t packets_repaired = 0;  // timestamps corrected
  std::uint64_t packets_paused = 0;    // taken between Pause() and Unpause()
  std::uint64_t bytes_written = 0;
  // Cut so far, of the first rendition (all have as many).
  std::uint64_t segments = 0;
  std::uint64_t segments_sealed = 0;  // sum over renditions and containers
  std::uint64_t segments_gap = 0;     // listed as EXT-X-GAP, likewise
  std::uint64_t segments_stored = 0;  // sum over outputs
  std::uint64_t segments_lost = 0;
  std::uint64_t discontinuities = 0;
  std::uint64_t chat_messages = 0;  // taken to be stored
  std::uint64_t put_retries = 0;
  std::uint64_t backlog_objects = 0;  // sealed or published, not yet stored
  std::uint64_t backlog_bytes = 0;
  // For how long the oldest segment that is complete waits to be listed, over
  // the outputs that are written to meanwhile.
  std::chrono::microseconds lag{0};
  bool paused = false;
  // Media waits in memory for room in the spool, or a segment is owed for
  // longer than RuntimeOptions::spool_max_age.
  bool spool_full = false;
  std::chrono::microseconds duration{0};
};

// An object beside the media, made when a recording ends.
struct MadeObject {
  // As in manifests: "chat", "captions", "archive", "movie".
  std::string kind = {};
  std::string key = {};
  std::uint64_t size_bytes = 0;
  // Of movies: whose pictures they are.
  std::string rendition = {};
  int layer = 0;
  int width = 0;
  int height = 0;
};

// What one output holds at the end.
struct OutputResult {
  std::string id = {};
  Status status = {};
  std::vector<std::string> playlists = {};  // keys, multivariant first
  std::vector<std::string> missing = {};    // keys that are not stored
  std::vector<MadeObject> made = {};        // stored
};

// What one relay came to.
struct RelayResult {
  std::string id = {};
  // OK: the last connection took all up to the end.
  Status status = {};
  std::uint64_t samples_sent = 0;  // access units, frames
  std::uint64_t samples_dropped = 0;
  std::uint64_t connections = 0;
};

struct RecordingResult {
  // OK: everything accepted is stored and listed, and every playlist is ended.
  // Relays count only where there are no outputs.
  Status status = {};
  RecordingProgress progress = {};
  std::vector<OutputResult> outputs = {};
  std::vector<RelayResult> relays = {};
};

// Whose thread does the work that a packet brings: reading its headers, muxing.
enum class PushWork {
  kRuntime,  // one of the runtime's: Push() only queues
  // The caller's, where the recording is idle. Cheaper: no thread is woken for
  // a packet, and its bytes stay in this processor's cache. As long as muxing
  // takes; never waits on I/O either.
  kCaller,
  // The same, and what was muxed is written to the spool there, too, where the
  // spool is idle. Cheaper still, for who may wait for a disk: a reader of
  // files, not one of a network.
  kCallerWithDisk,
};

// Records one presentation: packets in, playlists and segments out.
//
// Threads. Push() and every other method from any thread; packets of one track
//     must be pushed in decoding order.
// Errors. A sink's failure never reaches Push(): see events and the result.
// Lifetime. Destroying a Recorder that was not finished aborts it: nothing is
//     published by a destructor.
// Blocking. Open() reads existing playlists from the sinks; Wait() waits.
//     Nothing else blocks.
class HLSREC_EXPORT Recorder {
 public:
  // Validates the options (kInvalidArgument names the field), refuses tracks
  // the container can't carry (kFailedPrecondition with the remedy), reads what
  // exists (kAlreadyExists, or appends).
  static StatusOr<std::unique_ptr<Recorder>> Open(
      std::shared_ptr<Runtime> runtime, RecordingOptions options);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Hands a packet over. Waits on I/O with kCallerWithDisk only.
  // kResourceExhausted: not taken, the budget is spent: drop it or try later.
  // kFailedPrecondition: finished or failed. kInvalidArgument: no such track,
  // or no payload.
  Status Push(Packet packet, PushWork work = PushWork::kRuntime);

  // The tracks change (codec, count): ends the segment; what follows starts
  // with DISCONTINUITY and, for fMP4, a new init section. Where renditions were
  // named the new tracks must have the ids of Open(), in their order; the one
  // rendition of all tracks takes any set.
  Status Restart(std::vector<Track> tracks);

  // The source was interrupted: what follows is another timeline.
  // `missing`: how long media has been absent, to be declared as gap segments;
  // the wait from this call to the first sample that can be recorded (video: a
  // keyframe) is added to it. 0: no gaps are declared.
  Status Interrupt(
      std::chrono::milliseconds missing = std::chrono::milliseconds(0));

  // Ends the segment at the next keyframe.
  Status CutSegment();

  // What is pushed from now on is taken, counted and not recorded; the segment
  // ends, and playlists stay open. A recording that dies meanwhile goes on
  // unpaused.
  Status Pause();
  // Records again, from the next keyframe, behind a DISCONTINUITY; dates tell
  // how long it was, or gaps (RecordingOptions::pause).
  Status Unpause();

  // Takes what is said beside the media, for outputs with OutputOptions::chat.
  [[nodiscard]] ChatLog& chat() const;

  // No more packets: seal, store, end the playlists. Returns at once; Wait()
  // for the outcome.
  void Finish();
  // Stops now. What is published stays valid, without ENDLIST.
  void Abort();
  // Blocks until finished or aborted. Call after Finish() or Abort(), or to
  // wait for a failure.
  RecordingResult Wait();

  [[nodiscard]] RecordingProgress progress() const;

 private:
  class Impl;
  explicit Recorder(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace hlsrec

#endif  // HLSREC_RECORDER_H_
