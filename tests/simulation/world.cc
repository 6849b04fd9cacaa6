#include "tests/simulation/world.h"

#include <algorithm>
#include <utility>

#include "src/base/answer.h"
#include "src/base/runtime_core.h"
#include "src/spool/spool.h"
#include "tests/record/synthetic.h"

namespace hlsrec::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Fault;
using testing::FaultySink;
using testing::SimulatedRuntime;

constexpr int kPicturesPerSecond = 5;
constexpr std::int64_t kPictureTicks = 90000 / kPicturesPerSecond;
constexpr int kSampleRate = 8000;
constexpr int kFrameSamples = 1024;
constexpr std::int64_t kStartTicks = 900000;
constexpr milliseconds kTarget{1000};

}  // namespace

Scenario::Scenario(Random& random) {
  constexpr Durability kDurabilities[] = {
      Durability::kSegment, Durability::kSegment, Durability::kSecond,
      Durability::kNone};
  durability = kDurabilities[random.Below(4)];
  constexpr Audio kAudios[] = {Audio::kNone, Audio::kNone, Audio::kBeside,
                               Audio::kApart};
  audio = kAudios[random.Below(4)];
  const int count = random.Percent(30) ? 2 : 1;
  for (int i = 0; i < count; ++i) {
    Output output;
    if (random.Percent(30)) output.sink = SinkKind::kFile;
    if (random.Percent(40)) output.container = Container::kFmp4;
    if (random.Percent(20)) output.expired = ExpiredSegments::kKeep;
    switch (random.Below(5)) {
      case 0:
      case 1:
        output.live = true;
        break;
      case 2:
        output.event = true;
        break;
      case 3:
        output.event = output.vod = true;
        break;
      default:
        output.rotating = true;
        output.live = random.Percent(50);
    }
    outputs.push_back(output);
  }
  lives = 1 + random.Below(4);
  steps = 10 + random.Below(50);
  gop = random.Percent(80) ? 5 : 3 + random.Below(15);
  if (random.Percent(60)) fault_chance = 2 + random.Below(10);
}

class World::DropCounter final : public Observer {
 public:
  explicit DropCounter(Verdict& verdict) : verdict_(verdict) {}
  void OnEvent(const Event& event) override {
    if (event.type == EventType::kPacketsDropped) dropped += event.count;
    if (event.type == EventType::kSegmentLost) {
      ++lost;
      const std::string_view why = event.status.message();
      if (why.find("file is gone") != std::string_view::npos &&
          why.find("no reply") == std::string_view::npos) {
        verdict_.Violate("P4 {}: the spool has lost it", event.key);
      }
    }
    if (event.type == EventType::kSegmentSealed ||
        event.type == EventType::kPlaylistPublished ||
        event.type == EventType::kSegmentStored) {
      return;
    }
    verdict_.Note("  {} {} {} {} {}", EventTypeName(event.type), event.output,
                  event.key, event.message, event.status.message());
  }
  std::uint64_t dropped = 0;
  std::uint64_t lost = 0;

 private:
  Verdict& verdict_;
};

// One process.
struct World::Life {
  std::unique_ptr<SimulatedRuntime> simulation;
  std::vector<std::shared_ptr<FaultySink>> sinks;
  std::shared_ptr<DropCounter> observer;
  std::unique_ptr<Recorder> recorder;
  bool gone = false;
};

World::World(std::uint64_t seed, Verdict& verdict)
    : seed_(seed),
      verdict_(verdict),
      random_(seed),
      disk_(seed),
      scenario_(random_) {
  for (const Scenario::Output& output : scenario_.outputs) {
    stages_.push_back(
        std::make_unique<Stage>(output.sink, static_cast<int>(stages_.size()),
                                disk_, verdict_, ledger_, clock_));
    health_.push_back(Health::kGood);
  }
}

World::~World() {
  if (life_ != nullptr) Kill();
}

bool World::alive() const { return !life_->gone && !disk_.halted(); }

void World::Run() {
  for (int i = 0; i < scenario_.lives && !over_ && !verdict_.violated(); ++i) {
    const bool last = i + 1 == scenario_.lives;
    if (!Start()) {
      Crash();
      // Each schedule has an end.
      if (last) --i;
      continue;
    }
    if (over_ || verdict_.violated()) return;
    Live();
    if (life_ == nullptr) {
      if (last) --i;
    } else if (last) {
      End();
    } else {
      DieSomehow();
    }
  }
}

RecordingOptions World::Options() {
  RecordingOptions options{.stream = "cam", .session = "s"};
  options.tracks = {VideoTrack()};
  if (scenario_.audio != Scenario::Audio::kNone) {
    Track track = AudioTrack();
    track.time_base = {1, kSampleRate};
    track.sample_rate = kSampleRate;
    track.codec_config = {0x15, 0x88};  // AAC-LC, 8 kHz, mono
    options.tracks.push_back(track);
  }
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
  for (std::size_t i = 0; i < scenario_.outputs.size(); ++i) {
    const Scenario::Output& wanted = scenario_.outputs[i];
    OutputOptions output{
        .sink = MakeOfferedSink(
            life_->sinks[i],
            [this, i] { return health_[i] == Health::kRefusing; },
            stages_[i]->audience()),
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
    options.outputs.push_back(std::move(output));
  }
  return options;
}

FaultySink::Decision World::Decide(std::size_t output) {
  switch (health_[output]) {
    case Health::kGood:
      return {};
    case Health::kFlaky:
      return {.fault = random_.Percent(50) ? Fault::kFail : Fault::kNone};
    case Health::kLossy:
      return {.fault = random_.Percent(50) ? Fault::kLoseReply : Fault::kNone};
    case Health::kStalled:
      return {.fault = random_.Percent(70) ? Fault::kStall : Fault::kNone};
    case Health::kRefusing:
      return {};
  }
  return {};
}

void World::SetHealth(std::size_t output, Health health) {
  if (health_[output] == health) return;
  verdict_.Note("health of {}: {}", output, static_cast<int>(health));
  health_[output] = health;
  if (health == Health::kGood) life_->sinks[output]->Release();
}

bool World::Start() {
  const int number = static_cast<int>(ledger_.lives().size());
  verdict_.Note("life {} begins", number);
  ledger_.lives().emplace_back();
  life_ = std::make_unique<Life>();
  ++epoch_;
  since_keyframe_ = 0;
  for (Health& health : health_) health = Health::kGood;
  if (number > 0 && random_.Percent(15)) {
    disk_.HaltAt(disk_.operations() + 1 + random_.Below(40));
  }
  auto created = SimulatedRuntime::Create(
      clock_, [this](RuntimeCore& core, std::unique_ptr<spool::Spool>& out) {
        auto opened = spool::OpenFileSpool(core, disk_.files(),
                                           {.directory = "/srv/spool",
                                            .durability = scenario_.durability,
                                            .journal_vfs = disk_.vfs()});
        if (opened.ok()) out = std::move(opened).value();
        return opened.status();
      });
  if (disk_.halted()) return false;
  if (!created.ok()) {
    verdict_.Violate("P4: the spool does not open: {}",
                     created.status().message());
    return true;
  }
  life_->simulation = std::move(created).value();
  life_->observer = std::make_shared<DropCounter>(verdict_);
  if (number > 0) Advance(milliseconds(random_.Below(20000)));
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    life_->sinks.push_back(stages_[i]->MakeSink(
        life_->simulation->runtime(),
        [this, life = life_.get()] { return !life->gone && !disk_.halted(); },
        [this, i](std::uint64_t, const std::string&) { return Decide(i); }));
    if (life_->sinks.back() == nullptr) return false;
    if (number > 0) stages_[i]->audience().LookAtAll();
    if (number > 0 && random_.Percent(scenario_.fault_chance * 3)) {
      SetHealth(i, static_cast<Health>(random_.Below(5)));
    }
  }
  auto recorder = Recorder::Open(life_->simulation->runtime(), Options());
  if (disk_.halted()) return false;
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
  return true;
}

void World::Live() {
  for (int i = 0; i < scenario_.steps && !verdict_.violated(); ++i) {
    Step();
    if (!disk_.halted()) continue;
    verdict_.Note("the disk has stopped");
    return Crash();
  }
}

void World::Advance(milliseconds duration) {
  life_->simulation->Advance(duration);
}

void World::Step() {
  const int draw = random_.Below(100);
  if (draw < scenario_.fault_chance) return ChangeHealth();
  if (draw < 14) return Jump();
  if (draw < 16) return Interrupt();
  if (draw < 18) return Stall();
  if (draw < 19) {
    life_->recorder->CutSegment().Ignore("it may have failed");
    return;
  }
  PushPicture();
}

void World::ChangeHealth() {
  const auto output =
      static_cast<std::size_t>(random_.Below(static_cast<int>(health_.size())));
  SetHealth(output, random_.Percent(40)
                        ? Health::kGood
                        : static_cast<Health>(random_.Below(5)));
}

void World::Jump() {
  if (!random_.Percent(30)) return PushPicture();
  ++epoch_;
  since_keyframe_ = 0;
  const bool back = random_.Percent(40) && offset_ticks_ > 0;
  offset_ticks_ += back ? -5 * 90000 : 10 * 90000;
  verdict_.Note("the source jumps {}", back ? "back" : "ahead");
  PushPicture();
}

void World::Interrupt() {
  ++epoch_;
  since_keyframe_ = 0;
  const milliseconds missing(random_.Percent(50) ? 0 : random_.Below(3000));
  verdict_.Note("interrupted for {} ms", missing.count());
  life_->recorder->Interrupt(missing).Ignore("it may have failed");
}

void World::Stall() {
  const milliseconds silence(random_.Below(5000));
  verdict_.Note("the source is silent for {} ms", silence.count());
  Advance(silence);
}

void World::PushPicture() {
  const bool keyframe = since_keyframe_ % scenario_.gop == 0;
  ++since_keyframe_;
  const std::int64_t at = next_picture_ * kPictureTicks;
  Packet picture = VideoPacket(next_picture_, keyframe);
  picture.pts = picture.dts = kStartTicks + offset_ticks_ + at;
  picture.duration = kPictureTicks;
  ++next_picture_;
  Push(std::move(picture), 'A');
  while (scenario_.audio != Scenario::Audio::kNone &&
         next_frame_ * kFrameSamples * 90000 / kSampleRate <
             at + kPictureTicks) {
    Packet frame = AudioPacket(next_frame_);
    frame.pts = frame.dts =
        (kStartTicks + offset_ticks_) * kSampleRate / 90000 +
        next_frame_ * kFrameSamples;
    ++next_frame_;
    Push(std::move(frame), 'B');
  }
  Advance(milliseconds(1000 / kPicturesPerSecond));
}

void World::Push(Packet packet, char kind) {
  const std::int64_t number = kind == 'A' ? next_picture_ - 1 : next_frame_ - 1;
  const std::int64_t ticks = kind == 'A'
                                 ? number * kPictureTicks
                                 : number * kFrameSamples * 90000 / kSampleRate;
  if (!life_->recorder->Push(std::move(packet)).ok()) return;
  ledger_.Accept(kind, number,
                 {.life = static_cast<int>(ledger_.lives().size()) - 1,
                  .epoch = epoch_,
                  .media = microseconds(ticks * 100 / 9)});
}

void World::DieSomehow() {
  const int way = random_.Below(3);
  if (way == 0) return Crash();
  if (way == 1) {
    PushPicture();
    life_->recorder->CutSegment().Ignore("it may have failed");
    life_->simulation->RunTasks(random_.Below(30));
    return Crash();
  }
  disk_.HaltAt(disk_.operations() + 1 + random_.Below(40));
  for (int i = 0; i < 50 && !disk_.halted(); ++i) PushPicture();
  Crash();
}

void World::Kill() {
  if (life_->simulation != nullptr) {
    Ledger::Life& life = ledger_.lives().back();
    life.killed = true;
    life.media = microseconds(next_picture_ * kPictureTicks * 100 / 9);
    if (life_->recorder != nullptr) {
      life.dropped = std::max(life_->observer->dropped,
                              life_->recorder->progress().packets_dropped);
    }
    life_->simulation->Kill();
    // A server may still take what it was sent.
    for (std::size_t i = 0; i < life_->sinks.size(); ++i) {
      if (stages_[i]->kind() == SinkKind::kMemory && random_.Percent(50)) {
        life_->sinks[i]->Release();
      }
    }
  }
  life_->gone = true;
  if (!disk_.halted()) disk_.HaltAt(disk_.operations() + 1);
  life_->recorder = nullptr;
  life_->sinks.clear();
  life_->simulation = nullptr;
  life_ = nullptr;
}

void World::Crash() {
  Kill();
  CrashKind kind = CrashKind::kProcess;
  if (scenario_.durability != Durability::kNone && random_.Percent(40)) {
    kind =
        random_.Percent(50) ? CrashKind::kPowerStrict : CrashKind::kPowerRandom;
  }
  verdict_.Note("crash: {}", kind == CrashKind::kProcess ? "process" : "power");
  disk_.Crash(kind);
  Ledger::Life& life = ledger_.lives().back();
  if (kind == CrashKind::kProcess) {
    life.may_cost = seconds(1);
  } else if (scenario_.durability == Durability::kSecond) {
    life.may_cost = seconds(2);
  } else {
    life.may_cost = 2 * kTarget + seconds(1);
  }
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
  CheckJournal();
  const bool in_trouble = scenario_.fault_chance > 0 && random_.Percent(25);
  verdict_.Note("finish");
  if (!in_trouble) {
    for (std::size_t i = 0; i < health_.size(); ++i) {
      SetHealth(i, Health::kGood);
    }
  }
  life_->recorder->Finish();
  const RecordingResult result = life_->recorder->Wait();
  verdict_.Note("result: {}", result.status.message());
  ledger_.lives().back().dropped =
      std::max(life_->observer->dropped, result.progress.packets_dropped);
  over_ = true;
  if (verdict_.violated() || disk_.halted()) return;
  if (!result.status.ok()) {
    if (!in_trouble && life_->observer->lost == 0 &&
        result.progress.packets_written > 0) {
      verdict_.Violate("P7: it does not end well: {}", result.status.message());
    }
    return;
  }
  for (const auto& stage : stages_) stage->audience().CheckEnd();
}

}  // namespace hlsrec::simulation
