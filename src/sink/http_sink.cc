#include "src/sink/http_sink.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "src/base/percent.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/net/http_get.h"
#include "src/net/http_status.h"
#include "src/net/transfer_loop.h"
#include "src/net/url.h"
#include "src/sink/head.h"
#include "src/sink/http_client.h"

namespace hlsrec::sink {
namespace {

using net::TransferResponse;

bool IsFree(int status) {
  // The last two: it can't tell.
  return status == 404 || status == 410 || status == 405 || status == 501;
}

// What calls in flight hold.
//
// Threads. Any.
class HttpStore : public std::enable_shared_from_this<HttpStore> {
 public:
  HttpStore(const HttpSinkWorld& world, const HttpSinkOptions& options)
      : clock_(*world.clock),
        options_(options),
        client_(
            std::make_shared<HttpClient>(world.transport, world.io, options)) {}

  [[nodiscard]] std::string UrlOf(std::string_view key) const {
    return options_.base_url + net::UriEncode(key, net::UriPart::kPath);
  }

  void Put(PutRequest request, Sink::Done done) {
    const bool look = request.if_exists == IfExists::kFail &&
                      options_.conflict == HttpConflict::kLookFirst;
    if (!look) return Upload(request, std::move(done));
    std::string url = UrlOf(request.key);
    client_->Send(
        {.method = "HEAD", .url = url},
        [self = shared_from_this(), url, request = std::move(request),
         done = std::move(done)](const StatusOr<TransferResponse>& answer) {
          if (!answer.ok()) return done(answer.status());
          if (IsFree(answer->status)) return self->Upload(request, done);
          Status status = self->StatusOf(*answer, "head", url);
          if (status.ok()) {
            status = AlreadyExists("put: {}: exists", net::RedactUrl(url));
          }
          done(std::move(status));
        });
  }

  void Get(const std::string& key, std::uint64_t max_bytes,
           Sink::GetDone done) {
    // A refusal may be longer than what is asked for.
    constexpr std::uint64_t kRefusal = 65536;
    std::string url = UrlOf(key);
    client_->Send(
        {.method = "GET",
         .url = url,
         .headers = {{"Cache-Control", "no-cache"}},
         .max_response_bytes = std::max(max_bytes, kRefusal)},
        [self = shared_from_this(), url, max_bytes,
         done = std::move(done)](StatusOr<TransferResponse> answer) {
          if (!answer.ok()) return done(answer.status());
          Status status = self->StatusOf(*answer, "get", url);
          if (!status.ok()) return done(std::move(status));
          if (answer->body.size() > max_bytes) {
            return done(ResourceExhausted("get: {}: more than {} bytes",
                                          net::RedactUrl(url), max_bytes));
          }
          done(std::move(answer->body));
        });
  }

  void Stat(const std::string& key, Sink::StatDone done) {
    std::string url = UrlOf(key);
    client_->Send({.method = "HEAD", .url = url},
                  [self = shared_from_this(), key, url, done = std::move(done)](
                      const StatusOr<TransferResponse>& answer) {
                    if (!answer.ok()) return done(answer.status());
                    Status status = self->StatusOf(*answer, "head", url);
                    if (!status.ok()) return done(std::move(status));
                    done(InfoOf(key, *answer));
                  });
  }

  void Remove(const std::string& key, Sink::Done done) {
    std::string url = UrlOf(key);
    client_->Send(
        {.method = "DELETE", .url = url},
        [self = shared_from_this(), url,
         done = std::move(done)](const StatusOr<TransferResponse>& answer) {
          if (!answer.ok()) return done(answer.status());
          const bool gone = answer->status == 404 || answer->status == 410;
          done(gone ? Status() : self->StatusOf(*answer, "delete", url));
        });
  }

 private:
  [[nodiscard]] Status StatusOf(const TransferResponse& response,
                                std::string_view what,
                                const std::string& url) const {
    return net::ResponseStatus(response,
                               fmt::format("{}: {}", what, net::RedactUrl(url)),
                               clock_.Wall());
  }

  [[nodiscard]] const std::string& CacheControlOf(
      const PutRequest& request) const {
    const bool media = request.kind == ObjectKind::kSegment ||
                       request.kind == ObjectKind::kInitSection;
    if (media) return options_.cache_control.segments;
    return request.last_version ? options_.cache_control.ended_playlists
                                : options_.cache_control.live_playlists;
  }

  void Upload(const PutRequest& request, Sink::Done done) {
    HttpClient::Call call{
        .method = options_.method == HttpPutMethod::kPut ? "PUT" : "POST",
        .url = UrlOf(request.key),
        .headers = {{"Content-Type", request.content_type}},
        .body = request.body};
    if (!request.content_encoding.empty()) {
      call.headers.push_back({"Content-Encoding", request.content_encoding});
    }
    if (const std::string& cache = CacheControlOf(request); !cache.empty()) {
      call.headers.push_back({"Cache-Control", cache});
    }
    if (request.if_exists == IfExists::kFail &&
        options_.conflict == HttpConflict::kIfNoneMatch) {
      call.headers.push_back({"If-None-Match", "*"});
    }
    std::string url = call.url;
    client_->Send(std::move(call),
                  [self = shared_from_this(), url = std::move(url),
                   on_etag = request.on_etag, done = std::move(done)](
                      const StatusOr<TransferResponse>& answer) {
                    if (!answer.ok()) return done(answer.status());
                    Status status = self->StatusOf(*answer, "put", url);
                    const std::string_view etag = answer->Header("ETag");
                    if (status.ok() && on_etag && !etag.empty()) {
                      on_etag(std::string(etag));
                    }
                    done(std::move(status));
                  });
  }

  const Clock& clock_;
  const HttpSinkOptions options_;
  const std::shared_ptr<HttpClient> client_;
};

class HttpSink final : public Sink {
 public:
  HttpSink(const HttpSinkWorld& world, const HttpSinkOptions& options)
      : owner_(world.owner),
        store_(std::make_shared<HttpStore>(world, options)),
        description_(options.base_url) {}

  void Put(PutRequest request, Done done) override {
    if (Status status = CheckKey(request.key); !status.ok()) {
      return done(std::move(status));
    }
    store_->Put(std::move(request), std::move(done));
  }
  void Get(std::string key, std::uint64_t max_bytes, GetDone done) override {
    if (Status status = CheckKey(key); !status.ok()) {
      return done(std::move(status));
    }
    store_->Get(key, max_bytes, std::move(done));
  }
  void Remove(std::string key, Done done) override {
    if (Status status = CheckKey(key); !status.ok()) {
      return done(std::move(status));
    }
    store_->Remove(key, std::move(done));
  }
  void Stat(std::string key, StatDone done) override {
    if (Status status = CheckKey(key); !status.ok()) {
      return done(std::move(status));
    }
    store_->Stat(key, std::move(done));
  }
  void List(std::string, ListDone done) override {
    done(Unimplemented("list: {}: web servers have no list of objects",
                       description_));
  }
  std::string Describe() const override { return description_; }
  bool keeps_content_encoding() const override { return true; }

 private:
  const std::shared_ptr<void> owner_;
  const std::shared_ptr<HttpStore> store_;
  const std::string description_;
};

}  // namespace

std::shared_ptr<Sink> MakeHttpSink(const HttpSinkWorld& world,
                                   const HttpSinkOptions& options) {
  HttpSinkOptions clean = options;
  if (!clean.base_url.ends_with('/')) clean.base_url += '/';
  return std::make_shared<HttpSink>(world, clean);
}

}  // namespace hlsrec::sink

namespace hlsrec {

std::string KeyOfUrlPath(std::string_view path) {
  return DecodePercentLeniently(path);
}

StatusOr<std::shared_ptr<Sink>> OpenHttpSink(std::shared_ptr<Runtime> runtime,
                                             const HttpSinkOptions& options) {
  if (runtime == nullptr) return InvalidArgument("http sink: runtime: is null");
  HLSREC_RETURN_IF_ERROR(
      sink::CheckHttpOptions(options).WithContext("http sink"));
  RuntimeCore& core = runtime->core();
  const auto transport = net::SharedTransport(core);
  return sink::MakeHttpSink(
      {.owner = std::move(runtime),
       .transport = transport,
       .clock = &core.clock(),
       .io = options.authorization ? core.Io("http-credentials") : nullptr},
      options);
}

}  // namespace hlsrec
