#include "src/serve/upstream.h"

#include <iterator>
#include <utility>

#include "src/base/gzip.h"
#include "src/base/status_util.h"
#include "src/net/http_get.h"
#include "src/net/transfer_loop.h"
#include "src/serve/content_type.h"
#include "src/serve/playlist_text.h"

namespace hlsrec::serve {
namespace {

// Less than half of any target duration.
constexpr std::chrono::milliseconds kLiveFresh{500};
constexpr std::chrono::seconds kEndedFresh{10};
// Playlists that are remembered: those that are not asked for go first.
constexpr std::size_t kMostPlaylists = 1000;
constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20;

std::shared_ptr<const net::ConnectionOptions> ConnectionOf(
    const PlaybackOptions& options) {
  net::ConnectionOptions connection;
  connection.ca_file = options.ca_file;
  connection.proxy = options.proxy;
  return std::make_shared<const net::ConnectionOptions>(std::move(connection));
}

}  // namespace

class Upstream::Share {
 public:
  Share(std::shared_ptr<Budget> budget, std::uint64_t bytes)
      : budget_(std::move(budget)), bytes_(bytes) {}
  ~Share() { budget_->Return(bytes_); }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  // Before others hold it.
  void Keep(std::uint64_t bytes) {
    budget_->Take(bytes);
    budget_->Return(std::exchange(bytes_, bytes));
  }

 private:
  const std::shared_ptr<Budget> budget_;
  std::uint64_t bytes_;
};

Upstream::Upstream(RuntimeCore& core, const PlaybackOptions& options)
    : clock_(core.clock()),
      transport_(net::SharedTransport(core)),
      bucket_(options.bucket),
      max_bytes_(options.max_proxied_bytes),
      budget_(std::make_shared<Budget>(options.max_proxied_bytes_at_once)),
      connection_(ConnectionOf(options)) {}

void Upstream::Fetch(const ForwardDecision& decision, Done done) {
  const std::string& name =
      decision.location.empty() ? decision.key : decision.location;
  if (!IsPlaylistName(decision.key)) return Ask(decision, std::move(done));
  Text fresh;
  {
    MutexLock lock(mutex_);
    const SteadyTime now = clock_.Steady();
    if (playlists_.size() >= kMostPlaylists && !playlists_.contains(name)) {
      ForgetStale(now);
    }
    Entry& entry = playlists_[name];
    if (entry.text != nullptr && entry.fresh_until > now) {
      fresh = entry.text;
    } else {
      entry.waiting.push_back(done);
      if (std::exchange(entry.in_flight, true)) return;
    }
  }
  if (fresh != nullptr) return done(std::move(fresh));
  Ask(decision, [self = shared_from_this(), name](const StatusOr<Text>& text) {
    self->OnAnswer(name, text);
  });
}

void Upstream::Forget(const std::string& name) {
  const auto found = playlists_.find(name);
  if (found->second.text != nullptr) bytes_ -= found->second.text->size();
  playlists_.erase(found);
}

void Upstream::ForgetStale(SteadyTime now) {
  for (auto one = playlists_.begin(); one != playlists_.end();) {
    const auto next = std::next(one);
    const Entry& entry = one->second;
    if (!entry.in_flight && entry.fresh_until <= now) Forget(one->first);
    one = next;
  }
}

void Upstream::OnAnswer(const std::string& name, const StatusOr<Text>& answer) {
  std::vector<Done> waiting;
  {
    MutexLock lock(mutex_);
    Entry& entry = playlists_[name];
    waiting.swap(entry.waiting);
    entry.in_flight = false;
    if (answer.ok()) {
      bytes_ += (*answer)->size() - (entry.text ? entry.text->size() : 0);
      entry.text = *answer;
      entry.fresh_until =
          clock_.Steady() + (IsEndedPlaylist(**answer)
                                 ? std::chrono::milliseconds(kEndedFresh)
                                 : kLiveFresh);
    } else {
      Forget(name);
    }
    if (bytes_ > kMostBytes) ForgetStale(SteadyTime::max());
  }
  for (const Done& done : waiting) done(answer);
}

void Upstream::Ask(const ForwardDecision& decision, Done done) {
  if (!budget_->TryTake(max_bytes_)) {
    return done(ResourceExhausted("serve: proxy: too much is being sent"));
  }
  auto share = std::make_shared<Share>(budget_, max_bytes_);
  if (!decision.location.empty()) {
    return AskUrl(decision.location, std::move(share), std::move(done));
  }
  if (bucket_ == nullptr) {
    return done(Internal("serve: proxy: there is no bucket"));
  }
  bucket_->Get(decision.key, max_bytes_,
               [self = shared_from_this(), share = std::move(share),
                done = std::move(done)](StatusOr<std::string> bytes) {
                 done(self->Decode(std::move(bytes), share));
               });
}

void Upstream::AskUrl(const std::string& url, SharePtr share, Done done) {
  const auto transport = transport_.lock();
  if (transport == nullptr) {
    return done(Cancelled("serve: proxy: the runtime has ended"));
  }
  transport->Start(
      {.url = url, .max_response_bytes = max_bytes_, .connection = connection_},
      [self = shared_from_this(), share = std::move(share),
       done = std::move(done)](StatusOr<net::TransferResponse> response) {
        if (!response.ok()) return done(response.status());
        if (Status status = net::HttpStatus(response->status, "serve: proxy");
            !status.ok()) {
          return done(std::move(status));
        }
        done(self->Decode(std::move(response->body), share));
      });
}

StatusOr<Upstream::Text> Upstream::Decode(StatusOr<std::string> bytes,
                                          SharePtr share) const {
  if (bytes.ok() && IsGzip(*bytes)) bytes = Gunzip(*bytes, max_bytes_);
  if (!bytes.ok()) return bytes.status();
  struct Held {
    std::string text;
    SharePtr share;
  };
  share->Keep(bytes->size());
  const auto held = std::make_shared<const Held>(
      Held{.text = *std::move(bytes), .share = std::move(share)});
  return Text(held, &held->text);
}

}  // namespace hlsrec::serve
