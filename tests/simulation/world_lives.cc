// How the processes of a recording begin and end in order.
#include <algorithm>
#include <utility>

#include "hlsrec/resume.h"
#include "src/base/answer.h"
#include "src/base/runtime_core.h"
#include "src/spool/spool.h"
#include "tests/record/synthetic.h"
#include "tests/simulation/world_life.h"

namespace hlsrec::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

}  // namespace

void World::Run() {
  for (int i = 0; i < scenario_.lives && !over_ && !verdict_.violated(); ++i) {
    const bool last = i + 1 == scenario_.lives;
    if (!Start()) {
      if (verdict_.violated()) return;
      if (life_ != nullptr) Crash();
      // Each schedule has an end.
      if (last) --i;
      continue;
    }
    if (over_ || verdict_.violated()) return;
    if (life_->recorder == nullptr) {
      // It was resumed, and owes some still.
      if (last) return;
      Crash();
      continue;
    }
    Live();
    if (over_ || verdict_.violated()) return;
    if (life_ == nullptr) {
      if (last) --i;
    } else if (life_->failed) {
      Crash();  // it has ended, and owes some still
    } else if (last) {
      End();
    } else {
      DieSomehow();
    }
  }
}

std::vector<Track> World::Tracks() const {
  std::vector<Track> tracks = {VideoTrack()};
  if (scenario_.audio != Scenario::Audio::kNone) {
    Track track = AudioTrack();
    track.time_base = {1, kSampleRate};
    track.sample_rate = kSampleRate;
    // AAC-LC, 8 kHz, mono or stereo.
    track.codec_config = {0x15,
                          static_cast<std::uint8_t>(0x80 + 8 * channels_)};
    track.channels = channels_;
    tracks.push_back(track);
  }
  return tracks;
}

std::shared_ptr<Sink> World::Offered(std::size_t output) {
  return MakeOfferedSink(
      life_->sinks[output],
      [this, output] { return health_[output] == Health::kRefusing; },
      stages_[output]->audience());
}

RecordingOptions World::Options() {
  RecordingOptions options{.stream = "cam", .session = "s"};
  options.tracks = Tracks();
  if (scenario_.audio == Scenario::Audio::kApart) {
    options.renditions = {{.name = "v", .tracks = {0}},
                          {.name = "a", .tracks = {1}}};
  }
  options.segment.target_duration = kTarget;
  options.segment.max_gop = kTarget;
  options.retry_first = milliseconds(100);
  options.retry_max = milliseconds(1000);
  options.finish_timeout = milliseconds(5000);
  options.observer = life_->observer;
  options.pause = scenario_.pause;
  options.spool_full = scenario_.spool_full;
  options.max_pending_bytes = scenario_.max_pending_bytes;
  for (std::size_t i = 0; i < scenario_.outputs.size(); ++i) {
    const Scenario::Output& wanted = scenario_.outputs[i];
    OutputOptions output{.sink = Offered(i),
                         .container = wanted.container,
                         .segment_path = "{rendition}-{seq}.{ext}",
                         .init_path = "{rendition}-init-{hash}.mp4",
                         .expired_segments = wanted.expired};
    if (scenario_.audio == Scenario::Audio::kApart) {
      output.multivariant_path = "main.m3u8";
    }
    if (wanted.event) {
      output.playlists.push_back({.path = "{rendition}-event.m3u8"});
    }
    if (wanted.vod) {
      output.playlists.push_back(
          {.path = "{rendition}-vod.m3u8", .policy = VodList()});
    }
    if (wanted.live) {
      output.playlists.push_back({.path = "{rendition}-live.m3u8",
                                  .policy = LiveWindow({.segments = 3})});
    }
    if (wanted.rotating) {
      output.playlists.push_back(
          {.path = "{rendition}-rotating-{seq}.m3u8",
           .policy = RotatingList({.period = seconds(5)})});
    }
    // Told by what was drawn for other purposes: no schedule changes by it.
    const bool at_end = scenario_.steps % 3 == 0;
    if (at_end && !wanted.live && !scenario_.takeover &&
        scenario_.spool_full != WhenSpoolFull::kWait) {
      output.delivery = Delivery::kAtEnd;
    }
    if (scenario_.steps % 4 == 1) output.rewrite_interval = milliseconds(700);
    if (scenario_.takeover) {
      output.segment_path = "{rendition}-{run}-{seq}.{ext}";
      output.if_exists = IfPlaylistExists::kTakeOver;
      output.lease = milliseconds(2000);
    }
    options.outputs.push_back(std::move(output));
  }
  return options;
}

bool World::Start() {
  const int number = static_cast<int>(ledger_.lives().size());
  verdict_.Note("life {} begins", number);
  ledger_.lives().emplace_back();
  life_ = std::make_unique<Life>();
  life_->observer = std::make_shared<Witness>(*this);
  if (scenario_.takeover && number > 0 && !ending_ && !saw_end() &&
      random_.Percent(40)) {
    TakeOver();
  }
  ++epoch_;
  since_keyframe_ = 0;
  channels_ = 1;
  for (Health& health : health_) health = Health::kGood;
  if (number > 0 && random_.Percent(25)) {
    disk().HaltAt(1 + random_.Below(60));
  } else if (number > 0 && scenario_.disk_fault_chance > 0 &&
             random_.Percent(20)) {
    TroubleTheDisk();
  }
  if (!OpenRuntime()) return false;
  if (number > 0) Advance(milliseconds(random_.Below(20000)));
  if (!MakeSinks()) return false;
  if (number == 0 || contends_) return OpenRecorder();
  const auto left = Left();
  if (disk().halted() || (life_->trouble_since && !left.ok())) return false;
  if (!left.ok()) {
    verdict_.Violate("P4: what is left can't be told: {}",
                     left.status().message());
    return true;
  }
  if (!left->empty()) {
    journal_lost_ = journal_lost_ || left->front().journal_lost;
  }
  if (!left->empty() &&
      (left->front().ending || random_.Percent(10) ||
       (left->front().journal_lost && (ending_ || saw_end())))) {
    FinishByResuming(left->front().id);
    return life_ != nullptr;
  }
  if (left->empty() && ending_) {
    // It had ended, and all was stored.
    over_ = true;
    LookAtTheEnd();
    return true;
  }
  return OpenRecorder();
}

// What this machine has left, but for what was taken over from it.
StatusOr<std::vector<InterruptedRecording>> World::Left() const {
  const std::shared_ptr<Runtime>& runtime = life_->simulation->runtime();
  auto left = ListInterrupted(runtime);
  if (!left.ok()) return left;
  for (const spool::RecordingSummary& summary :
       runtime->core().spool().journal().Recordings()) {
    if (summary.identity.find("taken over") == std::string::npos) continue;
    std::erase_if(*left, [&summary](const InterruptedRecording& recording) {
      return recording.id == summary.recording;
    });
  }
  return left;
}

// Who ends by a fault may have ended some lists, and died over others.
bool World::saw_end() const {
  return std::any_of(stages_.begin(), stages_.end(), [](const auto& stage) {
    return stage->audience().saw_end();
  });
}

bool World::OpenRuntime() {
  auto created = testing::SimulatedRuntime::Create(
      clock_, [this](RuntimeCore& core, std::unique_ptr<spool::Spool>& out) {
        auto opened = spool::OpenFileSpool(
            core, disk().files(),
            {.directory = "/srv/spool",
             .durability = scenario_.durability,
             .max_bytes = scenario_.spool_max_bytes,
             .journal_log_pages = scenario_.journal_log_pages,
             .journal_vfs = disk().vfs(),
             .boot = fmt::format("boot {}", boots_)});
        if (opened.ok()) out = std::move(opened).value();
        return opened.status();
      });
  if (disk().halted() || (life_->trouble_since && !created.ok())) return false;
  if (!created.ok()) {
    verdict_.Violate("P4: the spool does not open: {}",
                     created.status().message());
    return false;
  }
  life_->simulation = std::move(created).value();
  journal_missing_ = false;
  // What a disk in trouble does not let it adopt is a gap from then on.
  if (life_->trouble_since) {
    for (Ledger::Life& life : ledger_.lives()) {
      if (life.killed && !life.recovered) life.may_cost += 2 * kTarget;
    }
  }
  for (Ledger::Life& life : ledger_.lives()) life.recovered = life.killed;
  const spool::Recovered& recovered =
      life_->simulation->runtime()->core().spool().recovered();
  for (const spool::SegmentSealed& segment : recovered.adopted) {
    verdict_.Note("  adopted {}/{}: {} ms", segment.id.rendition,
                  segment.id.index, segment.duration.count() / 1000);
  }
  for (const std::string& note : recovered.notes) verdict_.Note("  {}", note);
  return true;
}

bool World::MakeSinks() {
  const bool first = ledger_.lives().size() == 1;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    life_->sinks.push_back(stages_[i]->MakeSink(
        life_->simulation->runtime(),
        [life = life_.get(), disk = &disk()] {
          return !life->gone && !disk->halted();
        },
        [this, i] {
          return health_[i] == Health::kSlow && random_.Percent(50);
        },
        [this, i](std::uint64_t, const std::string&) { return Decide(i); }));
    if (life_->sinks.back() == nullptr) return false;
    // Who saw what a dying process had renamed and not synced, nobody can help,
    // if the power fails then.
    stages_[i]->Settle();
    if (disk().halted()) return false;
    if (first) continue;
    stages_[i]->audience().LookAtAll();
    // A lost journal is made good by what the sinks answer.
    if (!journal_lost_ && !scenario_.takeover &&
        random_.Percent(scenario_.fault_chance * 3)) {
      SetHealth(i, static_cast<Health>(random_.Below(kHealths)));
    }
  }
  return true;
}

bool World::OpenRecorder() {
  auto recorder = Recorder::Open(life_->simulation->runtime(), Options());
  if (disk().halted() || (life_->trouble_since && !recorder.ok())) return false;
  const bool asks_sinks =
      std::any_of(health_.begin(), health_.end(),
                  [](Health health) { return health != Health::kGood; });
  if (!recorder.ok() && journal_lost_ && asks_sinks) return false;
  if (!recorder.ok()) {
    // The first look at a sink may fail.
    if (!ledger_.accepted().empty()) {
      verdict_.Violate("P4: the recording does not go on: {}",
                       recorder.status().message());
    }
    over_ = true;
    return true;
  }
  life_->recorder = std::move(recorder).value();
  contends_ = false;
  return true;
}

void World::FinishByResuming(std::int64_t recording) {
  ending_ = true;
  const bool in_trouble = scenario_.fault_chance > 0 && random_.Percent(25);
  verdict_.Note("resume recording {}", recording);
  for (std::size_t i = 0; i < health_.size(); ++i) {
    if (!in_trouble) SetHealth(i, Health::kGood);
  }
  if (random_.Percent(30)) disk().HaltAt(1 + random_.Below(40));
  std::size_t next = 0;
  const auto result =
      Resume(life_->simulation->runtime(), recording,
             {.open_sink =
                  [this, &next](const std::string&) {
                    return StatusOr<std::shared_ptr<Sink>>(Offered(next++));
                  },
              .finish_timeout = milliseconds(5000),
              .retry_first = milliseconds(100),
              .retry_max = milliseconds(1000),
              .observer = life_->observer});
  if (disk().halted()) return Crash();
  if (!result.ok()) {
    if (life_->trouble_since) return Crash();
    return verdict_.Violate("P7: it can't be resumed: {}",
                            result.status().message());
  }
  TakeResult(*result, in_trouble || life_->trouble_since);
}

void World::CheckJournal() {
  RuntimeCore& core = life_->simulation->runtime()->core();
  spool::Journal& journal = core.spool().journal();
  for (const spool::RecordingSummary& summary : journal.Recordings()) {
    const auto answer = std::make_shared<Answer<spool::JournaledRecording>>();
    journal.Load(summary.recording,
                 [answer](auto loaded) { answer->Set(std::move(loaded)); });
    const auto loaded = answer->Take(core);
    if (!loaded.ok()) {
      return verdict_.Violate("R91 {}", loaded.status().message());
    }
    for (const spool::SegmentDelivered& delivered : loaded->deliveries) {
      if (delivered.outcome == spool::Outcome::kLost) continue;
      const auto o = static_cast<std::size_t>(std::stoi(delivered.output));
      const bool fmp4 = scenario_.outputs[o].container == Container::kFmp4;
      for (const spool::SegmentSealed& segment : loaded->segments) {
        if (segment.id.rendition != delivered.rendition ||
            segment.id.index != delivered.index || segment.gap ||
            segment.file.ends_with("m4s") != fmp4) {
          continue;
        }
        // What is not synced is not hashed, unless it was adopted.
        if (scenario_.durability == Durability::kNone &&
            segment.sha256.empty()) {
          continue;
        }
        // Only a list told of it.
        if (journal_lost_ && segment.sha256.empty()) continue;
        // A sidecar that a power failure made shorter: it is stored as a whole.
        if (journal_lost_ && boots_ > 0) continue;
        const bool apart = scenario_.audio == Scenario::Audio::kApart;
        stages_[o]->audience().CheckStored(
            fmt::format("{}-{}.{}",
                        !apart                     ? ""
                        : delivered.rendition == 0 ? "v"
                                                   : "a",
                        delivered.index, fmp4 ? "m4s" : "ts"),
            segment.sha256);
      }
    }
  }
}

void World::End() {
  ending_ = true;
  const bool troubled_disk = life_->trouble_since.has_value();
  HealTheDisk();
  if (!life_->failed && !scenario_.takeover) CheckJournal();
  const bool in_trouble = scenario_.fault_chance > 0 && random_.Percent(25);
  verdict_.Note("finish");
  if (!in_trouble) {
    for (std::size_t i = 0; i < health_.size(); ++i) {
      SetHealth(i, Health::kGood);
    }
  }
  life_->recorder->Finish();
  TakeResult(life_->recorder->Wait(), in_trouble || troubled_disk);
}

void World::TakeResult(const RecordingResult& result, bool in_trouble) {
  verdict_.Note("result: {}", result.status.message());
  std::uint64_t& dropped = ledger_.lives().back().dropped;
  dropped = std::max(life_->observer->dropped, result.progress.packets_dropped);
  if (life_->recorder != nullptr) {
    dropped = std::max(dropped, life_->recorder->progress().packets_dropped);
  }
  if (verdict_.violated() || disk().halted()) {
    over_ = true;
    return;
  }
  if (scenario_.spool_full != WhenSpoolFull::kStop && !life_->trouble_since &&
      result.status.code() == StatusCode::kResourceExhausted &&
      result.status.message().find("open segments alone") ==
          std::string_view::npos) {
    verdict_.Violate("P5: it did not wait for room: {}",
                     result.status.message());
  }
  const bool ended = std::all_of(
      result.outputs.begin(), result.outputs.end(),
      [](const OutputResult& output) { return output.status.ok(); });
  // Who stopped because there is no room says so, and has ended all the same.
  if (!result.outputs.empty() && ended && result.progress.segments > 0) {
    over_ = true;
    return LookAtTheEnd();
  }
  // Somebody may deliver the rest.
  over_ = life_->recorder != nullptr && !life_->failed;
  if (!in_trouble && life_->observer->lost == 0 && !life_->failed &&
      result.progress.packets_written > 0) {
    verdict_.Violate("P7: it does not end well: {}", result.status.message());
  }
}

void World::LookAtTheEnd() {
  for (const auto& stage : stages_) {
    stage->wire().DeliverAll();
    // Nothing of it had reached a disk, nor had to.
    const bool may_be_gone =
        unsynced_lost_ || (boots_ > 0 && media() <= 2 * kTarget + seconds(1));
    if (may_be_gone && !stage->audience().saw_lists()) continue;
    stage->audience().CheckEnd();
  }
}

}  // namespace hlsrec::simulation
