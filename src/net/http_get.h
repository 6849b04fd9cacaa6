#ifndef HLSREC_SRC_NET_HTTP_GET_H_
#define HLSREC_SRC_NET_HTTP_GET_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hlsrec/status.h"

namespace hlsrec::net {

struct HttpByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  // > 0
};

enum class HttpMethod { kGet, kHead };

struct HttpGetRequest {
  std::string url = {};
  HttpMethod method = HttpMethod::kGet;
  std::optional<HttpByteRange> range = {};
  // Counted after content decoding: a small gzip must not fill the memory.
  std::uint64_t max_bytes = std::uint64_t{64} << 20;
  // For all of it, redirects included.
  std::chrono::milliseconds timeout{30'000};
};

struct HttpResponse {
  int status = 0;  // of the last response, after redirects
  std::string body = {};
  std::string content_type = {};
  std::string content_encoding = {};  // what the body was decoded from
  std::string final_url = {};
  std::optional<std::uint64_t> content_length = {};
  // How long a cache may keep the answer, as Cache-Control or else Expires
  // says; none where neither does.
  std::optional<std::chrono::seconds> fresh_for = {};
  int major_version = 0;  // of HTTP
};

// A blocking HTTP(S) reader that keeps its connections open between requests.
// TLS certificates are verified; redirects are followed, to http(s) only.
//
// Threads. One request at a time; any thread.
// Blocking. Yes, up to the request's timeout.
class HttpReader {
 public:
  HttpReader();
  ~HttpReader();
  HttpReader(const HttpReader&) = delete;
  HttpReader& operator=(const HttpReader&) = delete;

  // Any status counts as an answer. Fails where there is none, or the body is
  // cut short (kDataLoss) or longer than allowed (kResourceExhausted).
  StatusOr<HttpResponse> Fetch(const HttpGetRequest& request);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// OK for 2xx; else "context: http 404" with the code that fits.
Status HttpStatus(int status, std::string_view context);

// The URL without user, password, query and fragment: fit for messages.
std::string RedactUrl(std::string_view url);

}  // namespace hlsrec::net

#endif  // HLSREC_SRC_NET_HTTP_GET_H_
