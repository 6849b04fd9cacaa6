#include "src/net/http_get.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "src/base/status_util.h"
#include "src/net/curl_handles.h"

namespace hlsrec::net {
namespace {

struct Transfer {
  HttpResponse response = {};
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

std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto lower = [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return lower(x) == lower(y);
  });
}

std::size_t OnHeader(char* data, std::size_t size, std::size_t count,
                     void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {
    // A response after a redirect or a 1xx starts anew.
    transfer->response = HttpResponse();
    return line.size();
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return line.size();
  if (EqualsIgnoringCase(line.substr(0, colon), "content-encoding")) {
    transfer->response.content_encoding = Trim(line.substr(colon + 1));
  }
  return line.size();
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
  long status = 0;
  curl_off_t length = -1;
  const char* type = nullptr;
  const char* url = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_TYPE, &type);
  curl_easy_getinfo(easy_.get(), CURLINFO_EFFECTIVE_URL, &url);
  response.status = static_cast<int>(status);
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
