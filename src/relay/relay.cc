#include "src/relay/relay.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "src/base/status_util.h"
#include "src/relay/relay_queue.h"

namespace hlsrec::relay {
namespace {

using std::chrono::milliseconds;

bool SameTracks(const TrackList& a, const TrackList& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const media::MuxTrack& x, const media::MuxTrack& y) {
                      return x.track == y.track && x.format == y.format &&
                             x.timescale == y.timescale;
                    });
}

bool IsVideo(const media::MuxTrack& track) {
  return CodecMediaType(track.format.codec) == MediaType::kVideo;
}

}  // namespace

// What the strand and the thread share. The thread holds it: the recording may
// let go of the relay at any time.
struct Relay::State {
  State(const Clock& clock_in, std::shared_ptr<Budget> budget_in,
        av::StreamTarget target_in, RelayOptions options_in,
        Callbacks callbacks_in)
      : clock(clock_in),
        budget(std::move(budget_in)),
        target(std::move(target_in)),
        options(std::move(options_in)),
        callbacks(std::move(callbacks_in)),
        queue(options.max_queue_bytes) {}

  void Run();
  // From any thread.
  void Drop(std::uint64_t count);

  const Clock& clock;
  const std::shared_ptr<Budget> budget;
  const av::StreamTarget target;
  const RelayOptions options;
  const Callbacks callbacks;

  Mutex mutex;
  CondVar changed;
  RelayQueue queue ABSL_GUARDED_BY(mutex);
  std::shared_ptr<const TrackList> tracks ABSL_GUARDED_BY(mutex);
  bool has_video ABSL_GUARDED_BY(mutex) = false;
  std::optional<SteadyTime> end_by ABSL_GUARDED_BY(mutex);
  bool cut ABSL_GUARDED_BY(mutex) = false;
  std::atomic<std::uint64_t> dropped = 0;

 private:
  // The next to be sent; none: it is over.
  std::optional<RelaySample> Next();
  void Deliver(const RelaySample& sample);
  // False: it is over.
  bool Connect(const RelaySample& first);
  // False: the connection broke.
  bool Send(const RelaySample& sample);
  void Disconnect(const Status& why);
  bool IsOver();
  // False: there is no time for another attempt.
  bool WaitBeforeRetry();

  // The thread's own.
  std::unique_ptr<av::Interrupter> interrupter_;
  std::unique_ptr<av::StreamWriter> writer_;
  std::shared_ptr<const TrackList> announced_;
  milliseconds delay_{0};
  Status last_;
  bool told_broken_ = false;
  RelayResult result_;
};

bool Relay::State::IsOver() {
  MutexLock lock(mutex);
  return cut || (end_by && clock.Steady() >= *end_by);
}

std::optional<RelaySample> Relay::State::Next() {
  MutexLock lock(mutex);
  while (queue.empty() && !cut && !end_by) changed.Wait(mutex);
  if (cut) return std::nullopt;
  if (end_by && clock.Steady() >= *end_by) return std::nullopt;
  std::optional<RelaySample> next = queue.Pop();
  if (next) budget->Return(next->sample.payload.size());
  return next;
}

void Relay::State::Drop(std::uint64_t count) {
  if (count == 0) return;
  dropped += count;
  callbacks.on_dropped(count);
}

bool Relay::State::WaitBeforeRetry() {
  const SteadyTime until = clock.Steady() + delay_;
  MutexLock lock(mutex);
  for (;;) {
    const SteadyTime now = clock.Steady();
    if (cut || (end_by && now >= *end_by)) return false;
    if (now >= until) return true;
    changed.WaitFor(mutex, (end_by ? std::min(*end_by, until) : until) - now);
  }
}

bool Relay::State::Connect(const RelaySample& first) {
  for (;;) {
    if (delay_.count() > 0 && !WaitBeforeRetry()) return false;
    delay_ =
        std::clamp(delay_ * 2, options.reconnect_first, options.reconnect_max);
    interrupter_ = std::make_unique<av::Interrupter>(clock);
    interrupter_->Poll([this] { return IsOver(); });
    interrupter_->SetTimeout(options.timeout);
    auto connected = av::ConnectStream(target, *first.tracks, *interrupter_);
    if (connected.ok()) {
      writer_ = std::move(connected).value();
      announced_ = first.tracks;
      ++result_.connections;
      return true;
    }
    Disconnect(connected.status());
    if (IsOver()) return false;
  }
}

void Relay::State::Disconnect(const Status& why) {
  writer_ = nullptr;
  interrupter_ = nullptr;
  last_ = why;
  if (!std::exchange(told_broken_, true)) callbacks.on_connection(why);
}

bool Relay::State::Send(const RelaySample& sample) {
  interrupter_->SetTimeout(options.timeout);
  if (Status status = writer_->Write(sample.sample); !status.ok()) {
    Disconnect(status);
    return false;
  }
  ++result_.samples_sent;
  last_ = {};
  delay_ = milliseconds(0);
  if (std::exchange(told_broken_, false)) callbacks.on_connection({});
  return true;
}

void Relay::State::Deliver(const RelaySample& sample) {
  if (writer_ != nullptr && announced_ != sample.tracks) {
    // Neither protocol tells of other tracks in mid-stream.
    writer_->End().Ignore("the next connection tells how it is");
    writer_ = nullptr;
  }
  do {
    if (writer_ == nullptr && (!sample.start || !Connect(sample))) {
      return Drop(1);
    }
  } while (!Send(sample));
}

void Relay::State::Run() {
  while (const std::optional<RelaySample> sample = Next()) Deliver(*sample);
  if (writer_ != nullptr && !IsOver()) {
    interrupter_->SetTimeout(options.timeout);
    if (Status status = writer_->End(); !status.ok()) last_ = status;
  }
  writer_ = nullptr;
  std::uint64_t left = 0;
  {
    MutexLock lock(mutex);
    budget->Return(queue.bytes());
    left = queue.Clear();
    cut = true;
  }
  Drop(left);
  result_.id = options.id;
  result_.samples_dropped = dropped;
  result_.status = last_;
  callbacks.on_done(result_);
}

Relay::Relay(const Clock& clock, std::shared_ptr<Budget> budget,
             av::StreamTarget target, RelayOptions options, Callbacks callbacks)
    : state_(std::make_shared<State>(clock, std::move(budget),
                                     std::move(target), std::move(options),
                                     std::move(callbacks))),
      join_(state_->callbacks.join),
      thread_("hlsrec-relay", [state = state_] { state->Run(); }) {}

Relay::~Relay() {
  {
    MutexLock lock(state_->mutex);
    state_->cut = true;
    state_->changed.NotifyAll();
  }
  join_(std::move(thread_));
}

void Relay::Configure(const std::vector<media::MuxTrack>& tracks) {
  auto taken = std::make_shared<TrackList>();
  for (const media::MuxTrack& track : tracks) {
    if (av::CarriesTrack(state_->target, *taken, track)) {
      taken->push_back(track);
    }
  }
  MutexLock lock(state_->mutex);
  if (state_->tracks != nullptr && SameTracks(*state_->tracks, *taken)) return;
  state_->has_video = std::any_of(taken->begin(), taken->end(), IsVideo);
  state_->tracks = std::move(taken);
}

void Relay::Write(const media::Sample& sample) {
  std::uint64_t dropped = 0;
  {
    MutexLock lock(state_->mutex);
    if (state_->cut || state_->tracks == nullptr) return;
    const auto track = std::find_if(
        state_->tracks->begin(), state_->tracks->end(),
        [&](const media::MuxTrack& t) { return t.track == sample.track; });
    if (track == state_->tracks->end()) return;
    const std::uint64_t before = state_->queue.bytes();
    dropped = state_->queue.Push(
        {.tracks = state_->tracks,
         .sample = sample,
         .start =
             state_->has_video ? IsVideo(*track) && sample.keyframe : true});
    const std::uint64_t after = state_->queue.bytes();
    if (after > before) state_->budget->Take(after - before);
    if (after < before) state_->budget->Return(before - after);
    state_->changed.NotifyOne();
  }
  state_->Drop(dropped);
}

void Relay::Finish() {
  MutexLock lock(state_->mutex);
  state_->end_by = state_->clock.Steady() + state_->options.timeout;
  state_->changed.NotifyAll();
}

}  // namespace hlsrec::relay
