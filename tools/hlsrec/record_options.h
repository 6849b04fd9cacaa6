#ifndef HLSREC_TOOLS_HLSREC_RECORD_OPTIONS_H_
#define HLSREC_TOOLS_HLSREC_RECORD_OPTIONS_H_

#include <memory>
#include <string>
#include <vector>

#include "hlsrec/pump.h"
#include "hlsrec/recorder.h"
#include "tools/hlsrec/record_command.h"

namespace hlsrec::tools {

// The command's words as the library's options. kInvalidArgument names the
// flag.
StatusOr<UrlSourceOptions> MakeSourceOptions(const RecordCommand& command);
StatusOr<PumpOptions> MakePumpOptions(const RecordCommand& command);
// Without tracks and renditions, which the source tells.
StatusOr<RecordingOptions> MakeRecordingOptions(
    const RecordCommand& command, const std::shared_ptr<Runtime>& runtime);
// The sink of one output, where its playlists begin.
StatusOr<std::shared_ptr<Sink>> OpenOutput(
    const RecordCommand& command, const std::shared_ptr<Runtime>& runtime,
    const std::string& output);
// The spool's part of the runtime's options.
StatusOr<RuntimeOptions> MakeRuntimeOptions(const RecordCommand& command);
// The last part of the input that can be a name: "rtmp://h/live/cam1" is cam1;
// unless it was told.
std::string StreamName(const RecordCommand& command);
// Each run writes other playlists: their names hold the session or the time.
bool NamesItselfAnew(const RecordCommand& command);
// The folder of spools: beside the first local output, so that segments can be
// linked.
std::string SpoolsOf(const RecordCommand& command);
// The path of the playlist an output starts with, for people.
std::string DescribeOutput(const std::string& output, const std::string& key);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_RECORD_OPTIONS_H_
