#ifndef HLSREC_SRC_RECORD_STORED_H_
#define HLSREC_SRC_RECORD_STORED_H_

#include <optional>
#include <string>
#include <vector>

#include "hlsrec/sink.h"
#include "src/base/runtime_core.h"
#include "src/deliver/output_plan.h"

// What an output's sink holds, and under which names. Blocking: asks the sink.
namespace hlsrec::record {

// The playlist's text, or an init section's bytes, however it is stored; none
// where there is none.
StatusOr<std::optional<std::string>> GetPlaylist(RuntimeCore& core, Sink& sink,
                                                 const std::string& key);

StatusOr<bool> IsThere(RuntimeCore& core, Sink& sink, const std::string& key);

// kUnimplemented where the sink can't.
StatusOr<std::vector<ObjectInfo>> ListObjects(RuntimeCore& core, Sink& sink,
                                              const std::string& prefix);

// For names of `rendition`, its first number's.
PathFields NameFields(const deliver::OutputPlan& output,
                      const deliver::RenditionPlan& rendition);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_STORED_H_
