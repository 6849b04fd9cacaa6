#ifndef HLSREC_SRC_SINK_S3_ERROR_H_
#define HLSREC_SRC_SINK_S3_ERROR_H_

#include <string_view>

#include "src/base/clock.h"
#include "src/net/transfer.h"
#include "src/sink/s3_xml.h"

namespace hlsrec::sink {

// The one place where S3's answers become a Status: "context: http 403
// AccessDenied: what to do", with Retry-After.
Status S3Status(const net::TransferResponse& response, const S3Error& error,
                std::string_view context, WallTime now);

}  // namespace hlsrec::sink

#endif  // HLSREC_SRC_SINK_S3_ERROR_H_
