#ifndef HLSREC_SRC_SINK_HEAD_H_
#define HLSREC_SRC_SINK_HEAD_H_

#include <string>

#include "hlsrec/sink.h"
#include "src/net/transfer.h"

namespace hlsrec::sink {

// What the answer to a HEAD says of the object.
ObjectInfo InfoOf(const std::string& key,
                  const net::TransferResponse& response);

}  // namespace hlsrec::sink

#endif  // HLSREC_SRC_SINK_HEAD_H_
