#include <utility>

#include "src/base/status_util.h"
#include "src/net/credentials.h"

namespace hlsrec::net {
namespace {

// Requests that are under way, clocks that differ, a service that does not
// answer at once: all want some time.
constexpr std::chrono::minutes kRefreshAhead{5};

}  // namespace

void CredentialsCache::Get(const CredentialsProvider::Done& done) {
  std::optional<Credentials> kept;
  {
    MutexLock lock(mutex_);
    const bool fresh =
        kept_ &&
        (!kept_->expires || *kept_->expires - clock_.Wall() > kRefreshAhead);
    if (fresh) {
      kept = kept_;
    } else {
      waiting_.push_back(done);
      if (fetching_) return;
      fetching_ = true;
    }
  }
  if (kept) return done(*std::move(kept));
  provider_->Fetch([self = shared_from_this()](StatusOr<Credentials> fetched) {
    self->OnFetched(std::move(fetched));
  });
}

void CredentialsCache::Expire(const Credentials& used) {
  MutexLock lock(mutex_);
  if (!kept_ || kept_->access_key_id != used.access_key_id ||
      kept_->session_token != used.session_token) {
    return;
  }
  kept_->expires = WallTime();
}

void CredentialsCache::OnFetched(StatusOr<Credentials> fetched) {
  std::vector<CredentialsProvider::Done> waiting;
  {
    MutexLock lock(mutex_);
    fetching_ = false;
    waiting.swap(waiting_);
    if (fetched.ok()) {
      kept_ = *fetched;
    } else if (kept_ && kept_->expires && *kept_->expires > clock_.Wall()) {
      // Not yet expired: better than none.
      fetched = *kept_;
    } else if (fetched.status().code() == StatusCode::kNotFound) {
      // To whoever wants an object, "not found" would mean another thing. What
      // was there once comes back.
      fetched = MakeStatus(
          kept_ ? StatusCode::kUnavailable : StatusCode::kPermissionDenied,
          "{}", fetched.status().message());
    }
  }
  for (const CredentialsProvider::Done& done : waiting) done(fetched);
}

}  // namespace hlsrec::net
