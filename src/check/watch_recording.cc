#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "hlsrec/check.h"
#include "src/base/clock.h"
#include "src/base/mutex.h"
#include "src/base/status_util.h"
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
  std::vector<CheckFinding> Poll(SteadyTime now) {
    const auto fetched = fetcher_.Get(location_, options_.max_playlist_bytes);
    if (!fetched.ok()) {
      return snapshots_.AddUnreadable(now, fetched.status().ToString());
    }
    std::vector<CheckFinding> found = snapshots_.Add(now, fetched->bytes);
    const auto parsed = playlist::ParsePlaylist(fetched->bytes);
    if (parsed.ok() && parsed->kind == playlist::PlaylistKind::kMedia) {
      Read(now, parsed->media);
    }
    if (snapshots_.ended()) media_.Finish();
    for (CheckFinding& finding : findings_.Take()) {
      found.push_back(std::move(finding));
    }
    return found;
  }

  [[nodiscard]] bool ended() const { return snapshots_.ended(); }
  [[nodiscard]] std::uint64_t segments() const { return segments_; }
  [[nodiscard]] std::uint64_t target_duration() const {
    return target_duration_;
  }

 private:
  void Read(SteadyTime now, const playlist::MediaPlaylist& media) {
    target_duration_ = media.target_duration.value;
    std::set<std::string> listed;
    for (const playlist::Segment& segment : media.segments) {
      listed.insert(segment.uri);
      if (segment.sequence >= next_sequence_) {
        next_sequence_ = segment.sequence + 1;
        ++segments_;
      }
    }
    if (options_.depth != CheckDepth::kMedia) return;
    media_.CheckNew(media);
    for (const std::string& uri : snapshots_.AvailableUris(now)) {
      if (listed.contains(uri) || missing_.contains(uri)) continue;
      const Status status = fetcher_.Probe(check::ResolveUri(location_, uri));
      if (status.ok()) continue;
      findings_.Error("R35", 0,
                      uri + ": left the playlist and is gone too soon: " +
                          status.ToString());
      missing_.insert(uri);
    }
  }

  const std::string location_;
  const CheckOptions options_;
  check::Fetcher& fetcher_;
  check::Findings findings_;
  SnapshotChecker snapshots_;
  check::MediaChecker media_;
  std::set<std::string> missing_;
  std::uint64_t next_sequence_ = 0;
  std::uint64_t segments_ = 0;
  std::uint64_t target_duration_ = 0;
};

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
