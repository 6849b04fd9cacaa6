#ifndef HLSREC_TOOLS_HLSREC_WEBHOOKS_H_
#define HLSREC_TOOLS_HLSREC_WEBHOOKS_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/notification.h"
#include "hlsrec/webhook.h"
#include "tools/hlsrec/http_delivery.h"
#include "tools/hlsrec/s3_delivery.h"

namespace CLI {
class App;
}

namespace hlsrec::tools {

// Who is told of a recording, as it was typed. Secrets are in files.
struct Webhooks {
  std::vector<std::string> urls;  // or @FILE, which holds one
  std::string secret_file;
  std::string bearer_file;
  std::vector<std::string> headers;  // "Name: value", or @FILE of such lines
  std::string style = "hlsrec";
  std::string kind = "hls";
  std::string app_id;
  std::string account_id;
  std::string template_id;
  std::string presign_for = "72h";
  std::vector<std::string> programs;  // --on-event
  std::string events;                 // names, comma-separated, or "all"
};

// The flags, in a group of their own.
void AddWebhooks(CLI::App& app, Webhooks& webhooks);

// kInvalidArgument names the flag. `http` and `s3` say how URLs of buckets are
// signed, and whom to trust.
StatusOr<std::vector<NotifierOptions>> MakeNotifiers(
    const std::shared_ptr<Runtime>& runtime, const Webhooks& webhooks,
    const HttpDelivery& http, const S3Delivery& s3);

// Until nothing is owed to them, `stop` says so, or `timeout`; how many are
// owed, to whomever.
StatusOr<std::uint64_t> AwaitNotifications(
    const std::shared_ptr<Runtime>& runtime, std::chrono::milliseconds timeout,
    const std::function<bool()>& stop);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_WEBHOOKS_H_
