#ifndef HLSREC_TESTS_SPOOL_JOURNAL_MODEL_H_
#define HLSREC_TESTS_SPOOL_JOURNAL_MODEL_H_

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "src/base/status_util.h"
#include "src/spool/journal.h"
#include "tests/spool/journal_text.h"

namespace hlsrec::spool {

// What a journal should say, the simple way.
class JournalModel {
 public:
  void Apply(const JournalEntry& entry) {
    std::visit([this](const auto& known) { Do(known); }, entry);
  }
  // Of all recordings.
  [[nodiscard]] std::string Contents() const {
    std::string text;
    for (const auto& [id, recording] : recordings_) {
      JournaledRecording all = {.summary = recording.summary,
                                .inits = recording.inits};
      const auto copy = [](const auto& from, auto& to) {
        for (const auto& [key, entry] : from) to.push_back(entry);
      };
      copy(recording.segments, all.segments);
      copy(recording.deliveries, all.deliveries);
      copy(recording.playlists, all.playlists);
      copy(recording.renditions, all.renditions);
      copy(recording.chat, all.chat);
      text += Text(all);
    }
    return text;
  }

 private:
  struct Recording {
    RecordingSummary summary;
    std::vector<InitSection> inits;
    std::map<SegmentId, SegmentSealed> segments;
    std::map<std::tuple<std::string, int, std::uint64_t>, SegmentDelivered>
        deliveries;
    std::map<std::tuple<std::string, int, std::uint64_t>, PlaylistPublished>
        playlists;  // one key for each output and rendition, here
    std::map<int, RenditionDescribed> renditions;
    std::map<std::uint64_t, ChatAppended> chat;
  };

  // Beside the recordings: sqlite_journal_test.cc has them.
  void Do(const NotificationQueued&) {}
  void Do(const NotificationSettled&) {}
  void Do(const NotificationsForgotten&) {}
  void Do(const RecordingOpened& e) {
    recordings_[e.recording].summary = {
        .recording = e.recording, .identity = e.identity, .config = e.config};
  }
  void Do(const InitSection& e) {
    auto& inits = recordings_[e.recording].inits;
    std::erase_if(inits, [&](const InitSection& other) {
      return Same(other, e) && other.hash == e.hash;
    });
    inits.push_back(e);
  }
  void Do(const SegmentSealed& e) {
    recordings_[e.id.recording].segments[e.id] = e;
  }
  void Do(const SegmentDelivered& e) {
    recordings_[e.recording].deliveries[{e.output, e.rendition, e.index}] = e;
  }
  void Do(const PlaylistPublished& e) {
    recordings_[e.recording].playlists[{e.output, e.rendition, 0}] = e;
  }
  void Do(const RenditionDescribed& e) {
    recordings_[e.recording].renditions[e.rendition] = e;
  }
  void Do(const ChatAppended& e) {
    recordings_[e.recording].chat[e.number] = e;
  }
  void Do(const SegmentsForgotten& e) {
    Recording& recording = recordings_[e.recording];
    std::erase_if(recording.segments, [&](const auto& segment) {
      return segment.first.rendition == e.rendition &&
             segment.first.index < e.below_index;
    });
    std::erase_if(recording.deliveries, [&](const auto& delivery) {
      return delivery.second.rendition == e.rendition &&
             delivery.second.index < e.below_index;
    });
    ForgetInits(e.rendition, recording);
  }
  void Do(const RecordingEnding& e) {
    recordings_[e.recording].summary.ending = true;
  }
  void Do(const RecordingForgotten& e) { recordings_.erase(e.recording); }

  // Those that came before all that segments have.
  static void ForgetInits(int rendition, Recording& recording) {
    const std::vector<InitSection> inits = recording.inits;
    const auto used = [&](const InitSection& init) {
      return std::any_of(recording.segments.begin(), recording.segments.end(),
                         [&](const auto& segment) {
                           return segment.first.rendition == init.rendition &&
                                  segment.first.packaging == init.packaging &&
                                  segment.second.init_hash == init.hash;
                         });
    };
    std::erase_if(recording.inits, [&](const InitSection& init) {
      if (init.rendition != rendition) return false;
      const auto first = std::find_if(
          inits.begin(), inits.end(),
          [&](const auto& other) { return Same(other, init) && used(other); });
      return first != inits.end() &&
             std::none_of(first, inits.end(), [&](const auto& other) {
               return Same(other, init) && other.hash == init.hash;
             });
    });
  }

  static bool Same(const InitSection& a, const InitSection& b) {
    return a.rendition == b.rendition && a.packaging == b.packaging;
  }

  std::map<RecordingId, Recording> recordings_;
};

// Entries that make sense one after the other.
class EntryMaker {
 public:
  explicit EntryMaker(std::uint64_t max_init_bytes)
      : max_init_bytes_(max_init_bytes) {}
  JournalEntry Next(std::mt19937_64& random) {
    const auto draw = [&random](std::uint64_t below) {
      return random() % below;
    };
    if (open_.empty() || (open_.size() < 3 && draw(20) == 0)) {
      open_.push_back(++last_);
      return RecordingOpened{last_, fmt::format("cam{}", last_), "config"};
    }
    const std::size_t which = draw(open_.size());
    const RecordingId id = open_[which];
    const int rendition = static_cast<int>(draw(2));
    const int packaging = static_cast<int>(draw(2));
    const std::uint64_t index = draw(20);
    const std::string hash = fmt::format("h{}", draw(3));
    switch (draw(30)) {
      case 0:
        open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
        return RecordingForgotten{id};
      case 1:
        return RecordingEnding{id};
      case 2:
        return RecordingOpened{id, fmt::format("cam{}", id), "more"};
      case 3:
      case 4:
        return SegmentsForgotten{id, rendition, index};
      case 5:
      case 6:
        return InitSection{id, rendition, packaging, hash,
                           std::string(draw(max_init_bytes_), 'i')};
      case 7:
        return RenditionDescribed{id, rendition, hash};
      case 8:
      case 9:
        return ChatAppended{id, index, hash};
      default:
        break;
    }
    switch (draw(4)) {
      case 0:
        return SegmentDelivered{
            id,
            fmt::format("out{}", packaging),
            rendition,
            index,
            draw(4) == 0 ? Outcome::kLost : Outcome::kStored,
            draw(2) == 0 ? "" : "\"e\""};
      case 1:
        return PlaylistPublished{id,
                                 fmt::format("out{}", packaging),
                                 rendition - 1,
                                 "index.m3u8",
                                 index,
                                 index + 5,
                                 0,
                                 draw(9) == 0};
      default:
        return SegmentSealed{
            .id = {id, rendition, packaging, index},
            .duration = std::chrono::microseconds(draw(5'000'000)),
            .discontinuity = draw(2) == 0,
            .gap = draw(5) == 0,
            .init_hash = hash,
            .file = fmt::format("{}.m4s", draw(1'000'000)),
            .size_bytes = draw(1 << 20),
            .sha256 = "ab"};
    }
  }

 private:
  const std::uint64_t max_init_bytes_;
  RecordingId last_ = 0;
  std::vector<RecordingId> open_;
};

}  // namespace hlsrec::spool

#endif  // HLSREC_TESTS_SPOOL_JOURNAL_MODEL_H_
