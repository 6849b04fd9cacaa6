#ifndef HLSREC_SRC_RECORD_PLAN_H_
#define HLSREC_SRC_RECORD_PLAN_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/recorder.h"
#include "src/av/stream_writer.h"
#include "src/deliver/output_plan.h"
#include "src/media/cutter.h"
#include "src/spool/journal.h"

namespace hlsrec::record {

using deliver::PackagingOf;

// A set of tracks that share a playlist, by index into
// RecordingOptions::tracks.
struct RenditionTracks {
  std::string name = {};
  std::vector<int> tracks = {};
};

// Who is told of the recording.
struct NotifierPlan {
  std::string target = {};  // as it describes itself
  std::vector<NotificationType> types = {};
  [[nodiscard]] bool Wants(NotificationType type) const {
    return std::find(types.begin(), types.end(), type) != types.end();
  }
};

// RecordingOptions after validation: what will be done, with nothing left to
// guess. A plain value.
struct RecordingPlan {
  RecordingOptions options = {};
  spool::RecordingId recording = 0;
  std::string identity = {};         // in the journal
  std::shared_ptr<void> claim = {};  // nobody else works on it meanwhile
  std::string session = {};
  // options.identity, with what it left out.
  RecordingIdentity subject = {};
  // Of the recording in manifests: the same in each run, and on each output.
  std::string id = {};
  std::string run = {};  // {run}: this spool's share of the recording
  WallTime started = {};
  std::vector<RenditionTracks> renditions = {};
  std::vector<deliver::OutputPlan> outputs = {};
  std::vector<NotifierPlan> notifiers = {};
  std::vector<av::StreamTarget> relays = {};  // of options.relays, in order
  std::int64_t target_duration = 1;           // seconds, EXT-X-TARGETDURATION
  media::CutterOptions cutter = {};
  // Where continued playlists end on the date axis.
  WallTime not_before = {};
  // Playlists of an earlier recording go on here.
  bool continued = false;
  // An interrupted run of this recording goes on: its segments, by output and
  // rendition, and the index of the next.
  bool resumed = false;
  // Its journal was lost, and it goes on from its playlists.
  bool rebuilt = false;
  // A list that has its end and that no other follows, where that is so.
  std::string ended_list = {};
  std::vector<std::vector<std::vector<deliver::RestoredSegment>>> restored = {};
  std::uint64_t next_index = 0;
  std::uint64_t next_chat = 1;
};

// Validates, chooses containers, reads what exists on the sinks and continues
// or refuses it.
//
// Blocking. Reads playlists from the sinks.
StatusOr<RecordingPlan> MakePlan(RuntimeCore& core, RecordingOptions options);

// Whether an output stores the chat.
inline bool StoresChat(const RecordingPlan& plan) {
  return std::any_of(
      plan.outputs.begin(), plan.outputs.end(),
      [](const auto& output) { return output.chat.has_value(); });
}

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_PLAN_H_
