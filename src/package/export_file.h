#ifndef HLSREC_SRC_PACKAGE_EXPORT_FILE_H_
#define HLSREC_SRC_PACKAGE_EXPORT_FILE_H_

#include <string>

#include "hlsrec/export_recording.h"
#include "src/base/runtime_core.h"

namespace hlsrec::package {

// ExportRecording(), for who has no Runtime.
//
// Threads. One of the runtime's only where `source` answers at once.
StatusOr<ExportReport> ExportFile(RuntimeCore& core, Sink& source,
                                  const std::string& key,
                                  const std::string& path,
                                  const ExportOptions& options);

}  // namespace hlsrec::package

#endif  // HLSREC_SRC_PACKAGE_EXPORT_FILE_H_
