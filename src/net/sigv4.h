#ifndef HLSREC_SRC_NET_SIGV4_H_
#define HLSREC_SRC_NET_SIGV4_H_

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hlsrec/credentials.h"
#include "src/base/clock.h"
#include "src/net/transfer.h"
#include "src/net/url.h"

// AWS Signature Version 4 as S3 wants it: the path is encoded once and not
// normalised. Values in, values out.
//
// Source. "Authenticating Requests (AWS Signature Version 4)" in the Amazon S3
//     API Reference.
namespace hlsrec::net {

// Names and values as they are meant: not encoded, in any order.
using QueryParameters = std::vector<std::pair<std::string, std::string>>;

// "path?a=1&b=", as it is signed and as it must be sent.
std::string RequestTarget(std::string_view path, const QueryParameters& query);

// What of a request is signed.
struct SigV4Request {
  std::string method = "GET";
  // As in the Host header: with the port unless it is the scheme's own.
  std::string host = {};
  std::string path = "/";  // not encoded
  QueryParameters query = {};
  // Those to be signed beside `host`.
  std::vector<HttpHeader> headers = {};
  // SHA-256 of the body as hex, or kUnsignedPayload.
  std::string payload_hash = {};
};

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
// SHA-256 of no bytes.
inline constexpr std::string_view kEmptyPayloadHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct SigV4Scope {
  std::string region = {};
  std::string service = "s3";
  WallTime time = {};
};

// "20130524T000000Z".
std::string SigV4Time(WallTime time);

// The parts of the calculation, for who wants to look.
std::string CanonicalRequest(const SigV4Request& request);
std::string StringToSign(std::string_view canonical_request,
                         const SigV4Scope& scope);
std::string SigV4Signature(std::string_view string_to_sign,
                           std::string_view secret_access_key,
                           const SigV4Scope& scope);

// The request's headers with x-amz-date, x-amz-security-token (where there is
// a token) and Authorization. x-amz-content-sha256 is the caller's to add.
std::vector<HttpHeader> SignRequest(SigV4Request request,
                                    const Credentials& credentials,
                                    const SigV4Scope& scope);

// The target of a request that needs no headers: what Authorization would say
// is in the query. `payload_hash` does not count, S3 does not look at it.
std::string PresignedTarget(SigV4Request request,
                            const Credentials& credentials,
                            const SigV4Scope& scope,
                            std::chrono::seconds expires_after);

}  // namespace hlsrec::net

#endif  // HLSREC_SRC_NET_SIGV4_H_
