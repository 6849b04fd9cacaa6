#include "tests/simulation/world.h"

#include <utility>

#include "tests/record/synthetic.h"
#include "tests/simulation/world_life.h"

namespace hlsrec::simulation {
namespace {

using std::chrono::milliseconds;
using testing::Fault;
using testing::FaultySink;

constexpr int kPicturesPerSecond = 5;
constexpr std::int64_t kPictureTicks = 90000 / kPicturesPerSecond;
constexpr int kFrameSamples = 1024;
constexpr std::int64_t kStartTicks = 900000;

}  // namespace

World::World(std::uint64_t seed, Scenario::Journals journals, Verdict& verdict)
    : seed_(seed),
      verdict_(verdict),
      random_(seed),
      scenario_(random_, journals) {
  const int machines = scenario_.takeover ? 2 : 1;
  for (int i = 0; i < machines; ++i) {
    disks_.push_back(
        std::make_unique<SimulatedDisk>(seed + static_cast<std::uint64_t>(i)));
  }
  for (const Scenario::Output& output : scenario_.outputs) {
    stages_.push_back(
        std::make_unique<Stage>(output.sink, static_cast<int>(stages_.size()),
                                disk(), verdict_, ledger_, clock_));
    if (scenario_.pause == Pause::kGaps) {
      stages_.back()->audience().ExpectPausesAsGaps();
    }
    health_.push_back(Health::kGood);
  }
}

World::~World() {
  if (life_ != nullptr) Kill();
}

bool World::alive() const { return !life_->gone && !disk().halted(); }

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
    case Health::kSlow:
      return {};
    case Health::kDenying:
      return {.fault = Fault::kFail,
              .status = Status(StatusCode::kPermissionDenied, "fault: denied")};
    case Health::kThrottling:
      return {.fault = random_.Percent(40) ? Fault::kFail : Fault::kNone,
              .status =
                  Status(StatusCode::kUnavailable, "fault: too many")
                      .WithRetryAfter(milliseconds(500 + random_.Below(2000)))};
  }
  return {};
}

void World::SetHealth(std::size_t output, Health health) {
  if (health_[output] == health) return;
  verdict_.Note("health of {}: {}", output, static_cast<int>(health));
  health_[output] = health;
  if (health == Health::kGood) life_->sinks[output]->Release();
}

void World::Live() {
  for (int i = 0; i < scenario_.steps && !verdict_.violated(); ++i) {
    Step();
    if (disk().halted()) {
      verdict_.Note("the disk has stopped");
      return Crash();
    }
    if (life_->failed) return End();
  }
}

void World::Advance(milliseconds duration) {
  life_->simulation->Advance(duration);
}

void World::Step() {
  for (const auto& stage : stages_) {
    if (random_.Percent(5)) stage->wire().DeliverAll();
  }
  const int draw = random_.Below(100);
  if (draw < scenario_.fault_chance) return ChangeHealth();
  if (random_.Percent(scenario_.restart_chance)) return Restart();
  if (random_.Percent(scenario_.disk_fault_chance)) return TroubleTheDisk();
  if (life_->disk_full && random_.Percent(20)) HealTheDisk();
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
                        : static_cast<Health>(random_.Below(kHealths)));
}

void World::Jump() {
  if (!random_.Percent(30)) return PushPicture();
  NoteBreak();
  const bool back = random_.Percent(40) && offset_ticks_ > 0;
  offset_ticks_ += back ? -5 * 90000 : 10 * 90000;
  verdict_.Note("the source jumps {}", back ? "back" : "ahead");
  PushPicture();
}

void World::Interrupt() {
  NoteBreak();
  const milliseconds missing(random_.Percent(50) ? 0 : random_.Below(3000));
  verdict_.Note("interrupted for {} ms", missing.count());
  life_->recorder->Interrupt(missing).Ignore("it may have failed");
}

// The sound has another number of channels from now on.
void World::Restart() {
  channels_ = 3 - channels_;
  if (!life_->recorder->Restart(Tracks()).ok()) {
    channels_ = 3 - channels_;
    return;
  }
  NoteBreak();
  verdict_.Note("restarted with {} channels", channels_);
}

void World::TroubleTheDisk() {
  if (!life_->trouble_since) life_->trouble_since = media();
  if (random_.Percent(40)) {
    life_->disk_full = true;
    const auto left = static_cast<std::uint64_t>(random_.Below(20000));
    verdict_.Note("the disk has {} bytes left", left);
    return disk().SetCapacity(disk().used_bytes() + left);
  }
  const int first = 1 + random_.Below(15);
  const int last = first + (random_.Percent(50) ? 0 : random_.Below(12));
  const auto fault = static_cast<DiskFault>(random_.Below(3));
  verdict_.Note("the disk's operations {} to {} fail: {}", first, last,
                static_cast<int>(fault));
  disk().FailOperations(first, last, fault);
}

void World::HealTheDisk() {
  life_->disk_full = false;
  disk().SetCapacity(0);
  disk().FailOperations(0, 0, DiskFault::kIoError);
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
  // Each schedule by another thread's rules.
  constexpr PushWork kWork[] = {PushWork::kRuntime, PushWork::kCaller,
                                PushWork::kCallerWithDisk};
  const Status pushed =
      life_->recorder->Push(std::move(packet), kWork[seed_ % std::size(kWork)]);
  if (pushed.code() == StatusCode::kFailedPrecondition) life_->failed = true;
  if (!pushed.ok()) return;
  ledger_.Accept(kind, number,
                 {.life = static_cast<int>(ledger_.lives().size()) - 1,
                  .epoch = epoch_,
                  .media = microseconds(ticks * 100 / 9),
                  .channels = channels_});
}

void World::NoteBreak() {
  ++epoch_;
  since_keyframe_ = 0;
}

microseconds World::media() const {
  return microseconds(next_picture_ * kPictureTicks * 100 / 9);
}

}  // namespace hlsrec::simulation
