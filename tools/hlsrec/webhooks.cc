#include "tools/hlsrec/webhooks.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include "tools/hlsrec/event_hook.h"
#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

constexpr std::chrono::milliseconds kLook{200};

// A URL may hold a secret: @FILE keeps it from the list of processes.
StatusOr<std::string> UrlOf(const std::string& text) {
  if (!text.starts_with('@')) return text;
  std::ifstream file(text.substr(1));
  std::string url;
  if (!file || !std::getline(file, url)) {
    return BadFlag("--webhook",
                   fmt::format("{}: can't be read", text.substr(1)));
  }
  while (!url.empty() && (url.back() == '\r' || url.back() == ' ')) {
    url.pop_back();
  }
  return url;
}

StatusOr<std::vector<NotificationType>> TypesOf(const std::string& events) {
  std::vector<NotificationType> types;
  if (events == "all") {
    for (int i = 0; i <= static_cast<int>(NotificationType::kStorageRecovered);
         ++i) {
      types.push_back(static_cast<NotificationType>(i));
    }
    return types;
  }
  std::istringstream names(events);
  for (std::string name; std::getline(names, name, ',');) {
    const auto type = ParseNotificationType(name);
    if (!type) {
      return BadFlag(
          "--events",
          fmt::format("`{}`: want all, or some of recording.started, "
                      "recording.stopped, recording.success, "
                      "recording.failed, segment.stored, segment.lost, "
                      "storage.degraded, storage.recovered",
                      name));
    }
    types.push_back(*type);
  }
  return types;
}

// The sink is made anew for each: a notifier may not keep the runtime alive.
void Presign(const std::weak_ptr<Runtime>& weak, const HttpDelivery& http,
             const S3Delivery& s3, const std::string& sink,
             const std::string& key, std::chrono::seconds expires,
             const std::function<void(StatusOr<std::string>)>& done) {
  const auto runtime = weak.lock();
  if (runtime == nullptr || !IsS3Url(sink)) {
    return done(Status(StatusCode::kUnimplemented, "no bucket"));
  }
  const auto opened = OpenS3Output(runtime, s3, http, sink);
  if (!opened.ok()) return done(opened.status());
  (*opened)->PresignGet(
      key, expires,
      [held = *opened, done](const StatusOr<std::string>& url) { done(url); });
}

Kind100ms KindOf(const std::string& kind) {
  if (kind == "beam") return Kind100ms::kBeam;
  return kind == "sfu" ? Kind100ms::kSfu : Kind100ms::kHls;
}

StatusOr<WebhookOptions> OptionsOf(const std::shared_ptr<Runtime>& runtime,
                                   const Webhooks& webhooks,
                                   const HttpDelivery& http,
                                   const S3Delivery& s3) {
  // Headers and files are judged as those of outputs are.
  HttpDelivery delivery;
  delivery.headers = webhooks.headers;
  delivery.bearer_file = webhooks.bearer_file;
  const auto base = MakeHttpSinkOptions(delivery, "https://webhook/");
  if (!base.ok()) return base.status().WithContext("--webhook");
  const auto expiry = ParseDuration(webhooks.presign_for);
  if (!expiry.ok()) return expiry.status().WithContext("--webhook-presign-for");
  WebhookOptions options{
      .style = webhooks.style == "100ms" ? WebhookStyle::k100ms
                                         : WebhookStyle::kHlsrec,
      .headers = base->headers,
      .authorization = base->authorization,
      .kind = KindOf(webhooks.kind),
      .app_id = webhooks.app_id,
      .account_id = webhooks.account_id,
      .template_id = webhooks.template_id,
      .presign_expiry = std::chrono::floor<std::chrono::seconds>(*expiry),
      .ca_file = http.ca_file,
      .proxy = http.proxy};
  if (!webhooks.secret_file.empty()) {
    options.secret = WebhookSecretFile(webhooks.secret_file);
    const auto secret = options.secret();
    if (!secret.ok()) {
      return BadFlag("--webhook-secret-file", secret.status().message());
    }
  }
  options.presign = [weak = std::weak_ptr(runtime), http, s3](
                        const std::string& sink, const std::string& key,
                        std::chrono::seconds expires, const auto& done) {
    Presign(weak, http, s3, sink, key, expires, done);
  };
  return options;
}

}  // namespace

void AddWebhooks(CLI::App& app, Webhooks& webhooks) {
  const char* group = "Who is told";
  app.add_option("--webhook", webhooks.urls,
                 "POST to this https URL (http on this machine) when the "
                 "recording starts, stops and "
                 "is stored, or fails; tried until it is taken, by `hlsrec "
                 "resume`, too. @FILE for a URL that is a secret; may be "
                 "repeated")
      ->allow_extra_args(false)
      ->type_name("URL")
      ->group(group);
  app.add_option("--webhook-secret-file", webhooks.secret_file,
                 "File with the key that signs them: whsec_BASE64, as Standard "
                 "Webhooks have it, or a line that is the key itself")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--webhook-bearer-file", webhooks.bearer_file,
                 "File with a bearer token for them")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--webhook-header", webhooks.headers,
                 "Header of each of them; @FILE for a file of headers; may be "
                 "repeated")
      ->allow_extra_args(false)
      ->type_name("NAME: VALUE")
      ->group(group);
  app.add_option("--webhook-style", webhooks.style,
                 "Their body: hlsrec, or 100ms")
      ->capture_default_str()
      ->check(CLI::IsMember({"hlsrec", "100ms"}))
      ->group(group);
  app.add_option("--webhook-kind", webhooks.kind,
                 "Of 100ms: which recording this is: hls, beam or sfu")
      ->capture_default_str()
      ->check(CLI::IsMember({"hls", "beam", "sfu"}))
      ->group(group);
  app.add_option("--webhook-app-id", webhooks.app_id, "Of 100ms: app_id")
      ->group(group);
  app.add_option("--webhook-account-id", webhooks.account_id,
                 "Of 100ms: account_id")
      ->group(group);
  app.add_option("--webhook-template-id", webhooks.template_id,
                 "Of 100ms: template_id")
      ->group(group);
  app.add_option("--webhook-presign-for", webhooks.presign_for,
                 "Of 100ms: how long presigned URLs are good")
      ->capture_default_str()
      ->type_name("DURATION")
      ->group(group);
  app.add_option("--on-event", webhooks.programs,
                 "Run this program: its argument is the event's name, its "
                 "input the JSON; tried again unless it exits with 0; may be "
                 "repeated")
      ->allow_extra_args(false)
      ->type_name("PROGRAM")
      ->group(group);
  app.add_option("--events", webhooks.events,
                 "Which: all, or names with commas between, such as "
                 "recording.success,segment.stored; all but segment.stored by "
                 "default")
      ->type_name("NAMES")
      ->group(group);
}

StatusOr<std::vector<NotifierOptions>> MakeNotifiers(
    const std::shared_ptr<Runtime>& runtime, const Webhooks& webhooks,
    const HttpDelivery& http, const S3Delivery& s3) {
  std::vector<NotifierOptions> notifiers;
  const auto types = TypesOf(webhooks.events);
  if (!types.ok()) return types.status();
  if (!webhooks.urls.empty()) {
    auto options = OptionsOf(runtime, webhooks, http, s3);
    if (!options.ok()) return options.status();
    for (const std::string& text : webhooks.urls) {
      const auto url = UrlOf(text);
      if (!url.ok()) return url.status();
      options->url = *url;
      auto webhook = OpenWebhook(runtime, *options);
      if (!webhook.ok()) return webhook.status();
      notifiers.push_back({.notifier = *std::move(webhook), .types = *types});
    }
  }
  for (const std::string& program : webhooks.programs) {
    auto hook = OpenEventHook(program);
    if (!hook.ok()) return hook.status();
    notifiers.push_back({.notifier = *std::move(hook), .types = *types});
  }
  return notifiers;
}

StatusOr<std::uint64_t> AwaitNotifications(
    const std::shared_ptr<Runtime>& runtime, std::chrono::milliseconds timeout,
    const std::function<bool()>& stop) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    const auto wait =
        stop() ? std::chrono::milliseconds(0)
               : std::clamp(left, std::chrono::milliseconds(0), kLook);
    auto owed = WaitForNotifications(runtime, wait);
    if (!owed.ok() || *owed == 0 || wait < kLook) return owed;
  }
}

}  // namespace hlsrec::tools
