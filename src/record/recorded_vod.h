#ifndef HLSREC_SRC_RECORD_RECORDED_VOD_H_
#define HLSREC_SRC_RECORD_RECORDED_VOD_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/sink.h"
#include "src/deliver/kept_media.h"
#include "src/deliver/output_plan.h"

namespace hlsrec::record {

// What an output recorded, as a VOD of its own: ended playlists over all that
// the spool has, with gaps for what it has not. Names are the output's keys
// below the folder that all have in common.
//
// Threads. A plain value.
struct RecordedVod {
  struct Rendition {
    std::string playlist = {};  // empty: there is no media
    // Of the presentation below: its URI there.
    std::string variant = {};
  };
  using Objects = std::map<std::string, std::shared_ptr<const Body>>;
  Objects playlists = {};
  Objects media = {};  // init sections and segments
  std::vector<Rendition> renditions = {};
  // The multivariant playlist's name; with no name of the output's own it is
  // not among the playlists.
  std::string presentation = {};
  std::shared_ptr<const Body> presentation_text = {};
  // Sound is in renditions of its own.
  bool has_audio_group = false;
};

// Pure, but as long as the recording is.
StatusOr<RecordedVod> MakeRecordedVod(
    const deliver::OutputPlan& plan,
    const std::vector<deliver::RenditionInfo>& infos,
    const deliver::KeptSegments& kept);

// Reads the objects; puts nothing. Threads. Any.
std::unique_ptr<Sink> MakeVodSource(const RecordedVod& vod);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_RECORDED_VOD_H_
