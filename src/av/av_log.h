#ifndef HLSREC_SRC_AV_AV_LOG_H_
#define HLSREC_SRC_AV_AV_LOG_H_

#include <functional>
#include <string_view>

#include "hlsrec/runtime.h"

namespace hlsrec::av {

using LibavLogFunction = std::function<void(int level, std::string_view line)>;

// Does with libav's log, which is one per process, what the host decided.
// `function` gets whole lines without the line feed, passwords and queries of
// URLs taken out, from any thread. kForward without a function is kSilence.
//
// Threads. Any; the last call wins.
void ApplyLibavLogging(LibavLog logging, LibavLogFunction function);

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_AV_LOG_H_
