#ifndef HLSREC_SRC_AV_STREAM_SELECTION_H_
#define HLSREC_SRC_AV_STREAM_SELECTION_H_

extern "C" {
#include <libavformat/avformat.h>
}

#include <set>
#include <string>
#include <vector>

#include "hlsrec/media.h"
#include "hlsrec/source.h"

namespace hlsrec::av {

// A stream as hlsrec describes it, language and frame rate cleaned up.
// The stream's codec is one that hlsrec carries.
Track MakeTrack(const AVFormatContext& input, const AVStream& stream);

// Why the stream can never be recorded; empty where it can.
std::string WhyUnusable(const AVStream& stream);

// Sizes or rates are known, or at least a configuration: it has spoken.
bool HasParameters(const AVStream& stream);

// What is taken of an input.
struct Selection {
  std::set<int> wanted = {};  // stream indices, silent ones included
  // Indices into AVFormatContext::programs of those that are taken; empty where
  // the input has none.
  std::vector<unsigned> programs = {};
};

// Chooses by programs: all of them, or the one with the best picture (then the
// most bits, then the first). Works before and after the streams were analysed.
Selection SelectStreams(const AVFormatContext& input, bool all_programs);

// Streams that are not wanted are not even parsed.
void DiscardUnwanted(AVFormatContext& input, const Selection& selection);

// A name of [A-Za-z0-9_.-]+ for the program, from what the input says.
std::string ProgramName(const AVFormatContext& input, unsigned program);

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_STREAM_SELECTION_H_
