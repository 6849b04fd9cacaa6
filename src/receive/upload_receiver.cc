#include "hlsrec/upload_receiver.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "hlsrec/forward.h"
#include "src/base/budget.h"
#include "src/base/file.h"
#include "src/base/gzip.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/net/header_text.h"
#include "src/playlist/reference.h"
#include "src/receive/answers.h"
#include "src/receive/body_reader.h"
#include "src/receive/incoming_body.h"
#include "src/receive/stream_name.h"
#include "src/receive/upload_store.h"
#include "src/receive/upload_type.h"
#include "src/serve/signed_url.h"

namespace hlsrec {
namespace receive {
namespace {

constexpr std::uint64_t kMaxCommandBytes = 65536;
constexpr std::string_view kMethods = "PUT, POST, DELETE, GET, HEAD";

class Receiver final : public UploadReceiver,
                       public std::enable_shared_from_this<Receiver> {
 public:
  Receiver(std::shared_ptr<Runtime> runtime, UploadReceiverOptions options)
      : runtime_(std::move(runtime)),
        options_(std::move(options)),
        strand_(Strand::Create(runtime_->core().media())),
        store_(std::make_shared<UploadStore>(strand_, runtime_->core().clock(),
                                             Counting(options_))),
        budget_(std::make_shared<Budget>(options_.max_pending_bytes)) {}

  bool Wants(const HttpRequest& request) const override {
    return request.path().starts_with(options_.path_prefix) ||
           request.path() ==
               options_.path_prefix.substr(0, options_.path_prefix.size() - 1);
  }

  std::unique_ptr<HttpBodyReader> Handle(HttpRequest request,
                                         HttpReply reply) override {
    if (std::optional<HttpResponse> no = Unauthorized(request)) {
      return Refuse(std::move(*no), reply);
    }
    if (++counters_->under_way > options_.max_uploads) {
      --counters_->under_way;
      ++counters_->not_stored;
      reply(Later({}));
      return nullptr;
    }
    // However it ends, whoever held the reply, or a file that is sent, last
    // lets it go.
    const auto permit = std::shared_ptr<void>(
        nullptr, [counters = counters_](void*) { --counters->under_way; });
    HttpReply counted = [permit,
                         reply = std::move(reply)](HttpResponse response) {
      if (response.status == 200) {
        response.body = KeptWith(permit, std::move(response.body));
      }
      reply(std::move(response));
    };
    return Dispatch(request, std::move(counted));
  }

  UploadStats stats() const override {
    return {.stored = counters_->stored,
            .stored_bytes = counters_->stored_bytes,
            .removed = counters_->removed,
            .refused = counters_->refused,
            .not_stored = counters_->not_stored,
            .broken_off = counters_->broken_off,
            .gaps = counters_->gaps,
            .overtaken = store_->overtaken(),
            .under_way = counters_->under_way,
            .remembered_names = store_->remembered()};
  }

 private:
  // Gaps are counted where they are told.
  UploadReceiverOptions Counting(UploadReceiverOptions options) const {
    options.on_event = [counters = counters_,
                        inner = options.on_event](const UploadEvent& event) {
      if (event.kind == UploadEvent::Kind::kGap) ++counters->gaps;
      if (inner != nullptr) inner(event);
    };
    return options;
  }

  std::unique_ptr<HttpBodyReader> Refuse(HttpResponse response,
                                         const HttpReply& reply) const {
    ++counters_->refused;
    reply(std::move(response));
    return nullptr;
  }

  std::optional<HttpResponse> Unauthorized(const HttpRequest& request) const {
    if (options_.authorization == nullptr) return std::nullopt;
    const StatusOr<std::string> wanted = options_.authorization();
    if (!wanted.ok()) return Later(wanted.status());
    if (serve::SameSecret(*wanted, request.Header("Authorization"))) {
      return std::nullopt;
    }
    HttpResponse response = Plain(401, "the token is missing or wrong");
    response.headers.push_back({"WWW-Authenticate", "Bearer"});
    return response;
  }

  std::unique_ptr<HttpBodyReader> Dispatch(const HttpRequest& request,
                                           HttpReply reply) {
    const bool puts = request.method == "PUT" || request.method == "POST";
    const bool gets = request.method == "GET" || request.method == "HEAD";
    if (!puts && !gets && request.method != "DELETE") {
      HttpResponse response = Plain(405, "only files are kept here");
      response.headers.push_back({"Allow", std::string(kMethods)});
      return Refuse(std::move(response), reply);
    }
    std::string_view path = request.path();
    path.remove_prefix(std::min(path.size(), options_.path_prefix.size()));
    if (request.method == "POST" && playlist::ExtensionOfKey(path).empty()) {
      return TakeCommand(request, reply);
    }
    StatusOr<RequestTarget> target =
        ParseRequestTarget(fmt::format("/{}", path));
    if (!target.ok() || !CheckKey(target->path).ok()) {
      return Refuse(Plain(400, "the path is no name of a file"), reply);
    }
    const UploadType* type =
        FindUploadType(playlist::ExtensionOfKey(target->path));
    if (type == nullptr) {
      if (gets) return Refuse(Plain(404, "there is no such file"), reply);
      return Refuse(Plain(415, "the extension is none of HLS"), reply);
    }
    if (gets) {
      Read(request.method == "HEAD", target->path, *type, reply);
      return nullptr;
    }
    if (puts) return Take(request, target->path, *type, reply);
    Remove(target->path, std::move(reply));
    return nullptr;
  }

  std::unique_ptr<HttpBodyReader> Take(const HttpRequest& request,
                                       const std::string& key,
                                       const UploadType& type,
                                       const HttpReply& reply) {
    const bool is_list = type.kind == ObjectKind::kMediaPlaylist;
    const std::string_view encoding = request.Header("Content-Encoding");
    const bool encoded = !encoding.empty() && encoding != "identity";
    // What a page can send unasked. curl -X PUT says the same of what is whole.
    if (request.method == "POST" && IsForm(request.Header("Content-Type"))) {
      return Refuse(Plain(415,
                          "a form is no media: send the file as it is, with "
                          "its type or none (curl -T FILE, not curl -d)"),
                    reply);
    }
    if (!Accepts(type, request.Header("Content-Type")) ||
        (encoded && !(is_list && encoding == "gzip"))) {
      return Refuse(Plain(415, "the type is not that of the extension"), reply);
    }
    const std::uint64_t limit =
        is_list ? options_.max_playlist_bytes : options_.max_object_bytes;
    if (request.content_length.value_or(0) > limit) {
      return Refuse(Plain(413, "too large"), reply);
    }
    PutRequest put{.key = key,
                   .kind = type.kind,
                   .if_exists = request.Header("If-None-Match") == "*"
                                    ? IfExists::kFail
                                    : IfExists::kReplace,
                   .content_type = std::string(type.content_type),
                   .content_encoding = encoded ? "gzip" : "",
                   .last_version = !is_list &&
                                   type.kind != ObjectKind::kManifest &&
                                   type.kind != ObjectKind::kOther};
    strand_->Post([store = store_, key] { store->Begin(key); });
    const std::optional<std::uint64_t> length = request.content_length;
    return std::make_unique<BodyReader>(
        MakeBody(limit), reply, counters_,
        [self = shared_from_this(), is_list, length, put = std::move(put),
         reply](std::shared_ptr<const Body> body) {
          self->Store(put, is_list, length, std::move(body), reply);
        },
        [strand = strand_, store = store_, key] {
          strand->Post([store, key] { store->BreakOff(key); });
        });
  }

  [[nodiscard]] std::unique_ptr<IncomingBody> MakeBody(
      std::uint64_t limit) const {
    return std::make_unique<IncomingBody>(
        PosixFileSystem(), options_.temporary_directory, limit, budget_);
  }

  void Store(PutRequest put, bool is_list,
             const std::optional<std::uint64_t>& length,
             std::shared_ptr<const Body> body, const HttpReply& reply) {
    // A server that takes the end of a connection for the end of a body.
    if (length && *length != body->size()) {
      ++counters_->broken_off;
      strand_->Post([store = store_, key = put.key] { store->BreakOff(key); });
      return reply(Plain(400, "shorter than its Content-Length"));
    }
    const std::uint64_t size = body->size();
    put.body = std::move(body);
    auto done = [counters = counters_, size, reply](const Status& status) {
      Count(*counters, status, size);
      reply(ResponseOf(status, 201));
    };
    strand_->Post([store = store_, put = std::move(put), is_list,
                   done = std::move(done)]() mutable {
      if (is_list) return store->PutList(std::move(put), std::move(done));
      store->PutObject(std::move(put), std::move(done));
    });
  }

  static void Count(Counters& counters, const Status& status,
                    std::uint64_t size) {
    if (status.ok()) {
      ++counters.stored;
      counters.stored_bytes += size;
    } else if (ResponseOf(status, 201).status == 503) {
      ++counters.not_stored;
    } else {
      ++counters.refused;
    }
  }

  void Remove(const std::string& key, HttpReply reply) {
    auto done = [counters = counters_,
                 reply = std::move(reply)](const Status& status) {
      ++(status.ok()                              ? counters->removed
         : status.code() == StatusCode::kConflict ? counters->refused
                                                  : counters->not_stored);
      reply(ResponseOf(status, 204));
    };
    strand_->Post([store = store_, key, done = std::move(done)] {
      store->Remove(key, done);
    });
  }

  // Bytes that are read count until they are sent, as those that come.
  void Read(bool head_only, const std::string& key, const UploadType& type,
            const HttpReply& reply) {
    options_.sink->List(
        key, [self = shared_from_this(), head_only, key, reply,
              content_type = std::string(type.content_type)](
                 const StatusOr<std::vector<ObjectInfo>>& found) {
          std::uint64_t size = self->options_.max_object_bytes;
          if (found.ok()) {
            const auto object =
                std::find_if(found->begin(), found->end(),
                             [&](const auto& o) { return o.key == key; });
            if (object == found->end()) {
              return reply(Plain(404, "there is no such file"));
            }
            size = object->size_bytes;
            if (head_only) {
              return reply(Found(content_type, BodyOfSize(size)));
            }
          }
          size = std::min(size, self->options_.max_object_bytes);
          self->Get(key, size, content_type, reply);
        });
  }

  void Get(const std::string& key, std::uint64_t size,
           const std::string& content_type, const HttpReply& reply) {
    if (!budget_->TryTake(size)) {
      ++counters_->not_stored;
      return reply(Later({}));
    }
    const auto taken = std::shared_ptr<void>(
        nullptr, [budget = budget_, size](void*) { budget->Return(size); });
    options_.sink->Get(
        key, size, [reply, content_type, taken](StatusOr<std::string> bytes) {
          if (!bytes.ok()) {
            return reply(bytes.status().code() == StatusCode::kNotFound
                             ? Plain(404, "there is no such file")
                             : Later(bytes.status()));
          }
          const bool gzip = IsGzip(*bytes);
          HttpResponse response = Found(
              content_type, KeptWith(taken, MakeStringBody(std::move(*bytes))));
          if (gzip) response.headers.push_back({"Content-Encoding", "gzip"});
          reply(std::move(response));
        });
  }

  static HttpResponse Found(const std::string& content_type,
                            std::shared_ptr<const Body> body) {
    return {.status = 200,
            .headers = {{"Content-Type", content_type},
                        {"Cache-Control", "no-cache"}},
            .body = std::move(body)};
  }

  std::unique_ptr<HttpBodyReader> TakeCommand(const HttpRequest& request,
                                              const HttpReply& reply) {
    if (request.content_length.value_or(0) > kMaxCommandBytes) {
      return Refuse(Plain(413, "too large"), reply);
    }
    return std::make_unique<BodyReader>(
        MakeBody(kMaxCommandBytes), reply, counters_,
        [self = shared_from_this(),
         reply](const std::shared_ptr<const Body>& body) {
          const StatusOr<std::string> text = ReadBody(*body, kMaxCommandBytes);
          reply(text.ok() ? self->Obey(*text) : Later(text.status()));
        },
        [] {});
  }

  HttpResponse Obey(const std::string& text) const {
    const std::optional<Command> command = ReadCommand(text);
    if (!command || command->command != "publish_finished") {
      ++counters_->refused;
      return Plain(400, "neither a file nor a command that is known");
    }
    const std::optional<std::string> base = BaseOf(*command);
    if (!base) {
      ++counters_->refused;
      return Plain(400, "filePath and streamId name no stream");
    }
    strand_->Post([store = store_, base = *base] { store->EndStream(base); });
    return {.status = 200};
  }

  const std::shared_ptr<Runtime> runtime_;
  const UploadReceiverOptions options_;
  const std::shared_ptr<Counters> counters_ = std::make_shared<Counters>();
  const std::shared_ptr<Strand> strand_;
  const std::shared_ptr<UploadStore> store_;
  const std::shared_ptr<Budget> budget_;
};

Status Check(const UploadReceiverOptions& options) {
  if (options.sink == nullptr) return InvalidArgument("sink: is missing");
  const std::string& prefix = options.path_prefix;
  if (!prefix.starts_with('/') || !prefix.ends_with('/')) {
    return InvalidArgument("path_prefix: {}: must begin and end with /",
                           prefix);
  }
  if (options.max_object_bytes == 0 || options.max_playlist_bytes == 0 ||
      options.max_uploads == 0 || options.max_pending_bytes == 0 ||
      options.max_remembered_names == 0) {
    return InvalidArgument("max_...: 0 would refuse everything");
  }
  if (options.patience.count() <= 0) {
    return InvalidArgument("patience: must be positive");
  }
  return {};
}

}  // namespace
}  // namespace receive

StatusOr<std::shared_ptr<UploadReceiver>> UploadReceiver::Create(
    std::shared_ptr<Runtime> runtime, UploadReceiverOptions options) {
  HLSREC_RETURN_IF_ERROR(receive::Check(options).WithContext("uploads"));
  return std::shared_ptr<UploadReceiver>(std::make_shared<receive::Receiver>(
      std::move(runtime), std::move(options)));
}

}  // namespace hlsrec
