#include "hlsrec/playback.h"

#include <utility>

#include "src/base/gzip.h"
#include "src/base/hash.h"
#include "src/base/status_util.h"
#include "src/serve/body.h"
#include "src/serve/conditional.h"
#include "src/serve/content_type.h"
#include "src/serve/gzip_cache.h"
#include "src/serve/local_files.h"
#include "src/serve/playlist_text.h"
#include "src/serve/query.h"
#include "src/serve/recordings.h"
#include "src/serve/signed_url.h"
#include "src/serve/time_range.h"
#include "src/serve/upstream.h"

namespace hlsrec::serve {
namespace {

constexpr std::uint64_t kMaxPlaylistBytes = std::uint64_t{256} << 20;
// What is smaller fits into a packet anyway.
constexpr std::size_t kGzipFrom = 512;

int StatusOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
      return 400;
    // Buckets that may not be listed refuse what is not there.
    case StatusCode::kPermissionDenied:
    case StatusCode::kNotFound:
    case StatusCode::kFailedPrecondition:
      return 404;
    case StatusCode::kDeadlineExceeded:
      return 504;
    case StatusCode::kUnavailable:
      return 503;
    default:
      return 502;
  }
}

class Playback final : public HttpHandler,
                       public std::enable_shared_from_this<Playback> {
 public:
  Playback(const std::shared_ptr<Runtime>& runtime, PlaybackOptions options,
           Forwarder forwarder, std::shared_ptr<LocalFiles> files)
      : options_(std::move(options)),
        forwarder_(std::move(forwarder)),
        files_(std::move(files)),
        upstream_(std::make_shared<Upstream>(runtime->core(), options_)),
        recordings_(std::make_shared<Recordings>(
            runtime->core(),
            RecordingsOptions{
                .folders = files_->folders(),
                .max_age = options_.index_max_age,
                .bucket = options_.bucket,
                .path_of =
                    [forwarder = forwarder_](const std::string& key) {
                      return forwarder.PathOf(key);
                    },
                .max_object_bytes = options_.max_proxied_bytes,
                .bucket_max_age = options_.bucket_index_max_age})),
        lists_(runtime->core().Io("hlsrec-serve-lists")) {}

  bool Wants(const HttpRequest&) const override { return true; }
  std::unique_ptr<HttpBodyReader> Handle(HttpRequest request,
                                         HttpReply reply) override;

 private:
  // One that is on its way to an answer.
  struct Call {
    HttpRequest request;
    HttpReply reply;
    RequestTarget target;
  };
  using CallPtr = std::shared_ptr<const Call>;

  void Send(const Call& call, HttpResponse response) const;
  void Preflight(const Call& call) const;
  void SendIndex(const CallPtr& call);
  void SendFile(const Call& call, const LocalFile& file) const;
  void SendPlaylist(const CallPtr& call, const LocalFile& file);
  void Forward(const CallPtr& call);
  void Redirect(const CallPtr& call, const ForwardDecision& decision);
  void Proxy(const CallPtr& call, const ForwardDecision& decision);
  // A playlist's text as this call is to have it.
  void SendList(const Call& call, std::shared_ptr<const TextBody> list,
                Representation representation);
  void SendBytes(const Call& call, std::shared_ptr<const Body> body,
                 const Representation& representation,
                 std::vector<HttpField> fields) const;
  [[nodiscard]] StatusOr<std::string> Shaped(const Call& call,
                                             std::string_view text) const;

  const PlaybackOptions options_;
  const Forwarder forwarder_;
  const std::shared_ptr<LocalFiles> files_;
  const std::shared_ptr<Upstream> upstream_;
  const std::shared_ptr<Recordings> recordings_;
  const std::shared_ptr<Executor> lists_;  // where long lists are worked on
  GzipCache gzip_;
};

std::unique_ptr<HttpBodyReader> Playback::Handle(HttpRequest request,
                                                 HttpReply reply) {
  Call first{
      .request = std::move(request), .reply = std::move(reply), .target = {}};
  const std::string& method = first.request.method;
  auto target = ParseRequestTarget(first.request.target);
  if (method == "OPTIONS") {
    Preflight(first);
  } else if (method != "GET" && method != "HEAD") {
    HttpResponse response = PlainResponse(405, "want GET or HEAD");
    response.headers.push_back(
        {.name = "Allow", .value = "GET, HEAD, OPTIONS"});
    Send(first, std::move(response));
  } else if (!target.ok()) {
    Send(first, PlainResponse(400, target.status().message()));
  } else {
    first.target = *std::move(target);
    const auto call = std::make_shared<const Call>(std::move(first));
    if (call->target.path == "recordings.json") {
      SendIndex(call);
    } else if (const auto file = files_->Find(call->target.path);
               file.status().code() == StatusCode::kNotFound) {
      Forward(call);
    } else if (!file.ok()) {
      Send(*call, PlainResponse(503, "the file can't be opened now"));
    } else if (IsPlaylistName(call->target.path)) {
      SendPlaylist(call, *file);
    } else {
      SendFile(*call, *file);
    }
  }
  return nullptr;
}

void Playback::Send(const Call& call, HttpResponse response) const {
  const auto add = [&response](std::string name, std::string value) {
    response.headers.push_back(
        {.name = std::move(name), .value = std::move(value)});
  };
  if (!options_.allowed_origin.empty()) {
    add("Access-Control-Allow-Origin", options_.allowed_origin);
    add("Access-Control-Expose-Headers",
        "Content-Length, Content-Range, ETag, Date");
    if (options_.allowed_origin != "*") add("Vary", "Origin");
  }
  // Nobody guesses at a type, and sees something else in a recording.
  add("X-Content-Type-Options", "nosniff");
  call.reply(std::move(response));
}

void Playback::Preflight(const Call& call) const {
  HttpResponse response{.status = 204};
  response.headers = {{.name = "Allow", .value = "GET, HEAD, OPTIONS"}};
  if (!options_.allowed_origin.empty()) {
    response.headers.push_back(
        {.name = "Access-Control-Allow-Methods", .value = "GET, HEAD"});
    response.headers.push_back(
        {.name = "Access-Control-Allow-Headers",
         .value = "Authorization, Range, If-None-Match"});
    response.headers.push_back(
        {.name = "Access-Control-Max-Age", .value = "86400"});
  }
  Send(call, std::move(response));
}

void Playback::SendIndex(const CallPtr& call) {
  recordings_->Get([self = shared_from_this(),
                    call](const std::shared_ptr<const std::string>& json) {
    const Representation representation{
        .etag = fmt::format("\"{}\"", Sha256Hex(AsBytes(*json)).substr(0, 32)),
        .size_bytes = json->size()};
    self->SendBytes(*call, MakeText(*json), representation,
                    {{.name = "Content-Type", .value = "application/json"},
                     {.name = "Cache-Control", .value = "no-cache"}});
  });
}

void Playback::SendFile(const Call& call, const LocalFile& file) const {
  const std::string& path = call.target.path;
  const bool manifest = HasExtension(path, "json");
  SendBytes(
      call, file.body, file.representation,
      {{.name = "Content-Type", .value = std::string(ContentTypeOf(path))},
       {.name = "Cache-Control",
        .value = manifest ? "no-cache" : options_.cache_control.segments}});
}

void Playback::SendBytes(const Call& call, std::shared_ptr<const Body> body,
                         const Representation& representation,
                         std::vector<HttpField> fields) const {
  const Selection selection = Select(call.request, representation);
  HttpResponse response{.status = selection.status};
  // What is true of the object is not of a refusal.
  const bool refused = selection.status >= 400;
  for (HttpField& field : fields) {
    if (field.value.empty() || (refused && field.name == "Cache-Control")) {
      continue;
    }
    response.headers.push_back(std::move(field));
  }
  AddSelectionFields(representation, selection, response);
  if (selection.status == 304) {
    response.body = std::move(body);
  } else if (selection.length > 0) {
    response.body = std::move(body);
    response.offset = selection.offset;
    response.length = selection.length;
  }
  Send(call, std::move(response));
}

void Playback::SendPlaylist(const CallPtr& call, const LocalFile& file) {
  auto text = ReadBody(*file.body, kMaxPlaylistBytes);
  if (!text.ok()) {
    return Send(*call, PlainResponse(500, "the playlist can't be read"));
  }
  const auto list = std::make_shared<const TextBody>(*std::move(text));
  if (KeepOfQuery(call->target.query, {"start", "end"}).empty()) {
    return SendList(*call, list, file.representation);
  }
  lists_->Post([self = shared_from_this(), call, list,
                representation = file.representation] {
    self->SendList(*call, list, representation);
  });
}

StatusOr<std::string> Playback::Shaped(const Call& call,
                                       std::string_view text) const {
  const std::string& query = call.target.query;
  HLSREC_ASSIGN_OR_RETURN(const auto range, ParseTimeRange(query));
  std::string shaped(text);
  if (range) {
    HLSREC_ASSIGN_OR_RETURN(shaped,
                            SliceByTime(text, *range, TimeRangeQuery(query)));
  }
  const std::string signature = SignatureOf(query);
  return signature.empty() ? shaped : AddQueryToUris(shaped, signature);
}

void Playback::SendList(const Call& call, std::shared_ptr<const TextBody> list,
                        Representation representation) {
  const std::string& query = call.target.query;
  const bool as_it_is = KeepOfQuery(query, {"start", "end"}).empty() &&
                        SignatureOf(query).empty();
  if (!as_it_is) {
    auto made = Shaped(call, list->text());
    if (!made.ok()) {
      return Send(call, PlainResponse(StatusOf(made.status()),
                                      made.status().message()));
    }
    list = std::make_shared<const TextBody>(*std::move(made));
    representation = {};
  }
  // What is made for one request is not worth keeping.
  const bool kept = !representation.etag.empty();
  if (!kept) {
    representation.etag =
        fmt::format("\"{}\"", Sha256Hex(AsBytes(list->text())).substr(0, 32));
  }
  std::vector<HttpField> fields = {
      {.name = "Content-Type", .value = "application/vnd.apple.mpegurl"},
      {.name = "Cache-Control",
       .value = IsEndedPlaylist(list->text())
                    ? options_.cache_control.ended_playlists
                    : options_.cache_control.live_playlists},
      {.name = "Vary", .value = "Accept-Encoding"}};
  std::shared_ptr<const Body> body = list;
  if (list->size() >= kGzipFrom && TakesGzip(call.request)) {
    const auto gzip = kept ? gzip_.Get(representation.etag, list->text())
                           : MakeGzip(list->text());
    if (gzip != nullptr) {
      body = gzip;
      representation.etag.insert(representation.etag.size() - 1, "-gzip");
      fields.push_back({.name = "Content-Encoding", .value = "gzip"});
    }
  }
  representation.size_bytes = body->size();
  SendBytes(call, std::move(body), representation, std::move(fields));
}

void Playback::Forward(const CallPtr& call) {
  const ForwardDecision decision = forwarder_.Decide(
      call->request.method, call->request.target, ObjectPlace::kUnknown);
  const bool hidden = IsHidden(call->target.path);
  const bool part = IsPlaylistName(call->target.path) &&
                    !KeepOfQuery(call->target.query, {"start", "end"}).empty();
  const bool forwards =
      !hidden && (decision.action == ForwardAction::kRedirect ||
                  decision.action == ForwardAction::kProxy);
  if (!forwards) {
    Send(*call, PlainResponse(404, "not found"));
  } else if (decision.action == ForwardAction::kProxy || part) {
    Proxy(call, decision);
  } else {
    Redirect(call, decision);
  }
}

void Playback::Redirect(const CallPtr& call, const ForwardDecision& decision) {
  const auto send = [self = shared_from_this(), call, status = decision.status,
                     presigned =
                         decision.location.empty()](const std::string& url) {
    HttpResponse response{.status = status,
                          .headers = {{.name = "Location", .value = url}}};
    // Others are for this request alone: the file may come back, the signature
    // expires.
    if (status != 308 || presigned) {
      response.headers.push_back(
          {.name = "Cache-Control", .value = "no-store"});
    }
    self->Send(*call, std::move(response));
  };
  if (!decision.location.empty()) return send(decision.location);
  const auto done = [self = shared_from_this(), call,
                     send](const StatusOr<std::string>& url) {
    if (url.ok()) return send(*url);
    self->Send(*call, PlainResponse(503, "the bucket's keys are not there"));
  };
  if (call->request.method == "HEAD") {
    options_.bucket->PresignHead(decision.key, options_.presign_expires, done);
  } else {
    options_.bucket->PresignGet(decision.key, options_.presign_expires, done);
  }
}

void Playback::Proxy(const CallPtr& call, const ForwardDecision& decision) {
  upstream_->Fetch(decision, [self = shared_from_this(),
                              call](const StatusOr<Upstream::Text>& text) {
    if (text.status().code() == StatusCode::kResourceExhausted) {
      HttpResponse busy = PlainResponse(503, "too much at once");
      busy.headers.push_back({.name = "Retry-After", .value = "1"});
      return self->Send(*call, std::move(busy));
    }
    if (!text.ok()) {
      // The bucket's own words are for our log, not for everybody.
      const int status = StatusOf(text.status());
      return self->Send(
          *call,
          PlainResponse(status,
                        status == 404 ? "not found" : "the bucket has failed"));
    }
    // Off the thread that all transfers share.
    self->lists_->Post([self, call, text = *text] {
      if (IsPlaylistName(call->target.path)) {
        return self->SendList(*call, std::make_shared<const TextBody>(text),
                              {});
      }
      const Representation representation{
          .etag =
              fmt::format("\"{}\"", Sha256Hex(AsBytes(*text)).substr(0, 32)),
          .size_bytes = text->size()};
      self->SendBytes(*call, std::make_shared<const TextBody>(text),
                      representation,
                      {{.name = "Content-Type",
                        .value = std::string(ContentTypeOf(call->target.path))},
                       {.name = "Cache-Control",
                        .value = self->options_.cache_control.segments}});
    });
  });
}

}  // namespace
}  // namespace hlsrec::serve

namespace hlsrec {

StatusOr<std::shared_ptr<HttpHandler>> OpenPlayback(
    // NOLINTNEXTLINE(performance-unnecessary-value-param): as all are made
    std::shared_ptr<Runtime> runtime, PlaybackOptions options) {
  const bool presigned = options.forward.access == ForwardAccess::kPresigned;
  if (presigned && options.bucket == nullptr) {
    return InvalidArgument("bucket: is missing, and forward wants presigned");
  }
  constexpr std::chrono::days kLongest{7};
  if (options.presign_expires.count() < 1 ||
      options.presign_expires > kLongest) {
    return InvalidArgument("presign_expires: {} s: want 1 s to 7 days",
                           options.presign_expires.count());
  }
  for (const std::string_view name : serve::kSignatureParameters) {
    options.forward.own_query_parameters.emplace_back(name);
  }
  for (const std::string_view name : {"start", "end"}) {
    options.forward.own_query_parameters.emplace_back(name);
  }
  HLSREC_ASSIGN_OR_RETURN(Forwarder forwarder,
                          Forwarder::Create(options.forward));
  HLSREC_ASSIGN_OR_RETURN(auto files, serve::LocalFiles::Open(options.folders));
  return std::shared_ptr<HttpHandler>(std::make_shared<serve::Playback>(
      std::move(runtime), std::move(options), std::move(forwarder),
      std::move(files)));
}

}  // namespace hlsrec
