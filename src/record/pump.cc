#include "hlsrec/pump.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "src/base/clock.h"
#include "src/base/mutex.h"
#include "src/base/rescale.h"
#include "src/base/status_util.h"

namespace hlsrec {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPoll{50};
constexpr milliseconds kFullPoll{5};

bool IsVideo(const Track& track) {
  return CodecMediaType(track.codec) == MediaType::kVideo;
}

// Waits without a reason to be woken early.
void Pause(milliseconds duration) {
  Mutex mutex;
  CondVar never;
  MutexLock lock(mutex);
  never.WaitFor(mutex, duration);
}

// How much media went by, by the clock of one track, jumps left out.
class MediaClock {
 public:
  explicit MediaClock(const std::vector<Track>& tracks) { Follow(tracks); }
  // Goes on with other tracks.
  void Follow(const std::vector<Track>& tracks) {
    const auto video = std::find_if(tracks.begin(), tracks.end(), IsVideo);
    if (!tracks.empty()) {
      const Track& track = video != tracks.end() ? *video : tracks.front();
      track_ = track.id;
      time_base_ = track.time_base;
    }
    last_.reset();
  }
  void Add(const Packet& packet) {
    if (packet.track != track_) return;
    const std::int64_t ticks =
        packet.dts != kNoTimestamp ? packet.dts : packet.pts;
    if (ticks == kNoTimestamp) return;
    const std::int64_t now = Rescale(ticks, time_base_, kMicroseconds);
    constexpr std::int64_t kJump = 10'000'000;
    if (last_ && now > *last_ && now - *last_ < kJump) passed_ += now - *last_;
    last_ = now;
  }
  [[nodiscard]] std::chrono::microseconds passed() const {
    return std::chrono::microseconds(passed_);
  }

 private:
  int track_ = -1;
  Rational time_base_ = kMicroseconds;
  std::optional<std::int64_t> last_;
  std::int64_t passed_ = 0;
};

// One run of Pump().
class Pumping {
 public:
  Pumping(std::unique_ptr<Source> source, Recorder& recorder,
          const PumpOptions& options)
      : source_(std::move(source)),
        recorder_(recorder),
        options_(options),
        tracks_(source_->tracks()),
        clock_(tracks_) {
    for (const Track& track : tracks_) ids_[track.id] = track.id;
  }

  PumpResult Run() {
    while (!ended_) {
      StatusOr<Packet> packet = source_->Read();
      TellMissed();
      if (Stopping()) {
        End(PumpEnd::kStopped, {});
      } else if (packet.ok()) {
        Handle(std::move(packet).value());
      } else {
        OnSourceEnd(packet.status());
      }
    }
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool Stopping() const {
    return options_.stop && options_.stop();
  }

  void End(PumpEnd end, Status status) {
    ended_ = true;
    result_.end = end;
    result_.status = std::move(status);
  }

  void Handle(Packet packet) {
    if (source_->TracksChanged()) {
      if (Status status = Retrack(); !status.ok()) {
        return End(PumpEnd::kRecorderFailed, std::move(status));
      }
    }
    const auto id = ids_.find(packet.track);
    if (id == ids_.end()) return;  // told when the tracks came
    packet.track = id->second;
    last_packet_at_ = SystemClock().Steady();
    clock_.Add(packet);
    if (options_.duration && clock_.passed() >= *options_.duration) {
      return End(PumpEnd::kLimit, {});
    }
    if (options_.segments &&
        recorder_.progress().segments >= *options_.segments) {
      return End(PumpEnd::kLimit, {});
    }
    Push(packet);
  }

  // The recorder ended because of it.
  [[nodiscard]] bool HasEnough() const {
    const RecordingProgress progress = recorder_.progress();
    return (options_.segments && progress.segments >= *options_.segments) ||
           (options_.bytes && progress.bytes_written >= *options_.bytes);
  }

  void Push(const Packet& packet) {
    milliseconds waited{0};
    for (;;) {
      // Copies no media: a refused packet is offered again.
      Status status = recorder_.Push(packet, options_.max_push_wait
                                                 ? PushWork::kCaller
                                                 : PushWork::kCallerWithDisk);
      if (status.ok()) {
        ++result_.packets;
        return;
      }
      if (status.code() != StatusCode::kResourceExhausted) {
        return HasEnough() ? End(PumpEnd::kLimit, {})
                           : End(PumpEnd::kRecorderFailed, std::move(status));
      }
      if (options_.max_push_wait && waited >= *options_.max_push_wait) {
        ++result_.packets_refused;
        return;
      }
      if (Stopping()) return End(PumpEnd::kStopped, {});
      Pause(kFullPoll);
      waited += kFullPoll;
    }
  }

  void OnSourceEnd(const Status& status) {
    const bool end = status.code() == StatusCode::kEndOfStream;
    const bool lost =
        end ? options_.end_is_loss : status.code() != StatusCode::kCancelled;
    if (!lost || !options_.reopen || options_.reconnect_window.count() == 0) {
      return End(end ? PumpEnd::kEndOfStream : PumpEnd::kSourceFailed,
                 end ? Status() : status);
    }
    Reconnect(status);
  }

  void Reconnect(const Status& loss) {
    Tell({.type = EventType::kSourceLost, .status = loss});
    const SteadyTime lost_at = SystemClock().Steady();
    const SteadyTime give_up = lost_at + options_.reconnect_window;
    source_ = nullptr;  // ports and sessions are free before the next attempt
    told_missed_ = 0;
    Status last = loss;
    milliseconds delay = options_.reconnect_first;
    for (;;) {
      if (Stopping()) return End(PumpEnd::kStopped, {});
      StatusOr<std::unique_ptr<Source>> opened = options_.reopen();
      if (opened.ok()) {
        source_ = std::move(opened).value();
        break;
      }
      last = opened.status();
      if (Stopping()) return End(PumpEnd::kStopped, {});
      if (SystemClock().Steady() + delay >= give_up) {
        return End(PumpEnd::kSourceFailed,
                   last.WithContext("source lost, reconnecting failed"));
      }
      for (milliseconds waited{0}; waited < delay && !Stopping();
           waited += kPoll) {
        Pause(std::min(kPoll, delay - waited));
      }
      delay = std::min(delay * 2, options_.reconnect_max);
    }
    ++result_.reconnects;
    const auto away = std::chrono::duration_cast<milliseconds>(
        SystemClock().Steady() - last_packet_at_);
    Status status =
        recorder_.Interrupt(options_.declare_gaps ? away : milliseconds(0));
    if (status.ok()) status = Retrack();
    if (!status.ok()) return End(PumpEnd::kRecorderFailed, std::move(status));
    Tell({.type = EventType::kSourceRestored,
          .duration =
              std::chrono::duration_cast<std::chrono::microseconds>(away)});
  }

  // Gives the source's tracks the ids the recorder knows; restarts it where
  // they are not the same.
  Status Retrack() {
    std::vector<Track> tracks = tracks_;
    std::set<int> taken;
    ids_.clear();
    bool changed = false;
    for (const Track& now : source_->tracks()) {
      auto match =
          std::find_if(tracks.begin(), tracks.end(), [&](const Track& known) {
            return !taken.contains(known.id) &&
                   CodecMediaType(known.codec) == CodecMediaType(now.codec) &&
                   (known.language == now.language || known.id == now.id);
          });
      if (match == tracks.end()) {
        int id = 0;
        for (const Track& known : tracks) id = std::max(id, known.id + 1);
        tracks.push_back(now);
        tracks.back().id = id;
        match = tracks.end() - 1;
        changed = true;
      }
      taken.insert(match->id);
      ids_[now.id] = match->id;
      Track renamed = now;
      renamed.id = match->id;
      // A measured bit rate is no change.
      renamed.bit_rate = match->bit_rate;
      if (!(renamed == *match)) {
        changed = true;
        *match = std::move(renamed);
      }
    }
    if (!changed) return {};
    Status status = recorder_.Restart(tracks);
    if (status.code() == StatusCode::kInvalidArgument ||
        status.code() == StatusCode::kFailedPrecondition) {
      Tell({.type = EventType::kTracksChanged, .status = status});
      // What this recording has no place for is left out, the rest goes on.
      std::erase_if(tracks, [&](const Track& track) {
        return std::none_of(
            tracks_.begin(), tracks_.end(),
            [&](const Track& known) { return known.id == track.id; });
      });
      for (Track& track : tracks) {
        const auto known =
            std::find_if(tracks_.begin(), tracks_.end(),
                         [&](const Track& t) { return t.id == track.id; });
        if (known->codec != track.codec) track = *known;
      }
      std::erase_if(ids_, [&](const auto& id) {
        const auto now =
            std::find_if(source_->tracks().begin(), source_->tracks().end(),
                         [&](const Track& t) { return t.id == id.first; });
        return std::none_of(tracks.begin(), tracks.end(), [&](const Track& t) {
          return t.id == id.second && t.codec == now->codec;
        });
      });
      if (tracks == tracks_) return {};
      status = recorder_.Restart(tracks);
    }
    if (status.ok()) {
      tracks_ = std::move(tracks);
      clock_.Follow(tracks_);
    }
    return status;
  }

  void TellMissed() {
    const SourceCounters counters = source_->counters();
    const std::uint64_t missed =
        counters.segments_missed + counters.segments_cut_short;
    if (missed == told_missed_) return;
    const std::uint64_t more = missed - std::exchange(told_missed_, missed);
    result_.source_segments_missed += more;
    Tell({.type = EventType::kSourceSegmentsMissed, .count = more});
  }

  void Tell(Event event) {
    if (!options_.on_event) return;
    event.time = SystemClock().Wall();
    options_.on_event(event);
  }

  std::unique_ptr<Source> source_;
  Recorder& recorder_;
  const PumpOptions& options_;
  std::vector<Track> tracks_;  // as the recorder knows them
  std::map<int, int> ids_;     // the source's id to the recorder's
  MediaClock clock_;
  SteadyTime last_packet_at_ = SystemClock().Steady();
  PumpResult result_;
  std::uint64_t told_missed_ = 0;  // of this source
  bool ended_ = false;
};

std::string CleanName(std::string_view text, const std::string& fallback) {
  std::string name;
  for (const char c : text) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (fine) name.push_back(c);
  }
  return name.empty() ? fallback : name;
}

void AddRendition(std::vector<RenditionOptions>& renditions, std::string name,
                  std::vector<int> tracks) {
  std::string unique = name;
  for (int i = 2; std::any_of(renditions.begin(), renditions.end(),
                              [&](const auto& r) { return r.name == unique; });
       ++i) {
    unique = fmt::format("{}-{}", name, i);
  }
  renditions.push_back({.name = unique, .tracks = std::move(tracks)});
}

}  // namespace

PumpResult Pump(std::unique_ptr<Source> source, Recorder& recorder,
                const PumpOptions& options) {
  return Pumping(std::move(source), recorder, options).Run();
}

std::vector<RenditionOptions> DefaultRenditions(const Source& source) {
  std::vector<const Track*> videos;
  std::vector<const Track*> audios;
  for (const Track& track : source.tracks()) {
    (IsVideo(track) ? videos : audios).push_back(&track);
  }
  std::vector<RenditionOptions> renditions;
  const auto& programs = source.programs();
  if (programs.size() > 1) {
    int number = 0;
    for (const SourceProgram& program : programs) {
      if (program.tracks.empty()) continue;
      AddRendition(renditions,
                   CleanName(program.name, fmt::format("v{}", number)),
                   program.tracks);
      ++number;
    }
    return renditions;
  }
  if (videos.size() <= 1 && audios.size() <= 1) return {};
  const bool together = audios.size() == 1;
  int number = 0;
  for (const Track* video : videos) {
    std::vector<int> tracks = {video->id};
    if (together) tracks.push_back(audios.front()->id);
    AddRendition(renditions,
                 videos.size() == 1 ? "video" : fmt::format("v{}", number),
                 std::move(tracks));
    ++number;
  }
  if (!together) {
    for (const Track* audio : audios) {
      AddRendition(renditions, "audio-" + CleanName(audio->language, "und"),
                   {audio->id});
    }
  }
  return renditions;
}

bool IsFileUrl(const std::string& url) {
  if (url == "-" || url.starts_with("file:") || url.starts_with("pipe:")) {
    return true;
  }
  return url.find("://") == std::string::npos && !url.ends_with(".sdp");
}

}  // namespace hlsrec
