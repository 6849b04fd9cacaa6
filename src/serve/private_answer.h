#ifndef HLSREC_SRC_SERVE_PRIVATE_ANSWER_H_
#define HLSREC_SRC_SERVE_PRIVATE_ANSWER_H_

#include <chrono>

#include "hlsrec/http_server.h"

namespace hlsrec::serve {

// Makes its Cache-Control one for the client alone, who would not get it again
// once `good_for` is over. Pure.
void MakePrivate(std::chrono::seconds good_for, HttpResponse& response);

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_PRIVATE_ANSWER_H_
