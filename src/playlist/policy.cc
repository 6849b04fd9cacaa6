#include "src/playlist/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>

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

  std::string Describe() const override {
    return fmt::format(
        "live {} {}", options_.segments.value_or(0),
        options_.duration.value_or(std::chrono::seconds(0)).count());
  }

 private:
  const LiveWindowOptions options_;
};

class KeepAllPolicy final : public PlaylistPolicy {
 public:
  explicit KeepAllPolicy(PlaylistType type) : type_(type) {}
  PlaylistType type() const override { return type_; }
  std::string Describe() const override {
    return type_ == PlaylistType::kVod ? "vod" : "event";
  }

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

  std::string Describe() const override {
    return fmt::format("rotating {} {}", options_.period.count(),
                       options_.offset.count());
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

// The two numbers after a policy's name.
struct Numbers {
  std::int64_t first = 0;
  std::int64_t second = 0;
};
std::optional<Numbers> TakeNumbers(std::string_view text,
                                   std::string_view name) {
  if (!text.starts_with(name)) return std::nullopt;
  text.remove_prefix(name.size());
  Numbers numbers;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, numbers.first);
  if (first.ec != std::errc() || first.ptr == end) return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, numbers.second);
  if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
  return numbers;
}

}  // namespace

PlaylistPolicy::~PlaylistPolicy() = default;

bool PlaylistPolicy::MayRemoveOldest(const ListedWindow&) const {
  return false;
}

bool PlaylistPolicy::rotates() const { return false; }

std::string PlaylistPolicy::Describe() const { return {}; }

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

namespace playlist {

std::shared_ptr<const PlaylistPolicy> MakePolicy(std::string_view description) {
  if (description == "event") return EventList();
  if (description == "vod") return VodList();
  if (const auto live = TakeNumbers(description, "live ")) {
    LiveWindowOptions options{.segments = std::nullopt};
    if (live->first > 0) {
      options.segments = static_cast<std::size_t>(live->first);
    }
    if (live->second > 0) {
      options.duration = std::chrono::seconds(live->second);
    }
    return LiveWindow(options);
  }
  if (const auto rotating = TakeNumbers(description, "rotating ")) {
    return RotatingList({.period = std::chrono::seconds(rotating->first),
                         .offset = std::chrono::seconds(rotating->second)});
  }
  return nullptr;
}

}  // namespace playlist
}  // namespace hlsrec
