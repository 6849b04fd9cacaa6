#ifndef HLSREC_SRC_SERVE_MICRO_RESPONSE_H_
#define HLSREC_SRC_SERVE_MICRO_RESPONSE_H_

#include <microhttpd.h>

#include <cstdint>
#include <memory>

#include "hlsrec/http_server.h"

namespace hlsrec::serve {

using ResponsePtr =
    std::unique_ptr<MHD_Response, decltype(&MHD_destroy_response)>;

// `length` bytes of the response's body, from its offset on; its fields are
// not set. libmicrohttpd sends it and lets go of what it was made of. Null: it
// can't be had.
ResponsePtr MakeResponse(const HttpResponse& response, std::uint64_t length);

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_MICRO_RESPONSE_H_
