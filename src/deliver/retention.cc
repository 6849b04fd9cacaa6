#include "src/deliver/retention.h"

#include <algorithm>
#include <utility>

#include "src/base/bytes.h"
#include "src/base/gzip.h"
#include "src/base/hash.h"

namespace hlsrec::deliver {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{256} << 20;
constexpr std::chrono::seconds kMostOften{60};
constexpr std::chrono::seconds kLeastOften{3600};

bool IsAsLeft(const std::string& stored, const std::string& sha256) {
  std::string text = stored;
  if (IsGzip(stored)) {
    StatusOr<std::string> decoded = Gunzip(stored, kMaxBytes);
    if (!decoded.ok()) return false;
    text = std::move(decoded).value();
  }
  return Sha256Hex(AsBytes(text)) == sha256;
}

}  // namespace

Retention::Retention(std::shared_ptr<Strand> strand, const Clock& clock,
                     std::shared_ptr<Sink> sink,
                     std::shared_ptr<Uploader> uploader,
                     RetentionOptions options, std::function<void(Event)> emit)
    : strand_(std::move(strand)),
      clock_(clock),
      sink_(std::move(sink)),
      uploader_(std::move(uploader)),
      options_(std::move(options)),
      emit_(std::move(emit)) {}

void Retention::Start() {
  if (due_.empty() && note_key_.empty()) Look();
  strand_->PostAt(clock_.Steady() +
                      std::clamp(options_.retain / 10, kMostOften, kLeastOften),
                  [weak = weak_from_this()] {
                    const auto self = weak.lock();
                    if (self != nullptr && !self->stopped_) self->Start();
                  });
}

void Retention::Look() {
  sink_->List(
      NoteFolder(options_.stream),
      [self = shared_from_this()](StatusOr<std::vector<ObjectInfo>> notes) {
        self->strand_->Post([self, notes = std::move(notes)]() mutable {
          self->OnNotes(std::move(notes));
        });
      });
}

void Retention::OnNotes(StatusOr<std::vector<ObjectInfo>> notes) {
  if (stopped_) return;
  if (!notes.ok()) {
    return emit_({.type = EventType::kObjectRemoved,
                  .output = options_.output,
                  .key = NoteFolder(options_.stream),
                  .status = notes.status().WithContext(
                      "retention: old recordings can't be found")});
  }
  const auto until = std::chrono::floor<std::chrono::seconds>(
                         clock_.Wall().time_since_epoch()) -
                     options_.retain;
  for (const ObjectInfo& note : *notes) {
    const auto ended = NoteTime(options_.stream, note.key);
    if (ended && *ended < until) due_.push_back(note.key);
  }
  NextNote();
}

void Retention::Get(
    const std::string& key,
    std::function<void(Retention&, StatusOr<std::string>)> then) {
  sink_->Get(key, kMaxBytes,
             [self = shared_from_this(),
              then = std::move(then)](StatusOr<std::string> bytes) {
               self->strand_->Post([self, then, bytes = std::move(bytes)] {
                 if (!self->stopped_) then(*self, bytes);
               });
             });
}

void Retention::NextNote() {
  note_key_.clear();
  if (due_.empty() || stopped_) return;
  note_key_ = std::move(due_.front());
  due_.pop_front();
  Get(note_key_, [](Retention& self, const StatusOr<std::string>& text) {
    self.OnNote(text);
  });
}

void Retention::OnNote(const StatusOr<std::string>& text) {
  if (!text.ok()) return NextNote();
  StatusOr<RetentionNote> note = ParseNote(*text);
  // Its name is made of what it says: one that was changed is nobody's.
  if (!note.ok() || NoteKey(options_.stream, *note) != note_key_) {
    return NextNote();
  }
  note_ = std::move(note).value();
  keys_.clear();
  for (const RetentionNote::List& list : note_.lists) keys_.push_back(list.key);
  keys_.insert(keys_.end(), note_.objects.begin(), note_.objects.end());
  keys_.push_back(note_key_);
  CheckList(0);
}

void Retention::CheckList(std::size_t number) {
  while (number < note_.lists.size() && note_.lists[number].sha256.empty()) {
    ++number;
  }
  if (number == note_.lists.size()) return RemoveNext(0);
  Get(note_.lists[number].key,
      [number](Retention& self, const StatusOr<std::string>& bytes) {
        // Gone: whoever began to remove this recording did not end.
        const bool gone = bytes.status().code() == StatusCode::kNotFound;
        const bool same =
            bytes.ok() && IsAsLeft(*bytes, self.note_.lists[number].sha256);
        if (!gone && !same) return self.NextNote();
        self.CheckList(number + 1);
      });
}

void Retention::RemoveNext(std::size_t number) {
  if (number == keys_.size()) {
    emit_({.type = EventType::kRecordingDeleted,
           .output = options_.output,
           .key = note_.lists.empty() ? std::string() : note_.lists[0].key});
    return NextNote();
  }
  uploader_->Remove(keys_[number],
                    [self = shared_from_this(), number](const Status& status) {
                      if (self->stopped_) return;
                      self->emit_({.type = EventType::kObjectRemoved,
                                   .output = self->options_.output,
                                   .key = self->keys_[number],
                                   .status = status});
                      // The note stays, and the rest is tried another time.
                      if (!status.ok()) return self->NextNote();
                      self->RemoveNext(number + 1);
                    });
}

}  // namespace hlsrec::deliver
