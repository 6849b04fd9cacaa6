#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "hlsrec/check.h"
#include "src/base/clock.h"
#include "src/base/mutex.h"
#include "src/base/status_util.h"
#include "src/check/date_drift.h"
#include "src/check/delivery_rules.h"
#include "src/check/fetch.h"
#include "src/check/findings.h"
#include "src/check/media_checker.h"
#include "src/check/multivariant_rules.h"
#include "src/check/uri.h"
#include "src/playlist/parse.h"

namespace hlsrec {
namespace {

using std::chrono::milliseconds;

// One media playlist under watch.
class Follower {
 public:
  Follower(std::string location, const CheckOptions& options,
           check::Fetcher& fetcher)
      : location_(std::move(location)),
        options_(options),
        fetcher_(fetcher),
        findings_(options),
        snapshots_(location_, options),
        media_(location_, options, fetcher, findings_) {
    findings_.SetFile(location_);
  }

  // Reads it once; what is new.
  std::vector<CheckFinding> Poll(SteadyTime now);
  // The watch is over, whether or not the playlist is.
  std::vector<CheckFinding> Finish();

  // Nothing more will come of it.
  [[nodiscard]] bool ended() const { return snapshots_.ended() || removed_; }
  [[nodiscard]] std::uint64_t segments() const { return segments_; }
  [[nodiscard]] std::uint64_t target_duration() const {
    return target_duration_;
  }

 private:
  void Read(SteadyTime now, const check::Fetched& fetched,
            const playlist::ParsedPlaylist& parsed);
  void CheckDate(const playlist::MediaPlaylist& media);
  void CheckGone(SteadyTime now, const Status& status);
  // Asks for what may not be gone yet and is not `listed`.
  void ProbeAvailable(SteadyTime now, const std::set<std::string>& listed,
                      std::string_view rule, std::string_view what);
  std::vector<CheckFinding> Take(std::vector<CheckFinding> found);

  const std::string location_;
  const CheckOptions options_;
  check::Fetcher& fetcher_;
  check::Findings findings_;
  SnapshotChecker snapshots_;
  check::MediaChecker media_;
  std::set<std::string> missing_;
  // Since when, and how, the playlist is no longer there.
  std::optional<SteadyTime> gone_since_ = {};
  std::string gone_;
  bool removed_ = false;
  bool delivery_checked_ = false;
  bool future_reported_ = false;
  std::chrono::microseconds length_{0};  // of the last version
  std::uint64_t next_sequence_ = 0;
  std::uint64_t segments_ = 0;
  std::uint64_t target_duration_ = 0;
};

std::vector<CheckFinding> Follower::Take(std::vector<CheckFinding> found) {
  for (CheckFinding& finding : findings_.Take()) {
    found.push_back(std::move(finding));
  }
  return found;
}

std::vector<CheckFinding> Follower::Poll(SteadyTime now) {
  const auto fetched = fetcher_.Get(location_, options_.max_playlist_bytes);
  if (fetched.status().code() == StatusCode::kNotFound) {
    CheckGone(now, fetched.status());
    return Take({});
  }
  if (!fetched.ok()) {
    return snapshots_.AddUnreadable(now, fetched.status().ToString());
  }
  std::vector<CheckFinding> found;
  if (gone_since_) found = snapshots_.AddUnreadable(now, gone_);
  gone_since_.reset();
  for (CheckFinding& finding : snapshots_.Add(now, fetched->bytes)) {
    found.push_back(std::move(finding));
  }
  const auto parsed = playlist::ParsePlaylist(fetched->bytes);
  if (parsed.ok() && parsed->kind == playlist::PlaylistKind::kMedia) {
    Read(now, *fetched, *parsed);
  }
  if (snapshots_.ended()) media_.Finish();
  return Take(std::move(found));
}

std::vector<CheckFinding> Follower::Finish() {
  if (gone_since_ && !removed_) {
    findings_.Warning("R36", 0, "the playlist is gone: " + gone_);
  }
  return Take({});
}

void Follower::Read(SteadyTime now, const check::Fetched& fetched,
                    const playlist::ParsedPlaylist& parsed) {
  const playlist::MediaPlaylist& media = parsed.media;
  if (!delivery_checked_) {
    check::CheckPlaylistDelivery(location_, fetched, parsed, findings_);
    delivery_checked_ = true;
  }
  CheckDate(media);
  target_duration_ = media.target_duration.value;
  length_ = std::chrono::microseconds(0);
  std::set<std::string> listed;
  for (const playlist::Segment& segment : media.segments) {
    listed.insert(segment.uri);
    length_ += segment.duration.value;
    if (segment.sequence >= next_sequence_) {
      next_sequence_ = segment.sequence + 1;
      ++segments_;
    }
  }
  if (options_.depth != CheckDepth::kMedia) return;
  media_.CheckNew(media);
  ProbeAvailable(now, listed, "R35", "left the playlist and is gone too soon");
}

void Follower::ProbeAvailable(SteadyTime now,
                              const std::set<std::string>& listed,
                              std::string_view rule, std::string_view what) {
  for (const std::string& uri : snapshots_.AvailableUris(now)) {
    if (listed.contains(uri) || missing_.contains(uri)) continue;
    const Status status = fetcher_.Probe(check::ResolveUri(location_, uri));
    if (status.ok()) continue;
    findings_.Error(rule, 0,
                    fmt::format("{}: {}: {}", uri, what, status.ToString()));
    missing_.insert(uri);
  }
}

// What is captured can't end later than now.
void Follower::CheckDate(const playlist::MediaPlaylist& media) {
  const auto end = check::EndDate(media);
  if (!end || future_reported_) return;
  const auto ahead = *end - SystemClock().Wall();
  if (ahead <= std::chrono::seconds(
                   static_cast<std::int64_t>(media.target_duration.value))) {
    return;
  }
  findings_.Warning("R41", media.segments.back().line,
                    fmt::format("the newest segment ends {:.3f} s in the "
                                "future by its date",
                                std::chrono::duration<double>(ahead).count()));
  future_reported_ = true;
}

// A recording may be taken away as a whole: its list first, and what that
// listed no sooner than a reader may have played it.
void Follower::CheckGone(SteadyTime now, const Status& status) {
  if (!gone_since_) gone_since_ = now;
  gone_ = status.ToString();
  if (now - *gone_since_ > length_) {
    findings_.Warning("R36", 0, "the playlist was removed: " + gone_);
    removed_ = true;
    return;
  }
  if (options_.depth != CheckDepth::kMedia) return;
  ProbeAvailable(now, {}, "R36",
                 "is gone sooner after its playlist than that lasted");
}

class Watch {
 public:
  explicit Watch(const WatchOptions& options)
      : options_(options), fetcher_(options.check.timeout) {}

  StatusOr<CheckReport> Run(const std::string& location);

 private:
  Status Open(const std::string& location);
  void Tell(std::vector<CheckFinding> findings);
  [[nodiscard]] milliseconds Interval() const;
  // False when the watch is to end.
  bool WaitUntil(SteadyTime when, SteadyTime end);

  const WatchOptions& options_;
  check::Fetcher fetcher_;
  std::vector<std::unique_ptr<Follower>> followers_;
  CheckReport report_;
};

Status Watch::Open(const std::string& location) {
  HLSREC_ASSIGN_OR_RETURN(
      const check::Fetched fetched,
      fetcher_.Get(location, options_.check.max_playlist_bytes));
  std::set<std::string> locations;
  const auto parsed = playlist::ParsePlaylist(fetched.bytes);
  if (parsed.ok() && parsed->kind == playlist::PlaylistKind::kMultivariant) {
    ++report_.playlists;
    Tell(CheckPlaylistText(fetched.bytes, location, options_.check).findings);
    const auto add = [&](const std::string& uri) {
      if (!uri.empty()) locations.insert(check::ResolveUri(location, uri));
    };
    for (const auto& variant : parsed->multivariant.variants) add(variant.uri);
    for (const auto& variant : parsed->multivariant.i_frame_variants) {
      add(variant.uri);
    }
    for (const auto& media : parsed->multivariant.renditions) add(media.uri);
  } else {
    locations.insert(location);
  }
  for (const std::string& each : locations) {
    ++report_.playlists;
    followers_.push_back(
        std::make_unique<Follower>(each, options_.check, fetcher_));
  }
  return {};
}

void Watch::Tell(std::vector<CheckFinding> findings) {
  for (CheckFinding& finding : findings) {
    const bool error = finding.severity == CheckSeverity::kError;
    ++(error ? report_.errors : report_.warnings);
    if (options_.on_finding) options_.on_finding(finding);
    const auto same = std::count_if(
        report_.findings.begin(), report_.findings.end(),
        [&](const CheckFinding& kept) {
          return kept.rule == finding.rule && kept.file == finding.file;
        });
    if (static_cast<std::size_t>(same) < options_.check.max_findings_per_rule) {
      report_.findings.push_back(std::move(finding));
    }
  }
}

milliseconds Watch::Interval() const {
  if (options_.interval > milliseconds(0)) return options_.interval;
  std::uint64_t shortest = 0;
  for (const auto& follower : followers_) {
    const std::uint64_t target = follower->target_duration();
    if (target > 0 && (shortest == 0 || target < shortest)) shortest = target;
  }
  constexpr std::uint64_t kMost = 60;
  return milliseconds(500 * std::clamp<std::uint64_t>(shortest, 1, kMost));
}

bool Watch::WaitUntil(SteadyTime when, SteadyTime end) {
  Mutex mutex;
  CondVar never;
  for (;;) {
    if (options_.stop && options_.stop()) return false;
    const SteadyTime now = SystemClock().Steady();
    if (now >= end) return false;
    if (now >= when) return true;
    const auto slice = std::min<SteadyTime::duration>(std::min(when, end) - now,
                                                      milliseconds(100));
    MutexLock lock(mutex);
    never.WaitFor(mutex, slice);
  }
}

StatusOr<CheckReport> Watch::Run(const std::string& location) {
  HLSREC_RETURN_IF_ERROR(Open(location));
  const SteadyTime start = SystemClock().Steady();
  const SteadyTime end = options_.duration > milliseconds(0)
                             ? start + options_.duration
                             : SteadyTime::max();
  for (;;) {
    const SteadyTime now = SystemClock().Steady();
    bool all_ended = true;
    for (const auto& follower : followers_) {
      if (follower->ended()) continue;
      Tell(follower->Poll(SystemClock().Steady()));
      all_ended = all_ended && follower->ended();
    }
    if (all_ended || !WaitUntil(now + Interval(), end)) break;
  }
  for (const auto& follower : followers_) {
    Tell(follower->Finish());
    report_.segments += follower->segments();
  }
  report_.bytes_read = fetcher_.bytes_read();
  return std::move(report_);
}

}  // namespace

StatusOr<CheckReport> WatchRecording(const std::string& location,
                                     const WatchOptions& options) {
  return Watch(options).Run(location);
}

}  // namespace hlsrec
