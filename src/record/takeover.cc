#include "src/record/takeover.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "src/base/answer.h"
#include "src/base/status_util.h"
#include "src/deliver/ask.h"
#include "src/deliver/lease_keeper.h"
#include "src/playlist/parse.h"
#include "src/playlist/render.h"
#include "src/record/stored.h"
#include "src/spool/spool.h"

namespace hlsrec::record {
namespace {

using deliver::Lease;
using deliver::LeaseRecord;
using deliver::LeaseWatch;
using deliver::OutputPlan;
using deliver::PlaylistPlan;
using deliver::RenditionPlan;

using FoundLease = std::optional<LeaseRecord>;

constexpr std::chrono::milliseconds kShortestLease{1000};
constexpr std::chrono::milliseconds kLongestLease = std::chrono::hours(1);
// No run is like it: they are hexadecimal.
constexpr std::string_view kNoRun = "zzzzzzzz";

// What one output's leases are in its sink.
//
// Blocking. Every method.
class Leases {
 public:
  Leases(RuntimeCore& core, const OutputPlan& output)
      : core_(core), sink_(*output.sink), playlist_(output.lease->playlist) {}

  StatusOr<FoundLease> Look(std::uint64_t generation) {
    const std::string key = deliver::LeaseKey(playlist_, generation);
    const StatusOr<std::string> bytes = deliver::Ask<std::string>(
        core_, [&](const std::shared_ptr<Answer<std::string>>& answer) {
          sink_.Get(key, deliver::kMaxLeaseBytes,
                    [answer](StatusOr<std::string> got) {
                      answer->Set(std::move(got));
                    });
        });
    StatusOr<FoundLease> found = deliver::LeaseFound(generation, bytes);
    if (found.ok()) return found;
    return found.status().WithContext(sink_.Describe() + ": " + key);
  }

  // Generations have no holes: doubling steps find the end, halves the newest.
  StatusOr<FoundLease> Newest() {
    FoundLease newest;
    std::uint64_t low = 0;  // 0, or is there
    std::uint64_t step = 1;
    bool doubling = true;
    while (step > 0) {
      HLSREC_ASSIGN_OR_RETURN(const FoundLease found, Look(low + step));
      if (found) {
        low += step;
        newest = found;
      }
      doubling = doubling && found;
      step = doubling ? step * 2 : step / 2;
    }
    return newest;
  }

  Status Put(const LeaseRecord& record, IfExists if_exists) {
    const StatusOr<bool> put = deliver::Ask<bool>(
        core_, [&](const std::shared_ptr<Answer<bool>>& answer) {
          sink_.Put(deliver::LeasePut(playlist_, record, if_exists),
                    [answer](const Status& status) {
                      answer->Set(status.ok() ? StatusOr<bool>(true) : status);
                    });
        });
    return put.status().WithContext(sink_.Describe());
  }

  void Wait(std::chrono::milliseconds time) {
    const auto over = std::make_shared<Latch>();
    core_.media()->PostAt(core_.clock().Steady() + time,
                          [over] { over->Open(); });
    core_.Await(*over);
  }

  [[nodiscard]] SteadyTime Now() const { return core_.clock().Steady(); }

  [[nodiscard]] Status RecordedBy(const LeaseRecord& record) const {
    return Conflict(
        "{}: {}: another machine records there (run {}, lease {}): it is taken "
        "over {} ms after its last sign of life",
        sink_.Describe(), playlist_, record.run, record.generation,
        record.lease.count());
  }

 private:
  RuntimeCore& core_;
  Sink& sink_;
  const std::string playlist_;
};

// Puts the claim for the generation after `seen`, and sees to it that nobody
// else relies on theirs.
Status Claim(Leases& leases, const FoundLease& seen, const LeaseRecord& claim) {
  Status put = leases.Put(claim, IfExists::kFail);
  if (!put.ok() && put.code() != StatusCode::kAlreadyExists) return put;
  leases.Wait(deliver::SettleTime(claim.lease));
  // Whose reply was lost finds its own there.
  HLSREC_ASSIGN_OR_RETURN(const FoundLease own, leases.Look(claim.generation));
  if (!own) return Unavailable("lease {}: is gone", claim.generation);
  if (own->run != claim.run) return leases.RecordedBy(*own);
  if (!seen || seen->released) return {};
  HLSREC_ASSIGN_OR_RETURN(const FoundLease before,
                          leases.Look(seen->generation));
  if (before != seen && before && !before->released) {
    // It renewed before it could see the claim.
    leases.Wait(before->lease);
  }
  return {};
}

// One round, as the keeper makes them. None: somebody was faster.
StatusOr<std::optional<Lease>> FirstRound(Leases& leases, LeaseRecord record) {
  const SteadyTime began = leases.Now();
  ++record.beat;
  HLSREC_RETURN_IF_ERROR(leases.Put(record, IfExists::kReplace));
  HLSREC_ASSIGN_OR_RETURN(const FoundLease next,
                          leases.Look(record.generation + 1));
  if (next) return std::optional<Lease>();
  return std::optional<Lease>(Lease(std::move(record), began));
}

StatusOr<Lease> Acquire(Leases& leases, const std::string& run,
                        std::chrono::milliseconds duration) {
  LeaseWatch watch(run);
  for (;;) {
    HLSREC_ASSIGN_OR_RETURN(const FoundLease newest, leases.Newest());
    switch (watch.See(newest, leases.Now())) {
      case LeaseWatch::Verdict::kRefused:
        return leases.RecordedBy(*newest);
      case LeaseWatch::Verdict::kLookOn:
        leases.Wait(deliver::BeatInterval(newest->lease));
        continue;
      case LeaseWatch::Verdict::kOurs:
      case LeaseWatch::Verdict::kClaim:
        break;
    }
    LeaseRecord record{.run = run, .lease = duration};
    if (newest && newest->run == run && !newest->released) {
      record.generation = newest->generation;
      record.beat = newest->beat;
    } else {
      record.generation = newest ? newest->generation + 1 : 1;
      HLSREC_RETURN_IF_ERROR(Claim(leases, newest, record));
    }
    HLSREC_ASSIGN_OR_RETURN(std::optional<Lease> lease,
                            FirstRound(leases, std::move(record)));
    if (lease) return *std::move(lease);
  }
}

Status CheckSharedName(const PathTemplate& path,
                       const RecordingOptions& options,
                       const std::string& field) {
  const RecordingIdentity& identity = options.identity;
  for (const std::string_view own : {"run", "time", "epoch_s", "epoch_ms",
                                     "start_date", "segment_time", "seq"}) {
    const bool given = (identity.epoch_ms &&
                        (own.starts_with("epoch") || own == "start_date")) ||
                       (own == "start_date" && !identity.start_date.empty());
    if (given || !path.Uses(own)) continue;
    return InvalidArgument(
        "{}: {}: {{{}}} is another on each machine: takeover wants one name",
        field, path.text(), own);
  }
  if (!options.session.empty() || !path.Uses("session")) return {};
  return InvalidArgument(
      "{}: {}: {{session}} is another on each machine: takeover wants one "
      "name: set session",
      field, path.text());
}

Status CheckPlaylist(const PlaylistPlan& playlist,
                     const RecordingOptions& options,
                     const std::string& field) {
  const PlaylistPolicy& policy = *playlist.list_options.policy;
  if (policy.type() == PlaylistType::kVod || policy.rotates()) {
    return InvalidArgument(
        "{}.policy: {}: tells another machine nothing until it ends: takeover "
        "wants event or live playlists",
        field, policy.Describe());
  }
  return CheckSharedName(playlist.path, options, field + ".path");
}

// Of a list's segments, by media sequence number.
std::map<std::uint64_t, playlist::Segment> SegmentsOf(const std::string& text) {
  std::map<std::uint64_t, playlist::Segment> segments;
  const auto parsed = playlist::ParsePlaylist(text);
  if (!parsed.ok()) return segments;
  for (const playlist::Segment& segment : parsed->media.segments) {
    segments.emplace(segment.sequence, segment);
  }
  return segments;
}

PathFields SegmentFields(const OutputPlan& output,
                         const RenditionPlan& rendition) {
  PathFields fields = NameFields(output, rendition);
  fields.extension = output.fmp4 ? "m4s" : "ts";
  return fields;
}

// `number` is that of the first gap's name.
Status BringTo(std::uint64_t first,
               const std::map<std::uint64_t, playlist::Segment>& longest,
               const OutputPlan& output, PathFields fields,
               std::uint64_t number, PlaylistPlan& plan) {
  std::string text = plan.imported;
  if (text.ends_with(playlist::kEndList)) {
    text.resize(text.size() - playlist::kEndList.size());
  }
  for (std::uint64_t i = plan.list.next_sequence(); i < first; ++i) {
    const auto other = longest.find(i);
    if (other == longest.end()) {
      return FailedPrecondition(
          "{}: {}: ends at number {}, another playlist of this output at {}: "
          "they can't be continued together",
          output.sink_name, plan.key, plan.list.next_sequence(), first);
    }
    fields.sequence = number++;
    HLSREC_ASSIGN_OR_RETURN(const std::string key,
                            output.segment.Expand(fields));
    playlist::SegmentLines gap{.discontinuity = other->second.discontinuity,
                               .gap = true,
                               .duration = other->second.duration.value,
                               .uri = playlist::RelativeUri(plan.key, key)};
    if (plan.list_options.program_date_time && other->second.date_time) {
      gap.program_date_time =
          std::chrono::time_point_cast<std::chrono::system_clock::duration>(
              other->second.date_time->time);
    }
    text += playlist::RenderSegment(gap);
  }
  HLSREC_ASSIGN_OR_RETURN(
      plan.list, playlist::MediaList::Continue(plan.list_options, text));
  plan.imported = std::move(text);
  return {};
}

}  // namespace

Status PlanLease(const RecordingOptions& options, const OutputOptions& wanted,
                 const std::string& field, OutputPlan& output) {
  if (wanted.if_exists != IfPlaylistExists::kTakeOver) return {};
  if (wanted.lease < kShortestLease || wanted.lease > kLongestLease) {
    return InvalidArgument("{}.lease: {} ms: want {} to {} ms", field,
                           wanted.lease.count(), kShortestLease.count(),
                           kLongestLease.count());
  }
  if (wanted.delete_after_end) {
    return InvalidArgument(
        "{}.delete_after_end: can't be kept where another machine may take "
        "over: leave it out",
        field);
  }
  if (!output.segment.Uses("run")) {
    return InvalidArgument(
        "{}.segment_path: {}: takeover needs {{run}} in it, or a machine that "
        "returns could write other bytes under the same name: as in "
        "{{stream}}/{{run}}-{{seq:06}}.{{ext}}",
        field, output.segment.text());
  }
  for (const RenditionPlan& rendition : output.renditions) {
    for (std::size_t p = 0; p < rendition.playlists.size(); ++p) {
      HLSREC_RETURN_IF_ERROR(
          CheckPlaylist(rendition.playlists[p], options,
                        fmt::format("{}.playlists[{}]", field, p)));
    }
  }
  if (output.multivariant) {
    HLSREC_RETURN_IF_ERROR(CheckSharedName(*output.multivariant, options,
                                           field + ".multivariant_path"));
  }
  if (output.manifest) {
    HLSREC_RETURN_IF_ERROR(CheckSharedName(output.manifest->path, options,
                                           field + ".manifest_path"));
  }
  const RenditionPlan& rendition = output.renditions.front();
  PathFields fields = NameFields(output, rendition);
  fields.extension = "m3u8";
  HLSREC_ASSIGN_OR_RETURN(std::string key,
                          rendition.playlists.front().path.Expand(fields));
  output.lease = {.playlist = std::move(key), .duration = wanted.lease};
  return {};
}

Status AcquireLease(RuntimeCore& core, const std::string& run,
                    OutputPlan& output) {
  Leases leases(core, output);
  HLSREC_ASSIGN_OR_RETURN(output.lease->held,
                          Acquire(leases, run, output.lease->duration));
  return {};
}

Status AcquireLeases(RuntimeCore& core, RecordingPlan& plan) {
  for (OutputPlan& output : plan.outputs) {
    if (!output.lease) continue;
    HLSREC_RETURN_IF_ERROR(AcquireLease(core, plan.run, output));
  }
  return {};
}

Status CheckNotTakenOver(RuntimeCore& core, const std::string& run,
                         const std::vector<OutputPlan>& outputs) {
  for (const OutputPlan& output : outputs) {
    if (!output.lease) continue;
    HLSREC_ASSIGN_OR_RETURN(const FoundLease newest,
                            Leases(core, output).Newest());
    if (!newest || newest->run == run) continue;
    return Conflict(
        "{}: {}: another machine has taken over (run {}, lease {}): what this "
        "one (run {}) did not deliver can't be listed any more, and stays in "
        "the spool",
        output.sink_name, output.lease->playlist, newest->run,
        newest->generation, run);
  }
  return {};
}

Status SetAside(RuntimeCore& core, const spool::RecordingSummary& summary,
                const std::string& run) {
  const spool::RecordingOpened aside{
      .recording = summary.recording,
      .identity = summary.identity + "\ntaken over from " + run,
      .config = summary.config};
  HLSREC_RETURN_IF_ERROR(core.spool().KeepRecording(aside));
  const auto answer = std::make_shared<Answer<bool>>();
  core.spool().journal().Add(aside, [answer](const Status& status) {
    answer->Set(status.ok() ? StatusOr<bool>(true) : status);
  });
  return answer->Take(core).status();
}

Status MakeEven(std::uint64_t first, OutputPlan& output) {
  std::map<std::uint64_t, playlist::Segment> longest;
  for (const RenditionPlan& rendition : output.renditions) {
    for (const PlaylistPlan& plan : rendition.playlists) {
      if (plan.list.empty() || plan.list.next_sequence() != first) continue;
      longest.merge(SegmentsOf(plan.imported));
    }
  }
  for (RenditionPlan& rendition : output.renditions) {
    std::uint64_t next = first;
    for (const PlaylistPlan& plan : rendition.playlists) {
      if (!plan.list.empty()) next = std::min(next, plan.list.next_sequence());
    }
    for (PlaylistPlan& plan : rendition.playlists) {
      if (plan.list.empty()) continue;
      HLSREC_RETURN_IF_ERROR(BringTo(
          first, longest, output, SegmentFields(output, rendition),
          rendition.first_number + plan.list.next_sequence() - next, plan));
    }
    rendition.first_number += first - next;
  }
  return {};
}

std::vector<std::string> RunsIn(const OutputPlan& output, PathFields fields,
                                const std::string& playlist,
                                const std::string& uri) {
  fields.run = kNoRun;
  const StatusOr<std::string> key = output.segment.Expand(fields);
  if (!key.ok()) return {};
  const std::string expected = playlist::RelativeUri(playlist, *key);
  const std::size_t at = expected.find(kNoRun);
  if (at == std::string::npos) return {};
  std::vector<std::string> runs;
  // The number may have other digits, before the run or behind it.
  const std::size_t behind = expected.size() - at;
  for (const std::size_t from :
       {at, uri.size() - std::min(behind, uri.size())}) {
    if (from + kNoRun.size() > uri.size()) continue;
    std::string run = uri.substr(from, kNoRun.size());
    const bool hex =
        run.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (hex && std::find(runs.begin(), runs.end(), run) == runs.end()) {
      runs.push_back(std::move(run));
    }
  }
  return runs;
}

}  // namespace hlsrec::record
