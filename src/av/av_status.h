#ifndef HLSREC_SRC_AV_AV_STATUS_H_
#define HLSREC_SRC_AV_AV_STATUS_H_

#include <string_view>

#include "hlsrec/status.h"

namespace hlsrec::av {

// The one place where an AVERROR becomes a Status:
// "open: rtmp://host/app: connection refused". AVERROR_EOF is kEndOfStream,
// AVERROR_EXIT kCancelled. `error` is negative; `context` holds no secrets.
Status AvStatus(int error, std::string_view context);

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_AV_STATUS_H_
