#ifndef HLSREC_SRC_RECORD_RECORDING_H_
#define HLSREC_SRC_RECORD_RECORDING_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "hlsrec/recorder.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/media/break_window.h"
#include "src/media/cutter.h"
#include "src/media/interleaver.h"
#include "src/media/stream_format.h"
#include "src/media/timeline.h"
#include "src/record/chat_feed.h"
#include "src/record/notification_feed.h"
#include "src/record/output_set.h"
#include "src/record/plan.h"
#include "src/record/segmenter.h"
#include "src/relay/relay.h"

namespace hlsrec::record {

// One recording in motion: timeline, order, cuts, packagers, outputs.
//
//   packet ─▶ reader ─▶ timeline ─▶ interleaver ─▶ break window ─▶ gate
//          ─▶ cutter ─▶ packagers
//                   └─▶ relays
//
// The break window is open around breaks alone: it waits for all tracks that
// change, so that they do it in one.
// The gate holds samples back until a decoder could start: at the leading
// track's first keyframe, and again after each break of the timeline.
//
// Threads. Everything on the recording's strand.
// Lifetime. Held by its calls in flight.
class Recording : public std::enable_shared_from_this<Recording> {
 public:
  Recording(std::shared_ptr<Runtime> runtime, std::shared_ptr<Strand> strand,
            RecordingPlan plan, spool::WriterLink writer_link,
            std::function<void(RecordingResult)> finished);

  // Makes the readers; nothing is recorded before it returned OK.
  Status Start();

  void OnPacket(const Packet& packet, int track);
  void OnRestart(std::vector<Track> tracks);
  void OnInterrupt(std::chrono::milliseconds missing);
  // A message as chat::SaveMessage() makes it.
  void OnChat(const std::string& message);
  void OnCut() { cutter_.Request(); }
  void OnPause();
  void OnUnpause();
  void OnFinish();
  void OnAbort();

  // The strand will not run again: nobody is told, what is held goes.
  void LetGo();

  [[nodiscard]] RecordingProgress Progress() const;
  [[nodiscard]] const Status& failure() const { return failure_; }
  [[nodiscard]] bool done() const { return done_; }

 private:
  enum class Phase { kWaiting, kRunning, kFull, kFinishing, kDone };

  struct TrackState {
    Track track;
    bool video = false;
    std::vector<int> renditions;
    std::unique_ptr<media::AccessUnitReader> reader;
    // Ticks per second of its samples: 90000, or the audio's sample rate.
    std::int64_t timescale = 90000;
    std::shared_ptr<const media::StreamFormat> format;  // seen at the gate
    bool active = false;         // in the packagers' track lists
    bool needs_keyframe = true;  // video: nothing decodable before
  };
  struct RenditionState {
    std::vector<int> tracks;
    std::uint64_t forgotten_below = 0;  // in the journal
  };

  Segmenter MakeSegmenter();
  std::vector<std::shared_ptr<Packager>> MakePackagers(int rendition);
  void StartRelays();
  [[nodiscard]] relay::Relay::Callbacks RelayCallbacks(std::size_t relay);
  void Begin();
  void SetState(RecordingState state);
  void NotePause();
  void OnSealed(const deliver::SegmentRecord& record);
  [[nodiscard]] bool HasEnough() const;
  void OnWriteFailed(const Packager::Failure& failure);
  void ForgetOld(int rendition);
  spool::WriterOptions MakeWriterOptions();
  void OnSpoolFull(const Status& status);
  void MakeRoom();
  void TellIfHopeless();
  void CheckAge();
  [[nodiscard]] bool spool_full() const { return waiting_writers_ > 0; }
  // Before the gate.
  void MakeTracks(std::vector<Track> tracks);
  void Drain();  // nothing that is on its way waits for more
  // The break window.
  void Route(media::TimedSample sample);
  void Settle();
  void SettleIfSilent();
  void GoOn(media::SettledBreak settled);
  void TakeFormat(const media::TimedSample& sample);
  // The gate.
  void Pass(media::TimedSample sample);
  void Return(media::TimedSample keyframe);
  void Hold(media::TimedSample sample);
  bool Keep(media::TimedSample sample);
  enum class Gate {
    kWhenReady,   // a keyframe is there, and all formats or enough waiting
    kLastChance,  // nothing more will come: with what there is
  };
  [[nodiscard]] std::int64_t LongestWait90() const;
  void TryOpenGate(Gate gate);
  void OpenGate(std::size_t keyframe);
  [[nodiscard]] int ChooseLeader() const;
  [[nodiscard]] bool SharesSegments(const TrackState& track) const;
  Status ConfigurePackagers();
  [[nodiscard]] media::MuxTrack MuxTrackOf(int number) const;
  void ConfigureRelays();
  // Behind it.
  void Record(const media::TimedSample& sample);
  void MakeCut(const media::Cut& cut, bool leader_keyframe);
  void OnForced(int rendition, std::uint64_t index);
  void OnRefused(std::uint64_t index, std::uint64_t samples);
  void EndAllSegments();
  void EndAllSegments(std::int64_t end90);

  void Drop(const TrackState& track, std::string_view reason,
            std::uint64_t count = 1);
  void CountDrop(std::string output, std::string reason, std::uint64_t count);
  void TellDrops();
  void Emit(Event event);
  void Fail(const Status& status);
  void FinishOutputs();
  void GiveUp();
  void GiveUpRelays();
  void OnRelayDone(std::size_t relay, RelayResult result);
  [[nodiscard]] std::vector<RelayResult> RelayResults() const;
  void DoneIfAllAre();
  void Done(Status status);
  void ArmFlushTimer();
  void OnFlushTimer();

  const std::shared_ptr<Runtime> runtime_;
  RuntimeCore& core_;
  const std::shared_ptr<Strand> strand_;
  RecordingPlan plan_;
  NotificationFeed feed_;
  std::shared_ptr<ChatFeed> chat_;  // null where nobody stores it
  const spool::WriterLink writer_link_;
  std::function<void(RecordingResult)> finished_;

  std::vector<TrackState> tracks_;
  std::vector<RenditionState> renditions_;
  const std::shared_ptr<OutputSet> outputs_;
  Segmenter segmenter_;
  media::Cutter cutter_;
  std::vector<std::unique_ptr<relay::Relay>> relays_;
  std::optional<media::Timeline> timeline_;
  std::optional<media::Interleaver> interleaver_;
  media::BreakWindow window_;
  SteadyTime window_fed_ = {};  // when its newest sample came

  Phase phase_ = Phase::kWaiting;
  int leader_ = -1;
  bool fresh_ = true;            // nothing was recorded by this run
  bool started_ = false;         // something was recorded
  bool video_given_up_ = false;  // no keyframe came: audio leads
  std::deque<media::TimedSample> held_;
  std::uint64_t held_bytes_ = 0;
  bool flush_armed_ = false;
  std::optional<SteadyTime> paused_since_;
  std::uint64_t paused_packets_ = 0;  // of this pause
  int waiting_writers_ = 0;           // for room in the spool
  bool told_hopeless_ = false;        // what fills it stays
  bool told_late_ = false;            // something is owed for too long

  struct DropCount {
    std::string output;  // a relay's id; empty: of the recording
    std::string reason;
    std::uint64_t count = 0;
  };
  std::vector<DropCount> untold_drops_;
  RecordingProgress progress_;
  // Rendition and index; several containers may fail to hold one.
  std::set<std::pair<int, std::uint64_t>> unwritten_;
  std::uint64_t told_repairs_ = 0;
  Status failure_;
  std::vector<std::optional<RelayResult>> relay_results_;
  std::size_t relays_done_ = 0;
  // Whether the journal knows that it ends.
  Status ending_journaled_ = Unavailable("the journal has not answered");
  bool done_ = false;
};

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_RECORDING_H_
