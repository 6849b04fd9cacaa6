#include "hlsrec/webhook.h"

#include <algorithm>
#include <array>
#include <utility>

#include "src/base/bytes.h"
#include "src/base/hash.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/net/header_text.h"
#include "src/net/http_get.h"
#include "src/net/http_status.h"
#include "src/net/transfer_loop.h"
#include "src/net/url.h"
#include "src/notify/payload.h"
#include "src/notify/signature.h"
#include "src/sink/http_client.h"
#include "src/sink/http_sink.h"

namespace hlsrec {
namespace notify {
namespace {

constexpr int kGone = 410;

HttpSinkOptions ConnectionOf(const WebhookOptions& options) {
  return {.base_url = options.url.substr(0, options.url.find('?')),
          .headers = options.headers,
          .authorization = options.authorization,
          .ca_file = options.ca_file,
          .proxy = options.proxy,
          .connect_timeout = options.connect_timeout,
          .stall_timeout = options.stall_timeout};
}

bool IsLoopback(const std::string& origin) {
  constexpr std::array<std::string_view, 3> kHosts = {
      "http://127.0.0.1:", "http://localhost:", "http://[::1]:"};
  return std::any_of(kHosts.begin(), kHosts.end(), [&](std::string_view host) {
    return origin.starts_with(host);
  });
}

Status Check(const WebhookOptions& options) {
  if (options.url.find('#') != std::string::npos) {
    return InvalidArgument("url: has a fragment: leave it out");
  }
  const HttpSinkOptions connection = ConnectionOf(options);
  HLSREC_RETURN_IF_ERROR(
      net::CheckBaseUrl(connection.base_url).WithContext("url"));
  HLSREC_RETURN_IF_ERROR(sink::CheckHttpOptions(connection));
  if (options.plain_http == WebhookOptions::PlainHttp::kLoopback &&
      options.url.starts_with("http:") &&
      !IsLoopback(net::OriginOf(options.url))) {
    return InvalidArgument(
        "url: {}: plain http would show recordings to everybody on the way: "
        "use https, or allow it",
        net::RedactUrl(options.url));
  }
  for (const auto& [name, value] : options.headers) {
    if (name.size() > 8 &&
        net::EqualsIgnoringCase(std::string_view(name).substr(0, 8),
                                "webhook-")) {
      return InvalidArgument("headers: {}: is the signature's", name);
    }
  }
  if (options.presign_expiry < std::chrono::seconds(1) ||
      options.presign_expiry > std::chrono::hours(7 * 24)) {
    return InvalidArgument("presign_expiry: {} s: want 1 s to 7 days",
                           options.presign_expiry.count());
  }
  return {};
}

// Lifetime. Held by its calls in flight; holds no runtime.
class Webhook final : public Notifier,
                      public std::enable_shared_from_this<Webhook> {
 public:
  Webhook(RuntimeCore& core, WebhookOptions options)
      : options_(std::move(options)),
        clock_(core.clock()),
        io_(options_.secret || options_.authorization
                ? core.Io("http-credentials")
                : nullptr),
        client_(std::make_shared<sink::HttpClient>(
            net::SharedTransport(core), io_, ConnectionOf(options_))) {}

  void Notify(Notification notification, Done done) override {
    auto objects = ObjectsToPresign(notification, options_);
    if (!options_.presign) objects.clear();
    Presign(std::make_shared<Pending>(
        Pending{.notification = std::move(notification),
                .objects = std::move(objects),
                .done = std::move(done)}));
  }

  std::string Describe() const override {
    // Its query may be a secret: it counts, and is not shown.
    return fmt::format(
        "webhook:{}:{}#{}",
        options_.style == WebhookStyle::k100ms ? "100ms" : "hlsrec",
        options_.url.substr(0, options_.url.find('?')),
        Sha256Hex(AsBytes(options_.url)).substr(0, 8));
  }

 private:
  struct Pending {
    Notification notification;
    std::vector<ObjectName> objects;  // still to be presigned
    PresignedUrls urls = {};
    Done done;
  };

  // One after the other: they are few.
  void Presign(const std::shared_ptr<Pending>& pending) {
    if (pending->objects.empty()) return Render(pending);
    const ObjectName object = pending->objects.back();
    pending->objects.pop_back();
    options_.presign(object.first, object.second, options_.presign_expiry,
                     [self = shared_from_this(), pending,
                      object](const StatusOr<std::string>& url) {
                       if (url.ok()) pending->urls[object] = *url;
                       self->Presign(pending);
                     });
  }

  void Render(const std::shared_ptr<Pending>& pending) {
    const Notification& notification = pending->notification;
    if (options_.style == WebhookStyle::kHlsrec) {
      const StatusOr<std::string> body = RenderNotification(notification);
      if (!body.ok()) return pending->done(Hopeless(body.status()));
      return Sign(pending, *body);
    }
    const auto body = Render100ms(notification, options_, pending->urls);
    if (!body.ok()) return pending->done(Hopeless(body.status()));
    if (!*body) return pending->done({});
    Sign(pending, **body);
  }

  // What can't be rendered now never can.
  static Status Hopeless(const Status& status) {
    return {StatusCode::kCancelled, status.message()};
  }

  void Sign(const std::shared_ptr<Pending>& pending, std::string body) {
    if (!options_.secret) return Send(pending, {}, std::move(body));
    io_->Post([self = shared_from_this(), pending, body = std::move(body)] {
      const StatusOr<std::string> secret = self->options_.secret();
      if (!secret.ok()) {
        return pending->done(secret.status().WithContext("webhook: secret"));
      }
      const auto headers = notify::Sign(*secret, pending->notification.id,
                                        self->clock_.Wall(), body);
      if (!headers.ok()) {
        return pending->done(headers.status().WithContext("webhook"));
      }
      self->Send(pending, *headers, body);
    });
  }

  void Send(const std::shared_ptr<Pending>& pending,
            const SignatureHeaders& signature, std::string body) {
    std::vector<net::HttpHeader> headers = {
        {.name = "Content-Type", .value = "application/json"},
        {.name = "webhook-id", .value = pending->notification.id}};
    if (!signature.signature.empty()) {
      headers.push_back(
          {.name = "webhook-timestamp", .value = signature.timestamp});
      headers.push_back(
          {.name = "webhook-signature", .value = signature.signature});
    }
    client_->Send({.method = "POST",
                   .url = options_.url,
                   .headers = std::move(headers),
                   .body = MakeStringBody(std::move(body)),
                   .max_response_bytes = 65536},
                  [self = shared_from_this(),
                   pending](const StatusOr<net::TransferResponse>& response) {
                    pending->done(self->StatusOf(response));
                  });
  }

  [[nodiscard]] Status StatusOf(
      const StatusOr<net::TransferResponse>& response) const {
    if (!response.ok()) return response.status().WithContext("webhook");
    const std::string context =
        fmt::format("webhook: {}", net::RedactUrl(options_.url));
    Status status = net::ResponseStatus(*response, context, clock_.Wall());
    if (response->status == kGone) return Hopeless(status);
    return status;
  }

  const WebhookOptions options_;
  const Clock& clock_;
  const std::shared_ptr<Executor> io_;
  const std::shared_ptr<sink::HttpClient> client_;
};

}  // namespace
}  // namespace notify

StatusOr<std::shared_ptr<Notifier>> OpenWebhook(
    const std::shared_ptr<Runtime>& runtime, WebhookOptions options) {
  if (runtime == nullptr) return InvalidArgument("webhook: runtime: is null");
  HLSREC_RETURN_IF_ERROR(notify::Check(options).WithContext("webhook"));
  return std::shared_ptr<Notifier>(
      std::make_shared<notify::Webhook>(runtime->core(), std::move(options)));
}

std::function<StatusOr<std::string>()> WebhookSecretFile(std::string path) {
  return [path = std::move(path)] { return sink::ReadSecretFile(path); };
}

}  // namespace hlsrec
