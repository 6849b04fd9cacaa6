#ifndef HLSREC_SRC_NOTIFY_SIGNATURE_H_
#define HLSREC_SRC_NOTIFY_SIGNATURE_H_

#include <string>
#include <string_view>

#include "hlsrec/status.h"
#include "src/base/clock.h"

namespace hlsrec::notify {

struct SignatureHeaders {
  std::string timestamp = {};  // webhook-timestamp: seconds since 1970
  std::string signature = {};  // webhook-signature: "v1,BASE64"
};

// Standard Webhooks 1.0. `secret`: "whsec_" and the key as base64, or the key
// itself. kInvalidArgument where that is no base64 or the key is empty; the
// message does not quote it.
StatusOr<SignatureHeaders> Sign(std::string_view secret, std::string_view id,
                                WallTime now, std::string_view body);

}  // namespace hlsrec::notify

#endif  // HLSREC_SRC_NOTIFY_SIGNATURE_H_
