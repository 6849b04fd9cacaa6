#ifndef HLSREC_SRC_MANIFEST_READ_H_
#define HLSREC_SRC_MANIFEST_READ_H_

#include <functional>
#include <string_view>

#include "hlsrec/status.h"
#include "src/manifest/manifest.h"

namespace hlsrec::manifest {

// What a manifest says, its objects one by one, so that a long one's are not
// all in memory. Of the head, times, tracks and counts are left out, and
// `ended` tells only whether it has.
//
// Errors. kDataLoss where it is no manifest; kFailedPrecondition where a newer
//     version wrote it.
StatusOr<Head> Read(std::string_view text,
                    const std::function<void(Object)>& on_object);

}  // namespace hlsrec::manifest

#endif  // HLSREC_SRC_MANIFEST_READ_H_
