#ifndef HLSREC_SRC_RECEIVE_ANSWERS_H_
#define HLSREC_SRC_RECEIVE_ANSWERS_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "hlsrec/http_server.h"
#include "hlsrec/sink.h"
#include "hlsrec/status.h"

namespace hlsrec::receive {

// Says what is wrong without what a sink or a path says of us.
HttpResponse Plain(int status, std::string_view text);

// 503, with Retry-After as the sink has it.
HttpResponse Later(const Status& status);

// The answer to a change that came to `status`.
HttpResponse ResponseOf(const Status& status, int success);

// `body`, which lets go of `kept` with its last owner.
std::shared_ptr<const Body> KeptWith(std::shared_ptr<void> kept,
                                     std::shared_ptr<const Body> body);

// What is known of the size only: for answers to HEAD.
std::shared_ptr<const Body> BodyOfSize(std::uint64_t size);

}  // namespace hlsrec::receive

#endif  // HLSREC_SRC_RECEIVE_ANSWERS_H_
