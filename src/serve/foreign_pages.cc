#include <algorithm>
#include <string>
#include <utility>

#include "hlsrec/access.h"
#include "src/net/header_text.h"
#include "src/serve/body.h"

namespace hlsrec {
namespace {

// Without a port.
std::string_view HostOf(std::string_view authority) {
  const std::size_t end = authority.starts_with('[') ? authority.find(']') + 1
                                                     : authority.find(':');
  return authority.substr(0, std::min(end, authority.size()));
}

// Nobody can make a name of his own mean this: other names are, to a browser,
// whatever their owner says today.
bool IsAddress(std::string_view host) {
  if (net::EqualsIgnoringCase(host, "localhost")) return true;
  return host.starts_with('[') ||
         (!host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
           return (c >= '0' && c <= '9') || c == '.';
         }));
}

bool IsFromElsewhere(const HttpRequest& request) {
  const std::string_view site = request.Header("Sec-Fetch-Site");
  if (site == "cross-site" || site == "same-site") return true;
  const std::string_view origin = request.Header("Origin");
  if (origin.empty()) return false;
  const std::size_t scheme = origin.find("://");
  if (scheme == origin.npos) return true;  // "null", of those who hide
  const std::string_view authority = origin.substr(scheme + 3);
  return !net::EqualsIgnoringCase(authority, request.Header("Host")) ||
         !IsAddress(HostOf(authority));
}

class ForeignPages final : public HttpHandler {
 public:
  explicit ForeignPages(std::shared_ptr<HttpHandler> handler)
      : handler_(std::move(handler)) {}

  bool Wants(const HttpRequest& request) const override {
    return handler_->Wants(request);
  }

  std::unique_ptr<HttpBodyReader> Handle(HttpRequest request,
                                         HttpReply reply) override {
    if (!IsFromElsewhere(request)) {
      return handler_->Handle(std::move(request), std::move(reply));
    }
    reply(serve::PlainResponse(403, "not for pages of other sites"));
    return nullptr;
  }

 private:
  const std::shared_ptr<HttpHandler> handler_;
};

}  // namespace

std::shared_ptr<HttpHandler> RefuseForeignPages(
    std::shared_ptr<HttpHandler> handler) {
  return std::make_shared<ForeignPages>(std::move(handler));
}

}  // namespace hlsrec
