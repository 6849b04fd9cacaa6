#include "src/record/confirmed.h"

#include <algorithm>
#include <utility>

namespace hlsrec::record {
namespace {

using Outputs = std::vector<std::shared_ptr<deliver::Output>>;

bool HasEverything(const EndedOutputs& ended, const std::string& id) {
  for (std::size_t i = 0; i < ended.outputs.size(); ++i) {
    if (ended.outputs[i]->id() != id) continue;
    return ended.results[i].status.ok() && ended.results[i].missing.empty() &&
           ended.outputs[i]->complete();
  }
  return false;
}

Outputs NeededNoMore(const EndedOutputs& ended) {
  Outputs needless;
  for (std::size_t i = 0; i < ended.outputs.size(); ++i) {
    const auto& others = ended.outputs[i]->delete_once_stored_by();
    if (others.empty()) continue;
    const bool confirmed = std::all_of(
        others.begin(), others.end(),
        [&](const std::string& id) { return HasEverything(ended, id); });
    if (confirmed) needless.push_back(ended.outputs[i]);
  }
  return needless;
}

struct Removal {
  std::size_t left = 0;
  Status status = {};
  std::function<void(Status)> done;
};

void RemoveAllOf(const Outputs& outputs, std::function<void(Status)> done) {
  const auto removal = std::make_shared<Removal>(
      Removal{.left = outputs.size(), .done = std::move(done)});
  for (const auto& output : outputs) {
    output->RemoveAll([removal](const Status& status) {
      if (removal->status.ok()) removal->status = status;
      if (--removal->left == 0) removal->done(removal->status);
    });
  }
}

}  // namespace

void RemoveConfirmed(const EndedOutputs& ended, spool::RecordingId recording,
                     std::shared_ptr<Strand> strand, spool::Journal& journal,
                     std::function<void(Status)> done) {
  Outputs needless = NeededNoMore(ended);
  if (needless.empty()) return done({});
  // Synced, and behind every word of what the others have.
  journal.Add(spool::RecordingEnding{.recording = recording},
              [strand = std::move(strand), needless = std::move(needless),
               done = std::move(done)](const Status& journaled) {
                strand->Post([needless, done, journaled] {
                  if (!journaled.ok()) return done(journaled);
                  RemoveAllOf(needless, done);
                });
              });
}

}  // namespace hlsrec::record
