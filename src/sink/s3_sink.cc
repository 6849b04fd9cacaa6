#include "src/sink/s3_sink.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/net/transfer_loop.h"
#include "src/sink/head.h"
#include "src/sink/s3_client.h"
#include "src/sink/s3_multipart.h"

namespace hlsrec::sink {
namespace {

constexpr std::uint64_t kMaxErrorBytes = std::uint64_t{64} << 10;
constexpr std::uint64_t kMaxPageBytes = std::uint64_t{16} << 20;

// What calls in flight share with the sink: no runtime is kept alive by it.
struct Store {
  std::shared_ptr<S3Client> client;
  std::shared_ptr<Executor> io;
  S3SinkOptions options;
  std::string prefix;  // with its last `/`, or empty
  // The store said that it can't put conditionally.
  std::atomic<bool> look_first = false;

  [[nodiscard]] std::string Full(const std::string& key) const {
    return prefix + key;
  }
};
using StorePtr = std::shared_ptr<Store>;

// A bucket that is not there is no missing object.
Status OfRead(const S3Answer& answer) {
  if (answer.error_code != "NoSuchBucket") return answer.status;
  return MakeStatus(StatusCode::kFailedPrecondition, "{}",
                    answer.status.message());
}

std::string_view CacheControlFor(const PutRequest& request,
                                 const S3CacheControl& cache) {
  switch (request.kind) {
    case ObjectKind::kInitSection:
    case ObjectKind::kSegment:
      return cache.segments;
    case ObjectKind::kMediaPlaylist:
    case ObjectKind::kMultivariantPlaylist:
    case ObjectKind::kManifest:
      return request.last_version ? cache.ended_playlists
                                  : cache.live_playlists;
    case ObjectKind::kOther:
      break;
  }
  return {};
}

std::vector<net::HttpHeader> HeadersFor(const PutRequest& request,
                                        const S3SinkOptions& options) {
  std::vector<net::HttpHeader> headers;
  const auto add = [&headers](std::string name, std::string_view value) {
    if (!value.empty()) {
      headers.push_back({std::move(name), std::string(value)});
    }
  };
  add("Content-Type", request.content_type);
  add("Content-Encoding", request.content_encoding);
  add("Cache-Control", CacheControlFor(request, options.cache_control));
  add("x-amz-acl", options.canned_acl);
  add("x-amz-storage-class", options.storage_class);
  for (const auto& [name, value] : options.metadata) {
    add("x-amz-meta-" + name, value);
  }
  std::string tags;
  for (const auto& [name, value] : options.tags) {
    if (!tags.empty()) tags += '&';
    tags += net::UriEncode(name, net::UriPart::kQuery) + "=" +
            net::UriEncode(value, net::UriPart::kQuery);
  }
  add("x-amz-tagging", tags);
  return headers;
}

// One call of Put().
//
// Lifetime. Held by its request in flight.
class Putting final : public std::enable_shared_from_this<Putting> {
 public:
  Putting(StorePtr store, PutRequest request, Sink::Done done)
      : store_(std::move(store)),
        request_(std::move(request)),
        done_(std::move(done)),
        key_(store_->Full(request_.key)),
        context_("s3: put " + request_.key),
        in_parts_(request_.body->size() >
                  store_->options.multipart_threshold_bytes) {}

  void Begin() {
    const bool exclusive = request_.if_exists == IfExists::kFail;
    // Not all that know the condition of a put know that of an upload's end.
    if (exclusive && (in_parts_ || store_->look_first)) return Look();
    StoreIt();
  }

 private:
  // A range has an error's text where HEAD has none.
  void Look() {
    store_->client->Send({.key = key_,
                          .headers = {{"Range", "bytes=0-0"}},
                          .max_response_bytes = kMaxErrorBytes,
                          .context = context_},
                         [self = shared_from_this()](const S3Answer& answer) {
                           self->OnLooked(answer);
                         });
  }

  void OnLooked(const S3Answer& answer) {
    // 416: it is there, and empty. Whole: ranges are not known here.
    const bool there = answer.status.ok() || answer.response.status == 416 ||
                       answer.status.code() == StatusCode::kResourceExhausted;
    if (there) return done_(AlreadyExists("{}: is there already", context_));
    if (answer.response.status != 404 || answer.error_code == "NoSuchBucket") {
      return done_(answer.status);
    }
    StoreIt();
  }

  void StoreIt() {
    if (in_parts_) return PutParts();
    if (!request_.sha256.empty()) return PutWhole(request_.sha256);
    const bool taken = store_->io->Post([self = shared_from_this()] {
      const Body& body = *self->request_.body;
      StatusOr<std::string> hash = HashBody(body, 0, body.size());
      if (!hash.ok()) {
        return self->done_(hash.status().WithContext(self->context_));
      }
      self->PutWhole(*std::move(hash));
    });
    if (!taken) done_(Cancelled("{}: the runtime has ended", context_));
  }

  [[nodiscard]] std::vector<net::HttpHeader> Condition() const {
    if (request_.if_exists != IfExists::kFail || store_->look_first) return {};
    return {{"If-None-Match", "*"}};
  }

  void PutWhole(std::string hash) {
    std::vector<net::HttpHeader> headers =
        HeadersFor(request_, store_->options);
    const std::vector<net::HttpHeader> condition = Condition();
    headers.insert(headers.end(), condition.begin(), condition.end());
    store_->client->Send(
        {.method = "PUT",
         .key = key_,
         .headers = std::move(headers),
         .body = request_.body,
         .payload_hash = std::move(hash),
         .context = context_},
        [self = shared_from_this(), conditional = !condition.empty()](
            S3Answer answer) { self->OnPut(conditional, std::move(answer)); });
  }

  void OnPut(bool conditional, S3Answer answer) {
    // Told once, from then on asked first.
    if (conditional && answer.status.code() == StatusCode::kUnimplemented) {
      store_->look_first = true;
      return Look();
    }
    if (answer.status.ok()) TellEtag(answer.response.Header("ETag"));
    done_(std::move(answer.status));
  }

  void TellEtag(std::string_view etag) {
    if (request_.on_etag && !etag.empty()) request_.on_etag(std::string(etag));
  }

  void PutParts() {
    UploadInParts(store_->client, store_->io,
                  {.key = key_,
                   .body = request_.body,
                   .part_bytes = store_->options.part_bytes,
                   .headers = HeadersFor(request_, store_->options),
                   .completion_headers = Condition(),
                   .context = context_},
                  [self = shared_from_this()](const S3Answer& answer) {
                    if (answer.status.ok()) {
                      self->TellEtag(CompletedEtag(answer.response.body));
                    }
                    self->done_(answer.status);
                  });
  }

  const StorePtr store_;
  const PutRequest request_;
  const Sink::Done done_;
  const std::string key_;
  const std::string context_;
  const bool in_parts_;
};

// One call of List().
//
// Lifetime. Held by its request in flight.
class Listing final : public std::enable_shared_from_this<Listing> {
 public:
  Listing(StorePtr store, const std::string& prefix, Sink::ListDone done)
      : store_(std::move(store)),
        prefix_(store_->Full(prefix)),
        context_("s3: list " + prefix),
        done_(std::move(done)) {}

  void Next(const std::string& continuation) {
    net::QueryParameters query = {{"list-type", "2"}, {"encoding-type", "url"}};
    if (!prefix_.empty()) query.emplace_back("prefix", prefix_);
    if (!continuation.empty()) {
      query.emplace_back("continuation-token", continuation);
    }
    store_->client->Send({.query = std::move(query),
                          .max_response_bytes = kMaxPageBytes,
                          .context = context_},
                         [self = shared_from_this()](const S3Answer& answer) {
                           self->OnPage(answer);
                         });
  }

 private:
  void OnPage(const S3Answer& answer) {
    if (!answer.status.ok()) return done_(OfRead(answer));
    StatusOr<S3ListPage> page = ParseS3List(answer.response.body);
    if (!page.ok()) return done_(page.status().WithContext(context_));
    for (ObjectInfo& object : page->objects) {
      // Consoles make objects "folder/" for folders.
      if (!object.key.starts_with(prefix_) || object.key.ends_with('/')) {
        continue;
      }
      object.key.erase(0, store_->prefix.size());
      objects_.push_back(std::move(object));
    }
    if (!page->continuation.empty()) return Next(page->continuation);
    // Most come in order; Amazon's directory buckets do not.
    std::sort(
        objects_.begin(), objects_.end(),
        [](const ObjectInfo& a, const ObjectInfo& b) { return a.key < b.key; });
    done_(std::move(objects_));
  }

  const StorePtr store_;
  const std::string prefix_;
  const std::string context_;
  const Sink::ListDone done_;
  std::vector<ObjectInfo> objects_;
};

class S3SinkImpl final : public S3Sink {
 public:
  S3SinkImpl(std::shared_ptr<Runtime> runtime, StorePtr store)
      : runtime_(std::move(runtime)), store_(std::move(store)) {}

  void Put(PutRequest request, Done done) override {
    if (Status status = CheckKey(request.key); !status.ok()) {
      return done(std::move(status));
    }
    std::make_shared<Putting>(store_, std::move(request), std::move(done))
        ->Begin();
  }

  void Get(std::string key, std::uint64_t max_bytes, GetDone done) override {
    if (Status status = CheckKey(key); !status.ok()) {
      return done(std::move(status));
    }
    const std::string context = "s3: get " + key;
    store_->client->Send(
        {.key = store_->Full(key),
         .max_response_bytes = std::max(max_bytes, kMaxErrorBytes),
         .context = context},
        [max_bytes, context, done = std::move(done)](S3Answer answer) {
          if (!answer.status.ok()) return done(OfRead(answer));
          if (answer.response.body.size() > max_bytes) {
            return done(ResourceExhausted("{}: larger than {} bytes", context,
                                          max_bytes));
          }
          done(std::move(answer.response.body));
        });
  }

  void Remove(std::string key, Done done) override {
    if (Status status = CheckKey(key); !status.ok()) {
      return done(std::move(status));
    }
    store_->client->Send({.method = "DELETE",
                          .key = store_->Full(key),
                          .context = "s3: remove " + key},
                         [done = std::move(done)](S3Answer answer) {
                           const bool gone =
                               answer.response.status == 404 &&
                               answer.error_code != "NoSuchBucket";
                           done(gone ? Status() : std::move(answer.status));
                         });
  }

  void Stat(std::string key, StatDone done) override {
    if (Status status = CheckKey(key); !status.ok()) {
      return done(std::move(status));
    }
    store_->client->Send({.method = "HEAD",
                          .key = store_->Full(key),
                          .context = "s3: head " + key},
                         [key, done = std::move(done)](const S3Answer& answer) {
                           if (!answer.status.ok()) return done(OfRead(answer));
                           done(InfoOf(key, answer.response));
                         });
  }

  void List(std::string prefix, ListDone done) override {
    std::make_shared<Listing>(store_, prefix, std::move(done))->Next("");
  }

  void PresignGet(std::string key, std::chrono::seconds expires_after,
                  GetDone done) override {
    Presign("GET", key, expires_after, std::move(done));
  }
  void PresignHead(std::string key, std::chrono::seconds expires_after,
                   GetDone done) override {
    Presign("HEAD", key, expires_after, std::move(done));
  }

  std::string Describe() const override { return MakeS3Url(store_->options); }
  bool keeps_content_encoding() const override { return true; }
  std::chrono::milliseconds rewrite_interval() const override {
    return store_->options.rewrite_interval;
  }

 private:
  void Presign(const std::string& method, const std::string& key,
               std::chrono::seconds expires_after, GetDone done) {
    constexpr std::chrono::days kLongest{7};
    if (Status status = CheckKey(key); !status.ok()) {
      return done(std::move(status));
    }
    if (expires_after.count() < 1 || expires_after > kLongest) {
      return done(InvalidArgument(
          "s3: presign: expires_after: {} s: want 1 s to 7 days",
          expires_after.count()));
    }
    store_->client->Presign(method, store_->Full(key), expires_after,
                            std::move(done));
  }

  const std::shared_ptr<Runtime> runtime_;
  const StorePtr store_;
};

}  // namespace

StatusOr<std::shared_ptr<S3Sink>> MakeS3Sink(S3Surroundings surroundings,
                                             const S3SinkOptions& options) {
  HLSREC_RETURN_IF_ERROR(CheckS3Options(options));
  const auto store = std::make_shared<Store>();
  store->client = std::make_shared<S3Client>(
      surroundings.clock, std::move(surroundings.transport), options);
  store->io = std::move(surroundings.io);
  store->options = options;
  store->prefix = options.prefix;
  if (!store->prefix.empty() && !store->prefix.ends_with('/')) {
    store->prefix += '/';
  }
  store->look_first = options.conflict == S3Conflict::kLookFirst;
  return std::shared_ptr<S3Sink>(
      std::make_shared<S3SinkImpl>(std::move(surroundings.runtime), store));
}

}  // namespace hlsrec::sink

namespace hlsrec {

StatusOr<std::shared_ptr<S3Sink>> OpenS3Sink(std::shared_ptr<Runtime> runtime,
                                             const S3SinkOptions& options) {
  if (runtime == nullptr) return InvalidArgument("s3 sink: runtime: is null");
  RuntimeCore& core = runtime->core();
  return sink::MakeS3Sink(
      {.clock = core.clock(),
       .transport = net::SharedTransport(core),
       .io = core.Io("s3:" + options.endpoint + "/" + options.bucket),
       .runtime = std::move(runtime)},
      options);
}

}  // namespace hlsrec
