#include "src/net/curl_handles.h"

#include "src/base/status_util.h"

namespace hlsrec::net {
namespace {

StatusCode CodeOf(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return StatusCode::kOk;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return StatusCode::kInvalidArgument;
    case CURLE_OPERATION_TIMEDOUT:
      return StatusCode::kDeadlineExceeded;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_LOGIN_DENIED:
    case CURLE_REMOTE_ACCESS_DENIED:
      return StatusCode::kPermissionDenied;
    case CURLE_PARTIAL_FILE:
    case CURLE_BAD_CONTENT_ENCODING:
      return StatusCode::kDataLoss;
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_OUT_OF_MEMORY:
      return StatusCode::kResourceExhausted;
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_RANGE_ERROR:
      return StatusCode::kFailedPrecondition;
    case CURLE_ABORTED_BY_CALLBACK:
      return StatusCode::kCancelled;
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_FAILED_INIT:
    case CURLE_UNKNOWN_OPTION:
      return StatusCode::kInternal;
    default:
      // Names that do not resolve, refused and broken connections: may pass.
      return StatusCode::kUnavailable;
  }
}

}  // namespace

Status CurlStatus(CURLcode code, std::string_view detail,
                  std::string_view context) {
  if (code == CURLE_OK) return {};
  return MakeStatus(CodeOf(code), "{}: {}", context,
                    detail.empty() ? curl_easy_strerror(code) : detail);
}

}  // namespace hlsrec::net
