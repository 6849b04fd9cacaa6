// Outputs that are written to when the recording has ended.
#include <algorithm>
#include <utility>

#include "src/base/status_util.h"
#include "src/deliver/output.h"

namespace hlsrec::deliver {

// A recording of days is no queue for the uploader, which looks through its own
// at each reply.
constexpr std::uint64_t kAhead = 32;

void Output::Hold(Pending& pending) {
  pending.held = true;
  ++held_objects_;
  held_bytes_ += pending.record.size_bytes;
}

void Output::LetGoOf(Pending& pending) {
  if (!std::exchange(pending.held, false)) return;
  --held_objects_;
  held_bytes_ -= pending.record.size_bytes;
}

Output::Pending* Output::NextHeld(Rendition& rendition) {
  if (rendition.pending.empty()) return nullptr;
  std::uint64_t& next = rendition.next_held;
  next = std::max(next, rendition.pending.front().record.index);
  for (; next < rendition.next_index; ++next) {
    Pending* pending = FindPending(rendition, next);
    if (pending != nullptr && pending->held) return pending;
  }
  return nullptr;
}

// As many as the uploader has room for, oldest first.
void Output::BringHeld() {
  if (!plan_.at_end || holds_back() || given_up_) return;
  // Who brings one may be told of it at once.
  if (std::exchange(bringing_, true)) return;
  while (uploader_->backlog_objects() < kAhead) {
    Rendition* of = nullptr;
    Pending* oldest = nullptr;
    for (Rendition& rendition : renditions_) {
      Pending* next = NextHeld(rendition);
      if (next == nullptr) continue;
      if (oldest != nullptr && oldest->record.index <= next->record.index) {
        continue;
      }
      of = &rendition;
      oldest = next;
    }
    if (oldest == nullptr) break;
    LetGoOf(*oldest);
    oldest->owed_since = clock_.Steady();
    Bring(*of, *oldest);
  }
  bringing_ = false;
}

std::uint64_t Output::progress_at_end() const {
  std::uint64_t progress = (plan_.at_end ? stored_ : 0) + end_work_.progress;
  if (end_work_.at_work) progress += end_work_.waiting.front()->progress();
  return progress;
}

std::uint64_t ProgressAtEnd(
    const std::vector<std::shared_ptr<Output>>& outputs) {
  std::uint64_t progress = 0;
  for (const auto& output : outputs) progress += output->progress_at_end();
  return progress;
}

}  // namespace hlsrec::deliver
