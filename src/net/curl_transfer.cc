#include "src/net/curl_transfer.h"

#include <algorithm>
#include <span>
#include <utility>

#include "src/base/status_util.h"
#include "src/net/header_text.h"
#include "src/net/http_get.h"

namespace hlsrec::net {
namespace {

bool IsHttpUrl(std::string_view url) {
  return url.starts_with("http://") || url.starts_with("https://");
}

// Sets options until one is refused.
class Setter {
 public:
  explicit Setter(CURL* easy) : easy_(easy) {}
  template <typename Value>
  void operator()(CURLoption option, Value value) {
    if (result_ == CURLE_OK) result_ = curl_easy_setopt(easy_, option, value);
  }
  [[nodiscard]] CURLcode result() const { return result_; }

 private:
  CURL* easy_;
  CURLcode result_ = CURLE_OK;
};

}  // namespace

std::string_view TransferResponse::Header(std::string_view name) const {
  const auto found = std::find_if(
      headers.begin(), headers.end(), [name](const HttpHeader& header) {
        return EqualsIgnoringCase(header.name, name);
      });
  return found == headers.end() ? std::string_view() : found->value;
}

CurlTransfer::CurlTransfer(TransferRequest request, Transport::Done done)
    : request_(std::move(request)), done_(std::move(done)) {}

std::string CurlTransfer::Context() const {
  std::string method = request_.method;
  std::transform(method.begin(), method.end(), method.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return method + ": " + RedactUrl(request_.url);
}

Status CurlTransfer::SetUp() {
  easy_.reset(curl_easy_init());
  if (easy_ == nullptr) return Internal("{}: no curl handle", Context());
  if (!IsHttpUrl(request_.url)) {
    return InvalidArgument("{}: want an http:// or https:// URL", Context());
  }
  if (!IsToken(request_.method)) {
    return InvalidArgument("http: method: `{}`", request_.method);
  }
  HLSREC_RETURN_IF_ERROR(SetHeaders());
  Setter set(easy());
  set(CURLOPT_ERRORBUFFER, detail_.data());
  set(CURLOPT_PRIVATE, static_cast<void*>(this));
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_HTTPHEADER, headers_.get());
  set(CURLOPT_HEADERFUNCTION, &OnHeader);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &OnBody);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  CURLcode code = set.result();
  if (code == CURLE_OK) code = SetConnection();
  if (code == CURLE_OK) code = SetBody();
  return CurlStatus(code, detail_.data(), Context());
}

Status CurlTransfer::SetHeaders() {
  bool has_agent = false;
  std::vector<std::string> lines;
  // An empty value takes libcurl's own header away.
  for (const std::string_view unwanted : {"Expect", "Accept"}) {
    const bool named = std::any_of(
        request_.headers.begin(), request_.headers.end(),
        [&](const auto& h) { return EqualsIgnoringCase(h.name, unwanted); });
    if (!named) lines.push_back(std::string(unwanted) + ":");
  }
  for (const HttpHeader& header : request_.headers) {
    if (!IsToken(header.name) || !IsFieldValue(header.value)) {
      return InvalidArgument("{}: header `{}`: name or value: bad character",
                             Context(),
                             IsToken(header.name) ? header.name : "?");
    }
    has_agent = has_agent || EqualsIgnoringCase(header.name, "User-Agent");
    // libcurl's way to say "with an empty value".
    lines.push_back(header.value.empty() ? header.name + ";"
                                         : header.name + ": " + header.value);
  }
  if (!has_agent) lines.emplace_back("User-Agent: hlsrec");
  for (const std::string& line : lines) {
    curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
    if (longer == nullptr) return ResourceExhausted("{}: memory", Context());
    static_cast<void>(headers_.release());
    headers_.reset(longer);
  }
  return {};
}

CURLcode CurlTransfer::SetConnection() {
  const ConnectionOptions defaults;
  const ConnectionOptions& connection =
      request_.connection == nullptr ? defaults : *request_.connection;
  Setter set(easy());
  set(CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(connection.connect_timeout.count()));
  set(CURLOPT_LOW_SPEED_LIMIT,
      static_cast<long>(connection.low_speed_bytes_per_second));
  set(CURLOPT_LOW_SPEED_TIME,
      static_cast<long>(connection.low_speed_time.count()));
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  // A retry asks anew where the host is.
  set(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
  // Empty, not unset: the environment's proxies are not ours.
  set(CURLOPT_PROXY, connection.proxy.c_str());
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!connection.ca_file.empty()) {
    set(CURLOPT_CAINFO, connection.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (!connection.client_certificate_file.empty()) {
    set(CURLOPT_SSLCERT, connection.client_certificate_file.c_str());
    const std::string& key = connection.client_key_file.empty()
                                 ? connection.client_certificate_file
                                 : connection.client_key_file;
    set(CURLOPT_SSLKEY, key.c_str());
  }
  return set.result();
}

CURLcode CurlTransfer::SetBody() {
  Setter set(easy());
  const std::string& method = request_.method;
  const bool has_body =
      request_.body != nullptr || method == "PUT" || method == "POST";
  if (method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (has_body) {
    set(CURLOPT_UPLOAD, 1L);
    // Known, so that it is never sent in chunks.
    set(CURLOPT_INFILESIZE_LARGE,
        static_cast<curl_off_t>(
            request_.body == nullptr ? 0 : request_.body->size()));
    set(CURLOPT_READFUNCTION, &OnRead);
    set(CURLOPT_READDATA, static_cast<void*>(this));
    set(CURLOPT_SEEKFUNCTION, &OnSeek);
    set(CURLOPT_SEEKDATA, static_cast<void*>(this));
    set(CURLOPT_PREREQFUNCTION, &BeforeRequest);
    set(CURLOPT_PREREQDATA, static_cast<void*>(this));
  }
  if (method != "GET" && method != "HEAD") {
    set(CURLOPT_CUSTOMREQUEST, method.c_str());
  }
  return set.result();
}

std::size_t CurlTransfer::OnRead(char* out, std::size_t size, std::size_t count,
                                 void* user) {
  auto* self = static_cast<CurlTransfer*>(user);
  if (self->request_.body == nullptr) return 0;
  const Body& body = *self->request_.body;
  const auto wanted = static_cast<std::size_t>(
      std::min<std::uint64_t>(size * count, body.size() - self->sent_));
  if (wanted == 0) return 0;
  Status status =
      body.ReadAt(self->sent_, std::as_writable_bytes(std::span(out, wanted)));
  if (!status.ok()) {
    // The connection goes down with it: the server has less than was promised
    // and can't take it for the whole.
    self->failure_ = status.WithContext(self->Context());
    return CURL_READFUNC_ABORT;
  }
  self->sent_ += wanted;
  return wanted;
}

// libcurl would repeat a request whose connection turns out dead, by its own
// judgement. A server may have stored the first, and would then tell of a
// conflict with ourselves: only who counts attempts may repeat.
int CurlTransfer::OnSeek(void*, curl_off_t, int) { return CURL_SEEKFUNC_FAIL; }

int CurlTransfer::BeforeRequest(void* user, char*, char*, int, int) {
  auto* self = static_cast<CurlTransfer*>(user);
  if (std::exchange(self->begun_, true) == false) return CURL_PREREQFUNC_OK;
  // Without a byte of its body nothing can have been stored.
  const bool has_bytes =
      self->request_.body != nullptr && self->request_.body->size() > 0;
  if (has_bytes && self->sent_ == 0) return CURL_PREREQFUNC_OK;
  self->failure_ = Unavailable("{}: the connection broke", self->Context());
  return CURL_PREREQFUNC_ABORT;
}

std::size_t CurlTransfer::OnHeader(char* data, std::size_t size,
                                   std::size_t count, void* user) {
  auto* self = static_cast<CurlTransfer*>(user);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {
    // What came before was a 1xx.
    self->response_ = {};
    return line.size();
  }
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    self->response_.headers.push_back(
        {.name = std::string(line.substr(0, colon)),
         .value = std::string(Trim(line.substr(colon + 1)))});
  }
  return line.size();
}

std::size_t CurlTransfer::OnBody(char* data, std::size_t size,
                                 std::size_t count, void* user) {
  auto* self = static_cast<CurlTransfer*>(user);
  const std::size_t bytes = size * count;
  std::string& body = self->response_.body;
  if (body.size() + bytes > self->request_.max_response_bytes) {
    self->failure_ =
        ResourceExhausted("{}: larger than {} bytes", self->Context(),
                          self->request_.max_response_bytes);
    return 0;
  }
  body.append(data, bytes);
  return bytes;
}

StatusOr<TransferResponse> CurlTransfer::Conclude(CURLcode code) {
  if (!failure_.ok()) return failure_;
  // The URL was looked at before: this is an answer that is not HTTP.
  if (code == CURLE_UNSUPPORTED_PROTOCOL) {
    return Unavailable("{}: {}", Context(), detail_.data());
  }
  if (code != CURLE_OK) return CurlStatus(code, detail_.data(), Context());
  long status = 0;
  curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
  const bool cut =
      request_.body != nullptr && status < 300 && sent_ < request_.body->size();
  if (cut) {
    return DataLoss("{}: http {} after {} of {} bytes", Context(), status,
                    sent_, request_.body->size());
  }
  response_.status = static_cast<int>(status);
  return std::move(response_);
}

}  // namespace hlsrec::net
