#include "src/serve/recordings.h"

#include <utility>

namespace hlsrec::serve {

Recordings::Recordings(RuntimeCore& core, std::vector<std::string> folders,
                       std::chrono::milliseconds max_age)
    : clock_(core.clock()),
      folders_(std::move(folders)),
      max_age_(max_age),
      executor_(core.Io("hlsrec-serve-index")) {}

void Recordings::Get(const Done& done) {
  Json json;
  {
    MutexLock lock(mutex_);
    if (json_ != nullptr && clock_.Steady() - made_ < max_age_) {
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
  const auto json = std::make_shared<const std::string>(
      RenderRecordings(scan_.Scan(folders_)));
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
