// What a recording sends on as it comes, beside what it packages.
#include <utility>

#include "src/base/status_util.h"
#include "src/record/recording.h"

namespace hlsrec::record {

void Recording::StartRelays() {
  relay_results_.resize(plan_.relays.size());
  for (std::size_t i = 0; i < plan_.relays.size(); ++i) {
    relays_.push_back(std::make_unique<relay::Relay>(
        core_.clock(), core_.budget(), plan_.relays[i], plan_.options.relays[i],
        RelayCallbacks(i)));
  }
}

relay::Relay::Callbacks Recording::RelayCallbacks(std::size_t relay) {
  const auto on_strand = [weak = weak_from_this(), strand = strand_](auto act) {
    strand->Post([weak, act = std::move(act)] {
      if (const auto self = weak.lock()) act(*self);
    });
  };
  const std::string& id = plan_.options.relays[relay].id;
  return {
      .on_connection =
          [on_strand, id](const Status& status) {
            on_strand([id, status](Recording& self) {
              self.Emit({.type = status.ok() ? EventType::kOutputRecovered
                                             : EventType::kOutputDegraded,
                         .output = id,
                         .status = status});
            });
          },
      .on_dropped =
          [on_strand, id](std::uint64_t count) {
            on_strand([id, count](Recording& self) {
              self.CountDrop(id, "the server did not take them", count);
            });
          },
      .on_done =
          [on_strand, relay](const RelayResult& result) {
            on_strand([relay, result](Recording& self) {
              self.OnRelayDone(relay, result);
            });
          },
      .join =
          [io = core_.Io("relays")](Thread thread) {
            io->Post([joining = std::move(thread)] {});
          },
  };
}

// All that is recorded, whatever rendition it is in.
void Recording::ConfigureRelays() {
  if (relays_.empty()) return;
  std::vector<media::MuxTrack> tracks;
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    if (tracks_[i].active) tracks.push_back(MuxTrackOf(static_cast<int>(i)));
  }
  for (const auto& relay : relays_) relay->Configure(tracks);
}

void Recording::OnRelayDone(std::size_t relay, RelayResult result) {
  if (done_ || relays_.empty()) return;
  relay_results_[relay] = std::move(result);
  ++relays_done_;
  DoneIfAllAre();
}

void Recording::GiveUpRelays() {
  relays_.clear();
  relays_done_ = 0;
  DoneIfAllAre();
}

std::vector<RelayResult> Recording::RelayResults() const {
  std::vector<RelayResult> results;
  for (std::size_t i = 0; i < relay_results_.size(); ++i) {
    const std::string& id = plan_.options.relays[i].id;
    results.push_back(relay_results_[i].value_or(
        RelayResult{.id = id,
                    .status = Cancelled("relay: {}: cut off before its end",
                                        plan_.relays[i].display)}));
  }
  return results;
}

}  // namespace hlsrec::record
