#include "src/serve/recordings.h"

#include <utility>

namespace hlsrec::serve {
namespace {

constexpr std::chrono::seconds kFirstWait{3};

}  // namespace

Recordings::Recordings(RuntimeCore& core, RecordingsOptions options)
    : clock_(core.clock()),
      options_(std::move(options)),
      executor_(core.Io("hlsrec-serve-index")) {
  if (options_.bucket == nullptr) return;
  bucket_scan_ = std::make_shared<BucketScan>(
      executor_, options_.bucket, options_.path_of, options_.max_object_bytes);
  bucket_ = BucketState::kListing;
}

void Recordings::Get(const Done& done) {
  Json json;
  {
    MutexLock lock(mutex_);
    if (json_ != nullptr && clock_.Steady() - made_ < options_.max_age) {
      json = json_;
    } else {
      waiting_.push_back(done);
      if (waiting_.size() > 1) return;
    }
  }
  if (json != nullptr) return done(json);
  executor_->Post([self = shared_from_this()] { self->Make(); });
}

void Recordings::Make() {
  making_ = true;
  const bool first = bucket_ == BucketState::kListing && !looking_;
  if (bucket_scan_ != nullptr) LookIntoBucket();
  if (!first) return Finish();
  executor_->PostAt(clock_.Steady() + kFirstWait,
                    [self = shared_from_this()] { self->Finish(); });
}

void Recordings::LookIntoBucket() {
  const bool known = bucket_ != BucketState::kListing;
  if (looking_ ||
      (known && clock_.Steady() - looked_ < options_.bucket_max_age)) {
    return;
  }
  looking_ = true;
  bucket_scan_->Start([self = shared_from_this()](
                          const Status& status,
                          const std::shared_ptr<const Inventory>& in) {
    const bool first = self->bucket_ == BucketState::kListing;
    self->looking_ = false;
    self->looked_ = self->clock_.Steady();
    self->in_bucket_ = in;
    self->bucket_ = status.ok() ? BucketState::kListed : BucketState::kFailed;
    if (first) self->Finish();
  });
}

// Where somebody waits for it.
void Recordings::Finish() {
  if (!std::exchange(making_, false)) return;
  Inventory all = scan_.Scan(options_.folders);
  if (in_bucket_ != nullptr) Merge(*in_bucket_, all);
  const auto json = std::make_shared<const std::string>(
      RenderRecordings(FindRecordings(all), bucket_));
  std::vector<Done> waiting;
  {
    MutexLock lock(mutex_);
    json_ = json;
    made_ = clock_.Steady();
    waiting.swap(waiting_);
  }
  for (const Done& done : waiting) done(json);
}

}  // namespace hlsrec::serve
