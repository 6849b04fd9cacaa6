#include "src/record/chat_feed.h"

#include <chrono>
#include <utility>

namespace hlsrec::record {
namespace {

constexpr std::chrono::milliseconds kJournalAgain{500};

}  // namespace

ChatFeed::ChatFeed(RuntimeCore& core, std::shared_ptr<Strand> strand,
                   spool::RecordingId recording, std::uint64_t next,
                   std::shared_ptr<spool::PendingBytes> pending,
                   std::function<void()> drained)
    : core_(core),
      strand_(std::move(strand)),
      recording_(recording),
      pending_(std::move(pending)),
      drained_(std::move(drained)),
      next_(next) {}

void ChatFeed::Append(std::string message) {
  ++waiting_;
  *pending_ += message.size();
  Write({.recording = recording_,
         .number = next_++,
         .message = std::move(message)});
}

void ChatFeed::Stop() {
  stopped_ = true;
  drained_ = nullptr;
}

void ChatFeed::Write(spool::ChatAppended entry) {
  core_.spool().journal().Add(
      entry, [self = shared_from_this(), entry](Status status) {
        self->strand_->Post([self, entry, status = std::move(status)] {
          self->OnWritten(entry, status);
        });
      });
}

// Its number is its place: the order of attempts does not matter.
void ChatFeed::OnWritten(const spool::ChatAppended& entry,
                         const Status& status) {
  if (!status.ok() && !stopped_) {
    strand_->PostAt(core_.clock().Steady() + kJournalAgain,
                    [self = shared_from_this(), entry] { self->Write(entry); });
    return;
  }
  *pending_ -= entry.message.size();
  if (--waiting_ == 0 && drained_) drained_();
}

}  // namespace hlsrec::record
