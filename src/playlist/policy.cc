#include <algorithm>

#include "hlsrec/playlist_policy.h"

namespace hlsrec {
namespace {

class LiveWindowPolicy final : public PlaylistPolicy {
 public:
  explicit LiveWindowPolicy(const LiveWindowOptions& options)
      : options_(options) {}

  PlaylistType type() const override { return PlaylistType::kLive; }

  bool MayRemoveOldest(const ListedWindow& window) const override {
    if (options_.segments && window.count > *options_.segments) return true;
    return options_.duration &&
           window.duration - window.oldest.duration >= *options_.duration;
  }

 private:
  const LiveWindowOptions options_;
};

class KeepAllPolicy final : public PlaylistPolicy {
 public:
  explicit KeepAllPolicy(PlaylistType type) : type_(type) {}
  PlaylistType type() const override { return type_; }

 private:
  const PlaylistType type_;
};

class RotatingPolicy final : public PlaylistPolicy {
 public:
  explicit RotatingPolicy(const RotatingOptions& options) : options_(options) {}

  PlaylistType type() const override { return PlaylistType::kEvent; }

  bool rotates() const override { return true; }

  bool StartsNewPlaylist(const ListedWindow& window,
                         const ListedSegment& next) const override {
    return Period(window.oldest.start) != Period(next.start);
  }

 private:
  [[nodiscard]] std::int64_t Period(
      std::chrono::system_clock::time_point time) const {
    const auto since =
        std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()) -
        options_.offset;
    const std::int64_t period =
        std::max<std::int64_t>(options_.period.count(), 1);
    const std::int64_t count = since.count();
    return count >= 0 ? count / period : (count - period + 1) / period;
  }

  const RotatingOptions options_;
};

}  // namespace

PlaylistPolicy::~PlaylistPolicy() = default;

bool PlaylistPolicy::MayRemoveOldest(const ListedWindow&) const {
  return false;
}

bool PlaylistPolicy::rotates() const { return false; }

bool PlaylistPolicy::StartsNewPlaylist(const ListedWindow&,
                                       const ListedSegment&) const {
  return false;
}

std::shared_ptr<const PlaylistPolicy> LiveWindow(
    const LiveWindowOptions& options) {
  return std::make_shared<LiveWindowPolicy>(options);
}

std::shared_ptr<const PlaylistPolicy> EventList() {
  return std::make_shared<KeepAllPolicy>(PlaylistType::kEvent);
}

std::shared_ptr<const PlaylistPolicy> VodList() {
  return std::make_shared<KeepAllPolicy>(PlaylistType::kVod);
}

std::shared_ptr<const PlaylistPolicy> RotatingList(
    const RotatingOptions& options) {
  return std::make_shared<RotatingPolicy>(options);
}

}  // namespace hlsrec
