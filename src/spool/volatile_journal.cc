#include <atomic>

#include "src/base/status_util.h"
#include "src/spool/journal.h"

namespace hlsrec::spool {
namespace {

class VolatileJournal final : public Journal {
 public:
  RecordingId NewRecording() override { return next_++; }
  void Add(JournalEntry, Done done) override {
    if (done) done({});
  }
  std::vector<RecordingSummary> Recordings() override { return {}; }
  Status Claim(const std::string&) override { return {}; }
  void Release(const std::string&) override {}
  void Load(RecordingId recording, Detail, Loaded loaded) override {
    loaded(NotFound("journal: recording {}: is not kept", recording));
  }

 private:
  std::atomic<RecordingId> next_ = 1;
};

}  // namespace

std::unique_ptr<Journal> MakeVolatileJournal() {
  return std::make_unique<VolatileJournal>();
}

}  // namespace hlsrec::spool
