#include "src/sink/http_client.h"

#include "src/base/status_util.h"
#include "src/net/http_get.h"
#include "src/net/url.h"

namespace hlsrec::sink {
namespace {

constexpr int kMostRedirects = 5;

std::shared_ptr<const net::ConnectionOptions> ConnectionOf(
    const HttpSinkOptions& options) {
  return std::make_shared<net::ConnectionOptions>(net::ConnectionOptions{
      .ca_file = options.ca_file,
      .client_certificate_file = options.client_certificate_file,
      .client_key_file = options.client_key_file,
      .proxy = options.proxy,
      .connect_timeout = options.connect_timeout,
      .low_speed_bytes_per_second = options.stall_bytes_per_second,
      .low_speed_time = options.stall_timeout});
}

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 ||
         status == 308;
}

// What must not come back in a message.
std::string_view SecretOf(std::string_view authorization) {
  const std::size_t space = authorization.find(' ');
  return authorization.substr(space == std::string_view::npos ? 0 : space + 1);
}

}  // namespace

HttpClient::HttpClient(const std::shared_ptr<net::Transport>& transport,
                       std::shared_ptr<Executor> io,
                       const HttpSinkOptions& options)
    : transport_(transport),
      io_(std::move(io)),
      authorization_(options.authorization),
      headers_(options.headers),
      origin_(net::OriginOf(options.base_url)),
      connection_(ConnectionOf(options)) {}

void HttpClient::Send(Call call, Done done) {
  Begin({.call = std::move(call), .done = std::move(done)});
}

void HttpClient::Begin(Attempt attempt) {
  if (!authorization_ || net::OriginOf(attempt.call.url) != origin_) {
    return Start(std::move(attempt), {});
  }
  io_->Post(
      [self = shared_from_this(), attempt = std::move(attempt)]() mutable {
        StatusOr<std::string> authorization = self->authorization_();
        if (authorization.ok())
          return self->Start(std::move(attempt), *authorization);
        // Whatever it was: who we are can't be told, and may be later.
        attempt.done(PermissionDenied("{}: authorization: {}",
                                      net::RedactUrl(attempt.call.url),
                                      authorization.status().message()));
      });
}

void HttpClient::Start(Attempt attempt, const std::string& authorization) {
  const auto transport = transport_.lock();
  if (transport == nullptr) {
    return attempt.done(Cancelled("{}: the runtime has ended",
                                  net::RedactUrl(attempt.call.url)));
  }
  net::TransferRequest request{
      .method = attempt.call.method,
      .url = attempt.call.url,
      .headers = attempt.call.headers,
      .body = attempt.call.body,
      .max_response_bytes = attempt.call.max_response_bytes,
      .connection = connection_};
  if (net::OriginOf(attempt.call.url) == origin_) {
    for (const auto& [name, value] : headers_) {
      request.headers.push_back({.name = name, .value = value});
    }
    if (!authorization.empty()) {
      request.headers.push_back(
          {.name = "Authorization", .value = authorization});
    }
  }
  transport->Start(std::move(request),
                   [self = shared_from_this(), attempt = std::move(attempt),
                    authorization](StatusOr<net::TransferResponse> answer) {
                     self->OnAnswer(attempt, authorization, std::move(answer));
                   });
}

void HttpClient::OnAnswer(Attempt attempt, const std::string& authorization,
                          StatusOr<net::TransferResponse> answer) {
  if (!answer.ok()) return attempt.done(answer.status());
  if (!IsRedirect(answer->status)) {
    const std::string_view secret = SecretOf(authorization);
    const bool repeated = answer->status >= 300 && !secret.empty() &&
                          answer->body.find(secret) != std::string::npos;
    if (repeated) answer->body.clear();
    return attempt.done(std::move(answer));
  }
  StatusOr<std::string> next = NextUrl(attempt, *answer);
  if (!next.ok()) return attempt.done(next.status());
  attempt.call.url = std::move(next).value();
  ++attempt.redirects;
  Begin(std::move(attempt));
}

StatusOr<std::string> HttpClient::NextUrl(
    const Attempt& attempt, const net::TransferResponse& response) {
  const std::string& method = attempt.call.method;
  const std::string where =
      fmt::format("{}: {}: http {}",
                  method == "DELETE" ? "delete"
                  : method == "GET"  ? "get"
                  : method == "HEAD" ? "head"
                                     : "put",
                  net::RedactUrl(attempt.call.url), response.status);
  const std::string location(response.Header("Location"));
  if (location.empty()) return Unavailable("{}: without Location", where);
  StatusOr<std::string> next = net::ResolveUrl(attempt.call.url, location);
  if (!next.ok()) return FailedPrecondition("{}: to no URL", where);
  const std::string to = net::RedactUrl(*next);
  const bool keeps_method = response.status == 307 || response.status == 308 ||
                            method == "GET" || method == "HEAD";
  if (!keeps_method) {
    return FailedPrecondition(
        "{}: to {}, with another method: name the final URL", where, to);
  }
  if (attempt.redirects == kMostRedirects) {
    return FailedPrecondition("{}: the {}th redirect", where,
                              kMostRedirects + 1);
  }
  if (attempt.call.url.starts_with("https:") && !next->starts_with("https:")) {
    return FailedPrecondition("{}: to {}: from https to something else", where,
                              to);
  }
  return next;
}

}  // namespace hlsrec::sink
