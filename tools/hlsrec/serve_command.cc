#include "tools/hlsrec/serve_command.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdio>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "hlsrec/access.h"
#include "hlsrec/metrics.h"
#include "hlsrec/page.h"
#include "hlsrec/playback.h"
#include "tools/hlsrec/exit_codes.h"
#include "tools/hlsrec/signals.h"
#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

Status Bad(std::string_view flag, std::string_view value,
           std::string_view why) {
  return {StatusCode::kInvalidArgument,
          fmt::format("{}: {}: {}", flag, value, why)};
}

StatusOr<std::string> BucketUrl(const std::string& text) {
  const auto bad = [&text] {
    return Bad("--forward-bucket", text,
               "want aws:BUCKET:REGION, digitalocean:BUCKET:REGION, "
               "google:BUCKET or s3:BUCKET:https://HOST");
  };
  const std::size_t first = text.find(':');
  if (first == std::string::npos) return bad();
  const std::size_t second = std::min(text.find(':', first + 1), text.size());
  ForwardBucket bucket;
  bucket.bucket = text.substr(first + 1, second - first - 1);
  const std::string place = text.substr(std::min(text.size(), second + 1));
  const std::string provider = text.substr(0, first);
  if (provider == "aws") {
    bucket.provider = ForwardProvider::kAws;
    bucket.region = place;
  } else if (provider == "digitalocean") {
    bucket.provider = ForwardProvider::kDigitalOcean;
    bucket.region = place;
  } else if (provider == "google") {
    bucket.provider = ForwardProvider::kGoogle;
    if (!place.empty()) return bad();
  } else if (provider == "s3") {
    bucket.provider = ForwardProvider::kS3;
    bucket.endpoint = place;
  } else {
    return bad();
  }
  StatusOr<std::string> url = ForwardBaseUrl(bucket);
  if (!url.ok()) return url.status().WithContext("--forward-bucket");
  return url;
}

// Folders, and where else recordings are; a web address is only one of these.
Status SetPlaces(const ServeCommand& command,
                 const std::shared_ptr<Runtime>& runtime,
                 PlaybackOptions& playback) {
  std::vector<std::string> roots = command.roots;
  const auto described = StorageOutputs(command.s3);
  if (!described.ok()) return described.status();
  roots.insert(roots.end(), described->begin(), described->end());
  if (!command.forward_base_url.empty()) {
    roots.push_back(command.forward_base_url);
  }
  if (!command.forward_bucket.empty()) {
    const auto url = BucketUrl(command.forward_bucket);
    if (!url.ok()) return url.status();
    roots.push_back(*url);
  }
  if (roots.empty()) {
    return {StatusCode::kInvalidArgument, "ROOT is required"};
  }
  ForwardOptions& forward = playback.forward;
  for (const std::string& root : roots) {
    const bool bucket = IsS3Url(root);
    if (!bucket && root.find("://") == std::string::npos) {
      playback.folders.push_back(root);
      continue;
    }
    if (playback.bucket != nullptr ||
        !forward.http_forwarding_base_url.empty()) {
      return Bad("ROOT", SplitParameters(root).path,
                 "there is one place to forward to already");
    }
    if (!bucket) {
      forward.http_forwarding_base_url = root;
      continue;
    }
    auto sink = OpenS3Output(runtime, command.s3, command.http, root);
    if (!sink.ok()) return sink.status();
    playback.bucket = *std::move(sink);
    forward.access = ForwardAccess::kPresigned;
  }
  return {};
}

StatusOr<PlaybackOptions> MakePlaybackOptions(
    const ServeCommand& command, const std::shared_ptr<Runtime>& runtime) {
  PlaybackOptions playback;
  if (Status status = SetPlaces(command, runtime, playback); !status.ok()) {
    return status;
  }
  const auto expires = ParseDuration(command.presign_expires);
  if (!expires.ok()) return expires.status().WithContext("--presign-expires");
  playback.presign_expires = std::chrono::floor<std::chrono::seconds>(*expires);
  ForwardOptions& forward = playback.forward;
  forward.http_forwarding_extension =
      command.forward_extensions.empty() ? "*" : command.forward_extensions;
  forward.proxied_extension = command.proxied_extensions;
  forward.redirect = static_cast<ForwardRedirect>(command.forward_status);
  for (const std::string& text : command.forward_prefixes) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
      return Bad("--forward-prefix", text, "want /HERE=/THERE");
    }
    forward.path_prefixes.emplace_back(text.substr(0, equals),
                                       text.substr(equals + 1));
  }
  if (!command.uploads.target.empty()) {
    // Names are the encoders', who use them again.
    playback.cache_control.segments = "no-cache";
    playback.cache_control.ended_playlists = "no-cache";
  }
  playback.allowed_origin = command.allowed_origin;
  playback.ca_file = command.http.ca_file;
  playback.proxy = command.http.proxy;
  return playback;
}

Status SetServerOptions(ServeCommand& command) {
  HttpServerOptions& server = command.server;
  if (server.tls_key_file.empty()) {
    server.tls_key_file = server.tls_certificate_file;
  }
  const auto header = ParseDuration(command.header_timeout);
  if (!header.ok()) return header.status().WithContext("--header-timeout");
  const auto idle = ParseDuration(command.idle_timeout);
  if (!idle.ok()) return idle.status().WithContext("--idle-timeout");
  if (*header < std::chrono::milliseconds(1) ||
      *idle < std::chrono::seconds(1)) {
    return Bad("--idle-timeout", command.idle_timeout,
               "timeouts of a server can't be 0");
  }
  server.limits.header_timeout = *header;
  server.limits.idle_timeout = std::chrono::ceil<std::chrono::seconds>(*idle);
  return {};
}

// Whose numbers the metrics tell.
struct Counted {
  std::atomic<const HttpServer*> server = nullptr;  // once it runs
  std::shared_ptr<const UploadReceiver> uploads =
      {};  // null: none is asked for
};

// Where browsers are redirected to, so that the page may fetch from there.
std::vector<std::string> MediaOrigins(const PlaybackOptions& playback) {
  std::string url = playback.forward.http_forwarding_base_url;
  if (playback.bucket != nullptr) {
    const auto answer = std::make_shared<std::promise<StatusOr<std::string>>>();
    auto presigned = answer->get_future();
    playback.bucket->PresignGet("x", std::chrono::seconds(60),
                                [answer](StatusOr<std::string> made) {
                                  answer->set_value(std::move(made));
                                });
    auto signed_url = presigned.get();
    if (signed_url.ok()) url = *signed_url;
  }
  if (url.empty()) return {};
  return {url.substr(0, url.find('/', url.find("//") + 2))};
}

bool IsLoopback(const std::string& bind) {
  return bind.starts_with("127.") || bind.starts_with("[::1]");
}

bool AsksForAccess(const ServeCommand& command) {
  return !command.token_file.empty() || !command.signing_key_file.empty();
}

// Uploads and the page, which are in front of the others: encoders have a token
// of their own, and the page asks for one.
Status AddInFront(const ServeCommand& command,
                  const std::shared_ptr<Runtime>& runtime,
                  const std::vector<std::string>& media_origins,
                  Counted& counted,
                  std::vector<std::shared_ptr<HttpHandler>>& handlers) {
  const bool anybody = command.uploads.token_file.empty();
  if (!command.uploads.target.empty() && anybody &&
      (AsksForAccess(command) || !IsLoopback(command.server.bind))) {
    return Bad("--accept-uploads", SplitParameters(command.uploads.target).path,
               "anybody who reaches the server could read and write there: "
               "give --upload-token-file");
  }
  auto uploads =
      OpenUploads(runtime, command.uploads, command.http, command.s3);
  if (!uploads.ok()) return uploads.status();
  if (*uploads != nullptr) {
    counted.uploads = *uploads;
    handlers.push_back(anybody ? RefuseForeignPages(*std::move(uploads))
                               : *std::move(uploads));
  }
  if (command.no_page) return {};
  auto page = MakePage({.media_origins = media_origins});
  if (!page.ok()) return page.status();
  handlers.push_back(*std::move(page));
  return {};
}

StatusOr<std::vector<std::shared_ptr<HttpHandler>>> MakeHandlers(
    const ServeCommand& command, const std::shared_ptr<Runtime>& runtime,
    const std::shared_ptr<Counted>& counted) {
  auto options = MakePlaybackOptions(command, runtime);
  if (!options.ok()) return options.status();
  const std::vector<std::string> origins = MediaOrigins(*options);
  auto playback = OpenPlayback(runtime, *std::move(options));
  if (!playback.ok()) return playback.status();
  std::vector<std::shared_ptr<HttpHandler>> in_front;
  if (Status status = AddInFront(command, runtime, origins, *counted, in_front);
      !status.ok()) {
    return status;
  }
  std::vector<std::shared_ptr<HttpHandler>> handlers;
  if (command.metrics) {
    handlers.push_back(MakeMetricsHandler([counted] {
      MetricsInput input;
      if (const HttpServer* server = counted->server) {
        input.server = server->stats();
      }
      if (counted->uploads != nullptr) {
        input.uploads = counted->uploads->stats();
      }
      return RenderMetrics(input);
    }));
  }
  handlers.push_back(*std::move(playback));
  if (!AsksForAccess(command)) {
    in_front.insert(in_front.end(), handlers.begin(), handlers.end());
    return in_front;
  }
  auto access = RequireAccess(runtime,
                              {.token_file = command.token_file,
                               .signing_key_file = command.signing_key_file},
                              std::move(handlers));
  if (!access.ok()) return access.status();
  in_front.push_back(*std::move(access));
  return in_front;
}

// Connections and the files that are sent need one each; the usual limit is
// for programs that use select().
void AllowManyFiles() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

// What most who bind to more than loopback do not mean to say.
void WarnWhereOpen(const ServeCommand& command) {
  if (command.open || AsksForAccess(command) ||
      IsLoopback(command.server.bind)) {
    return;
  }
  fmt::print(stderr,
             "hlsrec: serve: --bind {}: anybody who reaches it may read all of "
             "it: give --token-file or --signing-key, or --open if that is "
             "meant\n",
             command.server.bind);
}

int Fail(const Status& status) {
  fmt::print(stderr, "hlsrec: serve: {}\n", status.message());
  return status.code() == StatusCode::kInvalidArgument ? kUsage
                                                       : kStorageRefused;
}

}  // namespace

int RunServe(ServeCommand command) {
  AllowManyFiles();
  const auto runtime = Runtime::Create({.libav_logging = LibavLog::kSilence});
  if (!runtime.ok()) return Fail(runtime.status());
  if (Status status = SetServerOptions(command); !status.ok()) {
    return Fail(status);
  }
  const auto counted = std::make_shared<Counted>();
  auto handlers = MakeHandlers(command, *runtime, counted);
  if (!handlers.ok()) return Fail(handlers.status());
  command.server.handlers = *std::move(handlers);
  // Before anybody is told that we are there.
  std::promise<void> ended;
  const SignalWatch signals(
      [&ended](int count) {
        if (count == 1) ended.set_value();
      },
      [](SignalWatch::Wish) {});
  WarnWhereOpen(command);
  const auto server = HttpServer::Start(*runtime, command.server);
  if (!server.ok()) return Fail(server.status());
  counted->server = server->get();
  const std::string url = (*server)->url();
  if (command.json) {
    const nlohmann::ordered_json json = {{"event", "serving"}, {"url", url}};
    fmt::print("{}\n", json.dump());
  } else {
    fmt::print("serving {}/\n", url);
  }
  std::fflush(stdout);
  ended.get_future().wait();
  (*server)->Stop();
  counted->server = nullptr;
  return kComplete;
}

}  // namespace hlsrec::tools
