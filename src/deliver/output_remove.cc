// How what an output holds is removed after its end.
#include <algorithm>
#include <utility>

#include "src/base/status_util.h"
#include "src/deliver/output.h"

namespace hlsrec::deliver {

void Output::Remember(const std::string& key) {
  if (plan_.delete_after_end || plan_.retain ||
      !plan_.delete_once_stored_by.empty()) {
    all_keys_.insert(key);
  }
}

// Named by its content: where the name says no more, later recordings may use
// it.
void Output::RememberInit(const std::string& key) {
  const bool own = plan_.init.Uses("session") || plan_.init.Uses("time") ||
                   plan_.init.Uses("epoch_s") || plan_.init.Uses("epoch_ms");
  if (own || !plan_.retain) Remember(key);
}

void Output::SortKeysForRemoval() {
  // Of lists that ended in earlier runs only the journal knows.
  for (const std::string& key : plan_.ended) Remember(key);
  removal_keys_.assign(all_keys_.begin(), all_keys_.end());
  // What lists goes before what is listed.
  std::stable_partition(
      removal_keys_.begin(), removal_keys_.end(),
      [](const std::string& key) { return key.ends_with(".m3u8"); });
  std::stable_partition(
      removal_keys_.begin(), removal_keys_.end(),
      [this](const std::string& key) { return key == manifest_.key; });
}

void Output::ScheduleDeleteAfterEnd() {
  if (!plan_.delete_after_end) return;
  SortKeysForRemoval();
  strand_->PostAt(clock_.Steady() + *plan_.delete_after_end,
                  [self = shared_from_this()] { self->DeleteNext(0); });
}

void Output::RemoveAll(std::function<void(Status)> done) {
  removed_ = std::move(done);
  SortKeysForRemoval();
  DeleteNext(0);
}

void Output::EndRemoval() {
  if (removed_ != nullptr) std::exchange(removed_, nullptr)(removal_);
}

void Output::DeleteNext(std::size_t next) {
  if (next == removal_keys_.size()) {
    emit_({.type = EventType::kRecordingDeleted,
           .output = plan_.id,
           .status = removal_});
    return EndRemoval();
  }
  const std::string& key = removal_keys_[next];
  uploader_->Remove(
      key, [self = shared_from_this(), next, key](const Status& status) {
        if (self->removal_.ok()) self->removal_ = status;
        if (self->removal_.code() == StatusCode::kCancelled) {
          return self->EndRemoval();
        }
        self->emit_({.type = EventType::kObjectRemoved,
                     .output = self->plan_.id,
                     .key = key,
                     .status = status});
        self->DeleteNext(next + 1);
      });
}

}  // namespace hlsrec::deliver
