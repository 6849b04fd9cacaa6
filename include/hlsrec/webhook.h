#ifndef HLSREC_WEBHOOK_H_
#define HLSREC_WEBHOOK_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/notification.h"
#include "hlsrec/runtime.h"
#include "hlsrec/status.h"

namespace hlsrec {

// What the body of a request looks like.
enum class WebhookStyle {
  // {"type", "timestamp", "id", "recording", "data"}: README.md.
  kHlsrec,
  // The envelope and attributes that 100ms sends, version 2.0. What has no
  // counterpart there (segments, storage) is not sent.
  k100ms,
};

// Which of 100ms' recordings this one is: it decides the names of events.
enum class Kind100ms {
  kHls,   // hls.started.success, hls.recording.success, hls.failure, ...
  kBeam,  // beam.started.success, beam.recording.success, beam.failure, ...
  kSfu,   // recording.success, recording.failed
};

struct WebhookOptions {
  // Gets a POST; https, or http where `plain_http` allows it. Its query is not
  // shown in messages.
  std::string url = {};
  WebhookStyle style = WebhookStyle::kHlsrec;
  // Signs as Standard Webhooks 1.0 says: webhook-id, webhook-timestamp and
  // webhook-signature "v1,BASE64", the HMAC-SHA-256 of "ID.TIMESTAMP.BODY".
  // Asked before each attempt, on a thread where it may block: "whsec_BASE64",
  // or the key's own bytes. Empty: nothing is signed.
  std::function<StatusOr<std::string>()> secret = {};
  // Sent with each request; Content-Type, Content-Length, Host and webhook-*
  // are refused.
  std::vector<std::pair<std::string, std::string>> headers = {};
  // The value of Authorization, asked for likewise; see BearerTokenFile().
  std::function<StatusOr<std::string>()> authorization = {};

  // Of k100ms.
  Kind100ms kind = Kind100ms::kHls;
  std::string app_id = {};
  std::string account_id = {};
  std::string template_id = {};
  // A URL by which anybody may read `key` of the output whose sink describes
  // itself as `sink`, for `presign_expiry`; asked when a body is made. Without
  // it, and where it fails, bodies have null there. Must not keep the runtime
  // alive.
  std::function<void(const std::string& sink, const std::string& key,
                     std::chrono::seconds expires_after,
                     std::function<void(StatusOr<std::string>)> done)>
      presign = {};
  // 100ms' own default.
  std::chrono::seconds presign_expiry{3 * 24 * 3600};

  // Trust these instead of the system's: PEM file.
  std::string ca_file = {};
  // http://, https:// or socks5h:// URL. Empty: none.
  std::string proxy = {};
  std::chrono::milliseconds connect_timeout{10'000};
  // Receivers should answer first and work then.
  std::chrono::seconds stall_timeout{15};
  enum class PlainHttp {
    kLoopback,  // to this machine only
    kAllow,
  } plain_http = PlainHttp::kLoopback;
};

// POSTs notifications as JSON. Any 2xx takes one; all other answers are tried
// again, except 410 (Gone), which says that it is not wanted. Retry-After is
// kept. Redirects 307 and 308 are followed as a sink's are.
//
// Errors. kInvalidArgument names the bad option.
// Blocking. No.
HLSREC_EXPORT StatusOr<std::shared_ptr<Notifier>> OpenWebhook(
    const std::shared_ptr<Runtime>& runtime, WebhookOptions options);

// For WebhookOptions::secret: a file that holds one line, read anew for each
// attempt, so that it may be replaced.
HLSREC_EXPORT std::function<StatusOr<std::string>()> WebhookSecretFile(
    std::string path);

}  // namespace hlsrec

#endif  // HLSREC_WEBHOOK_H_
