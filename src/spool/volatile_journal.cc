#include <atomic>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "src/base/mutex.h"
#include "src/base/status_util.h"
#include "src/spool/journal.h"
#include "src/spool/notification_table.h"

namespace hlsrec::spool {
namespace {

// The segments of recordings that asked for them to be kept.
class KeptSegments {
 public:
  void Keep(RecordingId recording) { kept_[recording]; }

  void Add(const JournalEntry& entry) {
    if (const auto* sealed = std::get_if<SegmentSealed>(&entry)) {
      if (Kept* kept = Find(sealed->id.recording)) {
        kept->segments[sealed->id] = *sealed;
      }
    } else if (const auto* told = std::get_if<SegmentDelivered>(&entry)) {
      if (Kept* kept = Find(told->recording)) {
        kept->deliveries[{told->output, told->rendition, told->index}] = {
            told->outcome, told->etag};
      }
    } else if (const auto* gone = std::get_if<SegmentsForgotten>(&entry)) {
      if (Kept* kept = Find(gone->recording)) Forget(*gone, *kept);
    } else if (const auto* all = std::get_if<RecordingForgotten>(&entry)) {
      kept_.erase(all->recording);
    }
  }

  StatusOr<JournaledRecording> Load(const SeriesPart& part) {
    Kept* kept = Find(part.recording);
    if (kept == nullptr) {
      return NotFound("journal: recording {}: is not kept", part.recording);
    }
    JournaledRecording loaded{.summary = {.recording = part.recording}};
    SegmentId id{.recording = part.recording,
                 .rendition = part.rendition,
                 .packaging = part.packaging,
                 .index = part.from_index};
    for (auto each = kept->segments.lower_bound(id);
         each != kept->segments.end() &&
         loaded.segments.size() < part.max_segments;
         ++each) {
      id.index = each->first.index;
      if (!(each->first == id)) break;
      loaded.segments.push_back(each->second);
      const auto told =
          kept->deliveries.find({part.output, part.rendition, id.index});
      if (told == kept->deliveries.end()) continue;
      loaded.deliveries.push_back({.recording = part.recording,
                                   .output = part.output,
                                   .rendition = part.rendition,
                                   .index = id.index,
                                   .outcome = told->second.outcome,
                                   .etag = told->second.etag});
    }
    return loaded;
  }

 private:
  struct Kept {
    std::map<SegmentId, SegmentSealed> segments;
    struct Told {
      Outcome outcome = Outcome::kStored;
      std::string etag = {};
    };
    std::map<std::tuple<std::string, int, std::uint64_t>, Told> deliveries;
  };

  Kept* Find(RecordingId recording) {
    const auto found = kept_.find(recording);
    return found == kept_.end() ? nullptr : &found->second;
  }

  static void Forget(const SegmentsForgotten& gone, Kept& kept) {
    std::erase_if(kept.segments, [&](const auto& each) {
      return each.first.rendition == gone.rendition &&
             each.first.index < gone.below_index;
    });
    std::erase_if(kept.deliveries, [&](const auto& each) {
      return std::get<1>(each.first) == gone.rendition &&
             std::get<2>(each.first) < gone.below_index;
    });
  }

  std::map<RecordingId, Kept> kept_;
};

// What was said in recordings that are not forgotten.
class KeptChat {
 public:
  Status Append(ChatAppended chat) {
    if (bytes_ + chat.message.size() > kMostBytes) {
      return ResourceExhausted(
          "chat: {} bytes wait in memory: use a spool directory", bytes_);
    }
    bytes_ += chat.message.size();
    chat_[chat.recording].push_back(std::move(chat));
    return {};
  }
  void Forget(RecordingId recording) {
    const auto found = chat_.find(recording);
    if (found == chat_.end()) return;
    for (const ChatAppended& chat : found->second) {
      bytes_ -= chat.message.size();
    }
    chat_.erase(found);
  }
  [[nodiscard]] JournaledRecording Load(RecordingId recording) const {
    JournaledRecording loaded{.summary = {.recording = recording}};
    const auto found = chat_.find(recording);
    if (found != chat_.end()) loaded.chat = found->second;
    return loaded;
  }

 private:
  static constexpr std::size_t kMostBytes = std::size_t{64} << 20;

  std::map<RecordingId, std::vector<ChatAppended>> chat_;
  std::size_t bytes_ = 0;
};

class VolatileJournal final : public Journal {
 public:
  RecordingId NewRecording() override { return next_++; }
  void Add(JournalEntry entry, Done done) override {
    Status status;
    if (auto* queued = std::get_if<NotificationQueued>(&entry)) {
      status = notifications_.Queue(std::move(*queued));
    } else if (const auto* settled = std::get_if<NotificationSettled>(&entry)) {
      notifications_.Settle(*settled);
    } else if (const auto* old = std::get_if<NotificationsForgotten>(&entry)) {
      notifications_.Forget(old->before);
    } else if (auto* chat = std::get_if<ChatAppended>(&entry)) {
      MutexLock lock(mutex_);
      status = chat_.Append(std::move(*chat));
    } else {
      MutexLock lock(mutex_);
      if (const auto* all = std::get_if<RecordingForgotten>(&entry)) {
        chat_.Forget(all->recording);
      }
      segments_.Add(entry);
    }
    if (done) done(std::move(status));
  }
  std::vector<RecordingSummary> Recordings() override { return {}; }
  Status Claim(const std::string&) override { return {}; }
  void Release(const std::string&) override {}
  void Load(RecordingId recording, Detail detail, Loaded loaded) override {
    if (detail == Detail::kChat) {
      JournaledRecording chat = [&] {
        MutexLock lock(mutex_);
        return chat_.Load(recording);
      }();
      return loaded(std::move(chat));
    }
    loaded(NotFound("journal: recording {}: is not kept", recording));
  }
  void LoadNotifications(NotificationFilter filter,
                         NotificationsLoaded loaded) override {
    loaded(notifications_.Find(filter));
  }
  void LoadPart(const SeriesPart& part, Loaded loaded) override {
    StatusOr<JournaledRecording> found = [&] {
      MutexLock lock(mutex_);
      return segments_.Load(part);
    }();
    loaded(std::move(found));
  }
  void KeepSegments(RecordingId recording) override {
    MutexLock lock(mutex_);
    segments_.Keep(recording);
  }

 private:
  std::atomic<RecordingId> next_ = 1;
  NotificationTable notifications_;
  Mutex mutex_;
  KeptSegments segments_ ABSL_GUARDED_BY(mutex_);
  KeptChat chat_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<Journal> MakeVolatileJournal() {
  return std::make_unique<VolatileJournal>();
}

}  // namespace hlsrec::spool
