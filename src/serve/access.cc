#include "hlsrec/access.h"

#include <algorithm>
#include <utility>

#include "hlsrec/forward.h"
#include "src/base/file.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/net/header_text.h"
#include "src/net/url.h"
#include "src/serve/body.h"
#include "src/serve/private_answer.h"
#include "src/serve/signed_url.h"

namespace hlsrec {
namespace {

constexpr std::size_t kShortestKey = 16;

class Access final : public HttpHandler {
 public:
  Access(std::shared_ptr<Runtime> runtime, std::string token, std::string key,
         std::vector<std::shared_ptr<HttpHandler>> handlers)
      : runtime_(std::move(runtime)),
        token_(std::move(token)),
        key_(std::move(key)),
        handlers_(std::move(handlers)) {}

  bool Wants(const HttpRequest& request) const override {
    return Find(request) != nullptr;
  }

  std::unique_ptr<HttpBodyReader> Handle(HttpRequest request,
                                         HttpReply reply) override {
    const auto handler = Find(request);
    if (handler == nullptr) {  // it has changed its mind
      reply(serve::PlainResponse(404, "not found"));
      return nullptr;
    }
    const auto allowed = Judge(request);
    if (allowed.ok()) {
      if (request.method == "OPTIONS") {
        return handler->Handle(std::move(request), std::move(reply));
      }
      return handler->Handle(
          std::move(request),
          [reply = std::move(reply), good_for = *allowed](HttpResponse answer) {
            serve::MakePrivate(good_for, answer);
            reply(std::move(answer));
          });
    }
    const bool unknown = allowed.status().code() == StatusCode::kNotFound;
    HttpResponse response =
        serve::PlainResponse(unknown ? 401 : 403, allowed.status().message());
    if (unknown) {
      response.headers.push_back(
          {.name = "WWW-Authenticate", .value = "Bearer"});
    }
    reply(std::move(response));
    return nullptr;
  }

 private:
  [[nodiscard]] std::shared_ptr<HttpHandler> Find(
      const HttpRequest& request) const {
    const auto found =
        std::find_if(handlers_.begin(), handlers_.end(),
                     [&](const auto& one) { return one->Wants(request); });
    return found == handlers_.end() ? nullptr : *found;
  }

  // For how long. kNotFound: he does not say who he is.
  [[nodiscard]] StatusOr<std::chrono::seconds> Judge(
      const HttpRequest& request) const {
    constexpr auto kAlways = std::chrono::seconds::max();
    if (request.method == "OPTIONS") return kAlways;
    const std::string_view header = request.Header("Authorization");
    constexpr std::string_view kScheme = "Bearer ";
    if (!token_.empty() && header.size() > kScheme.size() &&
        net::EqualsIgnoringCase(header.substr(0, kScheme.size()), kScheme) &&
        serve::SameSecret(net::Trim(header.substr(kScheme.size())), token_)) {
      return kAlways;
    }
    const bool reads = request.method == "GET" || request.method == "HEAD";
    const auto target = ParseRequestTarget(request.target);
    if (key_.empty() || !reads || !target.ok()) {
      return NotFound("access: a token is wanted");
    }
    return serve::CheckSignature(key_, "/" + target->path, target->query,
                                 runtime_->core().clock().Wall());
  }

  const std::shared_ptr<Runtime> runtime_;
  const std::string token_;
  const std::string key_;
  const std::vector<std::shared_ptr<HttpHandler>> handlers_;
};

StatusOr<std::string> ReadSecret(const std::string& path) {
  if (path.empty()) return std::string();
  constexpr std::uint64_t kMost = 65536;
  HLSREC_ASSIGN_OR_RETURN(const std::string text,
                          PosixFileSystem().ReadFile(path, kMost));
  const std::string secret(net::Trim(text));
  if (secret.empty()) {
    return InvalidArgument("{}: is empty: want a secret in it", path);
  }
  return secret;
}

Status CheckKeyLength(std::string_view key) {
  if (key.size() >= kShortestKey) return {};
  return InvalidArgument("signing key: want {} bytes at least", kShortestKey);
}

}  // namespace

StatusOr<std::shared_ptr<HttpHandler>> RequireAccess(
    std::shared_ptr<Runtime> runtime, const AccessOptions& options,
    std::vector<std::shared_ptr<HttpHandler>> handlers) {
  HLSREC_ASSIGN_OR_RETURN(std::string token, ReadSecret(options.token_file));
  HLSREC_ASSIGN_OR_RETURN(std::string key,
                          ReadSecret(options.signing_key_file));
  if (token.empty() && key.empty()) {
    return InvalidArgument("access: want a token_file or a signing_key_file");
  }
  if (token.find_first_of(" \t\r\n") != std::string::npos) {
    return InvalidArgument("{}: want one token in it", options.token_file);
  }
  if (!key.empty()) HLSREC_RETURN_IF_ERROR(CheckKeyLength(key));
  return std::shared_ptr<HttpHandler>(
      std::make_shared<Access>(std::move(runtime), std::move(token),
                               std::move(key), std::move(handlers)));
}

StatusOr<std::string> SignPath(std::string_view key, std::string_view below,
                               std::chrono::system_clock::time_point expires) {
  HLSREC_RETURN_IF_ERROR(CheckKeyLength(key));
  if (!below.starts_with("/") ||
      !ParseRequestTarget(net::UriEncode(below, net::UriPart::kPath)).ok()) {
    return InvalidArgument("sign: {}: want a path, as in /cam1/ or /a.mp4",
                           below);
  }
  return serve::MakeSignature(
      key, below, std::chrono::floor<std::chrono::seconds>(expires));
}

}  // namespace hlsrec
