#ifndef HLSREC_ACCESS_H_
#define HLSREC_ACCESS_H_

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/http_server.h"
#include "hlsrec/runtime.h"
#include "hlsrec/status.h"

// Who may ask.
namespace hlsrec {

struct AccessOptions {
  // A file that holds a token, without white space: requests with
  // `Authorization: Bearer <token>` may do everything. Empty: there is none.
  std::string token_file = {};
  // A file that holds the key of signed URLs, 16 bytes at least; white space at
  // its end does not count. Empty: there are none.
  std::string signing_key_file = {};
};

// Lets requests through to `handlers` that have the token, or (GET and HEAD)
// are for a signed URL; 401 to others, 403 where a signature is wrong or has
// expired. OPTIONS, in which browsers send no token, goes through. With neither
// a token nor a key it is refused: open servers have no need of it. Answers get
// `Cache-Control: private`, and no max-age beyond what a signed URL is good
// for.
//
// A signed URL is one with the query
//
//   expires=<s since 1970>&below=<path>&signature=<hex>
//
// where `below` is the path of the one object that may be read, or, with a `/`
// at its end, of a folder of which everything may be, and the signature is the
// HMAC-SHA-256 with the key of "hlsrec-signed-url-1\n<expires>\n<below>", of
// the decoded values. Playlists that are asked for so hand their signature on
// to what they name (hlsrec/playback.h): sign the folder to make a recording
// playable.
//
// Errors. kInvalidArgument names the bad option, those of a file that can't be
//     read.
// Blocking. Reads the files.
HLSREC_EXPORT StatusOr<std::shared_ptr<HttpHandler>> RequireAccess(
    std::shared_ptr<Runtime> runtime, const AccessOptions& options,
    std::vector<std::shared_ptr<HttpHandler>> handlers);

// Lets requests through to `handler` but those that a page of another site
// makes a browser send, which get 403: by `Sec-Fetch-Site`, and by an `Origin`
// that is not the request's host, or is a name, which may be made to mean this
// machine. For handlers that ask for no token and are there for one machine:
// whoever can reach them, its browsers can, too. Programs send neither header.
HLSREC_EXPORT std::shared_ptr<HttpHandler> RefuseForeignPages(
    std::shared_ptr<HttpHandler> handler);

// The query of a signed URL: "expires=...&below=...&signature=...". `below` as
// above, not encoded: "/cam1/2026/".
//
// Errors. kInvalidArgument: `below` does not begin with `/`, or climbs; the key
//     is too short.
HLSREC_EXPORT StatusOr<std::string> SignPath(
    std::string_view key, std::string_view below,
    std::chrono::system_clock::time_point expires);

}  // namespace hlsrec

#endif  // HLSREC_ACCESS_H_
