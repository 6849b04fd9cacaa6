// What an output owes, and how it gives that up to make room.
#include <algorithm>
#include <set>
#include <utility>

#include "src/base/status_util.h"
#include "src/deliver/output.h"

namespace hlsrec::deliver {

const std::string* Output::OwedBefore(SteadyTime time) const {
  if (holds_back()) return nullptr;
  for (const Rendition& rendition : renditions_) {
    for (const auto& [index, late] : rendition.late) {
      if (late.owed_since < time) return &late.key;
    }
    for (const Pending& pending : rendition.pending) {
      if (pending.state == Pending::State::kWaiting &&
          pending.owed_since < time) {
        return &pending.key;
      }
    }
  }
  return nullptr;
}

bool Output::owes_now() const {
  return OwedBefore(SteadyTime::max()) != nullptr;
}

bool Output::DropOldest() {
  // Its output has it: what the end makes lacks it.
  if (DropOldestKept()) return true;
  // It is a gap already.
  if (!refused_.empty()) {
    const Refused oldest = std::move(refused_.front());
    refused_.pop_front();
    if (oldest.owed != nullptr) --*oldest.owed;
    return true;
  }
  std::optional<std::uint64_t> oldest;
  for (const Rendition& rendition : renditions_) {
    if (!rendition.late.empty()) {
      oldest =
          std::min(oldest.value_or(UINT64_MAX), rendition.late.begin()->first);
      continue;
    }
    const auto first = std::find_if(rendition.pending.begin(),
                                    rendition.pending.end(), Droppable);
    if (first == rendition.pending.end()) continue;
    oldest = std::min(oldest.value_or(UINT64_MAX), first->record.index);
  }
  if (!oldest) return false;
  Drop(*oldest);
  return true;
}

void Output::DropOwedBefore(SteadyTime time) {
  std::set<std::uint64_t> late;
  for (const Rendition& rendition : renditions_) {
    for (const auto& [index, pending] : rendition.late) {
      if (pending.owed_since < time) late.insert(index);
    }
    for (const Pending& pending : rendition.pending) {
      if (Droppable(pending) && pending.owed_since < time) {
        late.insert(pending.record.index);
      }
    }
  }
  for (const std::uint64_t index : late) Drop(index);
}

// What an earlier run may have stored, and listed, may not become a gap.
bool Output::Droppable(const Pending& pending) {
  return pending.state == Pending::State::kWaiting &&
         (!pending.restored || pending.was_gap);
}

void Output::Drop(std::uint64_t index) {
  for (Rendition& rendition : renditions_) {
    if (const auto late = rendition.late.find(index);
        late != rendition.late.end()) {
      late->second.dropped = true;
      uploader_->Abandon(std::string(late->second.key));
      continue;
    }
    Pending* pending = FindPending(rendition, index);
    if (pending == nullptr || !Droppable(*pending)) continue;
    pending->dropped = true;
    uploader_->Abandon(pending->key);
    // Not even under way: it waits for its init section.
    pending = FindPending(rendition, index);
    if (pending == nullptr || !Droppable(*pending)) continue;
    Lose(rendition, *pending,
         ResourceExhausted("{}: dropped to make room", pending->key));
    Advance(rendition);
  }
}

}  // namespace hlsrec::deliver
