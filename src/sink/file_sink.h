#ifndef HLSREC_SRC_SINK_FILE_SINK_H_
#define HLSREC_SRC_SINK_FILE_SINK_H_

#include <memory>
#include <string>
#include <unordered_set>

#include "hlsrec/sink.h"
#include "src/base/file.h"

namespace hlsrec::sink {

// The file sink over a given file system, so that tests can make it fail.
// Creates the root.
StatusOr<std::unique_ptr<BlockingSink>> MakeFileSink(
    FileSystem& files, const FileSinkOptions& options);

}  // namespace hlsrec::sink

#endif  // HLSREC_SRC_SINK_FILE_SINK_H_
