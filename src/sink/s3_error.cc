#include "src/sink/s3_error.h"

#include <algorithm>
#include <array>
#include <utility>

#include "src/base/status_util.h"
#include "src/net/http_status.h"

namespace hlsrec::sink {
namespace {

struct Known {
  std::string_view code;
  StatusCode status;
  std::string_view remedy = {};
};

// Of the "Error responses" in the S3 reference, those that call for something
// else than their HTTP status does, or that people can do something about.
constexpr std::array kKnown = {
    Known{"AccessDenied", StatusCode::kPermissionDenied,
          "allow s3:PutObject, s3:GetObject, s3:DeleteObject, s3:ListBucket "
          "and s3:AbortMultipartUpload (and s3:PutObjectAcl with an ACL) for "
          "this key; without s3:ListBucket a missing object is refused, too"},
    Known{"AllAccessDisabled", StatusCode::kPermissionDenied},
    Known{"AccountProblem", StatusCode::kPermissionDenied},
    Known{"InvalidAccessKeyId", StatusCode::kPermissionDenied,
          "the store does not know this access key"},
    Known{"SignatureDoesNotMatch", StatusCode::kPermissionDenied,
          "check the secret key, and whether something between changes "
          "requests"},
    Known{"InvalidToken", StatusCode::kPermissionDenied,
          "the session token does not belong to the access key"},
    Known{"ExpiredToken", StatusCode::kPermissionDenied,
          "the provider of credentials gives expired ones"},
    Known{"TokenRefreshRequired", StatusCode::kPermissionDenied,
          "the provider of credentials gives expired ones"},
    Known{"RequestTimeTooSkewed", StatusCode::kUnavailable,
          "set the clock of this machine"},
    Known{"AuthorizationHeaderMalformed", StatusCode::kPermissionDenied,
          "set the region"},
    Known{"PermanentRedirect", StatusCode::kFailedPrecondition,
          "the bucket is elsewhere: set the region or the endpoint"},
    Known{"TemporaryRedirect", StatusCode::kUnavailable},
    Known{"NoSuchBucket", StatusCode::kNotFound,
          "create the bucket, or check its name, the region and the endpoint"},
    Known{"NoSuchKey", StatusCode::kNotFound},
    // Somebody, or a lifecycle rule, removed its parts: the next attempt
    // begins anew.
    Known{"NoSuchUpload", StatusCode::kUnavailable},
    Known{"PreconditionFailed", StatusCode::kAlreadyExists},
    Known{"ConditionalRequestConflict", StatusCode::kUnavailable},
    Known{"OperationAborted", StatusCode::kUnavailable},
    Known{"SlowDown", StatusCode::kUnavailable},
    Known{"InternalError", StatusCode::kUnavailable},
    Known{"ServiceUnavailable", StatusCode::kUnavailable},
    Known{"RequestTimeout", StatusCode::kUnavailable},
    Known{"IncompleteBody", StatusCode::kUnavailable},
    Known{"BadDigest", StatusCode::kDataLoss,
          "the bytes changed on the way or in the spool"},
    Known{"XAmzContentSHA256Mismatch", StatusCode::kDataLoss,
          "the bytes changed on the way or in the spool"},
    Known{"AccessControlListNotSupported", StatusCode::kFailedPrecondition,
          "the bucket takes no ACLs: leave the ACL out, or allow them by the "
          "bucket's object ownership"},
    Known{"InvalidStorageClass", StatusCode::kFailedPrecondition,
          "the store has no such class"},
    Known{"QuotaExceeded", StatusCode::kResourceExhausted},
    Known{"EntityTooLarge", StatusCode::kFailedPrecondition,
          "lower multipart_threshold_bytes"},
    Known{"EntityTooSmall", StatusCode::kFailedPrecondition,
          "raise part_bytes"},
    Known{"KeyTooLongError", StatusCode::kInvalidArgument},
    Known{"NotImplemented", StatusCode::kUnimplemented},
};

StatusCode CodeOf(int status) {
  switch (status) {
    case 401:
    case 403:
      return StatusCode::kPermissionDenied;
    case 404:
      return StatusCode::kNotFound;
    case 408:
    case 425:
    case 429:
      return StatusCode::kUnavailable;
    case 412:
      return StatusCode::kAlreadyExists;
    case 413:
    case 507:
      return StatusCode::kResourceExhausted;
    case 501:
      return StatusCode::kUnimplemented;
    default:
      return status >= 500 || status == 307 ? StatusCode::kUnavailable
                                            : StatusCode::kFailedPrecondition;
  }
}

// One line that a terminal can bear.
std::string Plain(std::string_view text) {
  constexpr std::size_t kLongest = 300;
  std::string plain(text.substr(0, kLongest));
  std::replace_if(
      plain.begin(), plain.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
      ' ');
  return plain;
}

}  // namespace

Status S3Status(const net::TransferResponse& response, const S3Error& error,
                std::string_view context, WallTime now) {
  std::string text = fmt::format("{}: http {}", context, response.status);
  const std::string code = Plain(error.code);
  if (!code.empty()) text += " " + code;
  StatusCode status = CodeOf(response.status);
  const auto known =
      std::find_if(kKnown.begin(), kKnown.end(),
                   [&](const Known& each) { return each.code == error.code; });
  if (known != kKnown.end()) {
    // The store's own words may hold what was signed.
    status = known->status;
    if (!known->remedy.empty()) text += fmt::format(": {}", known->remedy);
  } else if (!error.message.empty()) {
    text += ": " + Plain(error.message);
  }
  const auto retry_after = net::RetryAfter(response, now);
  Status result(status, std::move(text));
  return retry_after ? result.WithRetryAfter(*retry_after) : result;
}

}  // namespace hlsrec::sink
