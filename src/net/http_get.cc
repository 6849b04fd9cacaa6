#include "src/net/http_get.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "src/base/status_util.h"
#include "src/net/curl_handles.h"
#include "src/net/header_text.h"

namespace hlsrec::net {
namespace {

struct Transfer {
  HttpResponse response = {};
  std::string cache_control = {};
  std::string expires = {};
  std::string date = {};
  std::uint64_t max_bytes = 0;
  bool too_large = false;
};

std::size_t OnBody(char* data, std::size_t size, std::size_t count,
                   void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  if (transfer->response.body.size() + bytes > transfer->max_bytes) {
    transfer->too_large = true;
    return 0;
  }
  transfer->response.body.append(data, bytes);
  return bytes;
}

std::size_t OnHeader(char* data, std::size_t size, std::size_t count,
                     void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {
    // A response after a redirect or a 1xx starts anew.
    *transfer = Transfer{.max_bytes = transfer->max_bytes};
    return line.size();
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return line.size();
  const std::string_view name = line.substr(0, colon);
  const std::string value(Trim(line.substr(colon + 1)));
  if (EqualsIgnoringCase(name, "content-encoding")) {
    transfer->response.content_encoding = value;
  } else if (EqualsIgnoringCase(name, "cache-control")) {
    transfer->cache_control += value + ",";
  } else if (EqualsIgnoringCase(name, "expires")) {
    transfer->expires = value;
  } else if (EqualsIgnoringCase(name, "date")) {
    transfer->date = value;
  }
  return line.size();
}

// The value of a directive of Cache-Control: empty where it has none, nothing
// where it is not there.
std::optional<std::string_view> CacheDirective(std::string_view header,
                                               std::string_view name) {
  while (!header.empty()) {
    const std::size_t comma = std::min(header.find(','), header.size());
    const std::string_view directive = Trim(header.substr(0, comma));
    header.remove_prefix(std::min(comma + 1, header.size()));
    const std::size_t equals = std::min(directive.find('='), directive.size());
    if (!EqualsIgnoringCase(directive.substr(0, equals), name)) continue;
    return directive.substr(std::min(equals + 1, directive.size()));
  }
  return std::nullopt;
}

// RFC 9111 section 4.2.1; an Expires that is no date has passed.
std::optional<std::chrono::seconds> FreshFor(const Transfer& transfer) {
  using std::chrono::seconds;
  for (const std::string_view name : {"no-store", "no-cache"}) {
    if (CacheDirective(transfer.cache_control, name)) return seconds(0);
  }
  for (const std::string_view name : {"s-maxage", "max-age"}) {
    const auto age = CacheDirective(transfer.cache_control, name);
    if (!age) continue;
    std::int64_t value = 0;
    const auto [end, error] =
        std::from_chars(age->data(), age->data() + age->size(), value);
    if (error == std::errc()) return seconds(std::max<std::int64_t>(value, 0));
  }
  if (transfer.expires.empty()) return std::nullopt;
  const std::int64_t expires = curl_getdate(transfer.expires.c_str(), nullptr);
  const std::int64_t date = curl_getdate(transfer.date.c_str(), nullptr);
  if (expires < 0) return seconds(0);
  if (date < 0) return std::nullopt;
  return seconds(std::max<std::int64_t>(expires - date, 0));
}

}  // namespace

class HttpReader::Impl {
 public:
  StatusOr<HttpResponse> Fetch(const HttpGetRequest& request);

 private:
  CURLcode SetOptions(const HttpGetRequest& request, Transfer& transfer);

  // Keeps connections, TLS sessions and names between requests.
  CurlEasyPtr easy_{curl_easy_init()};
  std::array<char, CURL_ERROR_SIZE> detail_{};
};

CURLcode HttpReader::Impl::SetOptions(const HttpGetRequest& request,
                                      Transfer& transfer) {
  CURL* easy = easy_.get();
  curl_easy_reset(easy);
  CURLcode result = CURLE_OK;
  const auto set = [&](CURLoption option, auto value) {
    if (result == CURLE_OK) result = curl_easy_setopt(easy, option, value);
  };
  detail_.front() = '\0';
  set(CURLOPT_ERRORBUFFER, detail_.data());
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, 10L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_ACCEPT_ENCODING, "");  // every encoding this libcurl knows
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  set(CURLOPT_NOPROGRESS, 1L);
  set(CURLOPT_USERAGENT, "hlsrec");
  set(CURLOPT_WRITEFUNCTION, &OnBody);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
  set(CURLOPT_HEADERFUNCTION, &OnHeader);
  set(CURLOPT_HEADERDATA, static_cast<void*>(&transfer));
  if (request.method == HttpMethod::kHead) set(CURLOPT_NOBODY, 1L);
  if (request.range) {
    const std::string range =
        fmt::format("{}-{}", request.range->offset,
                    request.range->offset + request.range->length - 1);
    set(CURLOPT_RANGE, range.c_str());
    // Ranges count bytes of the coded form; ask for the plain one.
    set(CURLOPT_ACCEPT_ENCODING, static_cast<const char*>(nullptr));
  }
  return result;
}

StatusOr<HttpResponse> HttpReader::Impl::Fetch(const HttpGetRequest& request) {
  if (easy_ == nullptr) return Internal("http: no curl handle");
  const std::string context = "get: " + RedactUrl(request.url);
  Transfer transfer{.max_bytes = request.max_bytes};
  CURLcode code = SetOptions(request, transfer);
  if (code == CURLE_OK) code = curl_easy_perform(easy_.get());
  if (transfer.too_large) {
    return ResourceExhausted("{}: larger than {} bytes", context,
                             request.max_bytes);
  }
  if (code != CURLE_OK) return CurlStatus(code, detail_.data(), context);
  HttpResponse response = std::move(transfer.response);
  response.fresh_for = FreshFor(transfer);
  long status = 0;
  long version = 0;
  curl_off_t length = -1;
  const char* type = nullptr;
  const char* url = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_TYPE, &type);
  curl_easy_getinfo(easy_.get(), CURLINFO_EFFECTIVE_URL, &url);
  curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_VERSION, &version);
  response.status = static_cast<int>(status);
  response.major_version = version == CURL_HTTP_VERSION_3      ? 3
                           : version == CURL_HTTP_VERSION_2_0  ? 2
                           : version != CURL_HTTP_VERSION_NONE ? 1
                                                               : 0;
  if (length >= 0) {
    response.content_length = static_cast<std::uint64_t>(length);
  }
  if (type != nullptr) response.content_type = type;
  if (url != nullptr) response.final_url = url;
  return response;
}

HttpReader::HttpReader() : impl_(std::make_unique<Impl>()) {}
HttpReader::~HttpReader() = default;

StatusOr<HttpResponse> HttpReader::Fetch(const HttpGetRequest& request) {
  return impl_->Fetch(request);
}

Status HttpStatus(int status, std::string_view context) {
  if (status >= 200 && status < 300) return {};
  StatusCode code = StatusCode::kFailedPrecondition;
  if (status == 404 || status == 410) code = StatusCode::kNotFound;
  if (status == 401 || status == 403) code = StatusCode::kPermissionDenied;
  if (status == 408 || status == 429 || status >= 500) {
    code = StatusCode::kUnavailable;
  }
  return MakeStatus(code, "{}: http {}", context, status);
}

std::string RedactUrl(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  const std::size_t host = scheme + 3;
  const std::size_t path = std::min(url.find('/', host), url.size());
  const std::size_t at = url.substr(0, path).rfind('@');
  if (at == std::string_view::npos || at < host) return std::string(url);
  return std::string(url.substr(0, host)) + std::string(url.substr(at + 1));
}

}  // namespace hlsrec::net
