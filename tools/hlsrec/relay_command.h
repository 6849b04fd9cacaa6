#ifndef HLSREC_TOOLS_HLSREC_RELAY_COMMAND_H_
#define HLSREC_TOOLS_HLSREC_RELAY_COMMAND_H_

#include <string_view>

#include "hlsrec/recorder.h"
#include "tools/hlsrec/record_command.h"

namespace hlsrec::tools {

// What `hlsrec relay` does unless told otherwise: a live window.
RecordCommand RelayDefaults();

// "rtmp://...", "srt://...": a receiver of streams.
bool IsStreamUrl(std::string_view output);

// Puts receivers of streams apart from where files go, and URLs in the place of
// @FILE (so that a stream key is in no list of processes). kInvalidArgument
// names the argument.
Status SortOutputs(RecordCommand& command);

// kInvalidArgument where something would be kept on this machine.
Status CheckRelayTargets(const RecordCommand& command);

std::vector<RelayOptions> MakeRelayOptions(const RecordCommand& command);

// Its flags: record_flags.cc.
void AddRelay(CLI::App& app, RecordCommand& relay);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_RELAY_COMMAND_H_
