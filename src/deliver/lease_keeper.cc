#include "src/deliver/lease_keeper.h"

#include <utility>

#include "src/base/status_util.h"

namespace hlsrec::deliver {
namespace {

class LeasedSink final : public Sink {
 public:
  LeasedSink(std::shared_ptr<Sink> sink, std::shared_ptr<LeaseKeeper> keeper)
      : sink_(std::move(sink)), keeper_(std::move(keeper)) {}

  void Put(PutRequest request, Done done) override {
    // Alone in having names that no other writer has.
    const bool media = request.kind == ObjectKind::kSegment ||
                       request.kind == ObjectKind::kInitSection;
    const Status status = keeper_->Check();
    if (!status.ok() && (!media || keeper_->lost())) {
      return done(Refused("put", request.key, status));
    }
    sink_->Put(std::move(request), std::move(done));
  }
  void Get(std::string key, std::uint64_t max_bytes, GetDone done) override {
    sink_->Get(std::move(key), max_bytes, std::move(done));
  }
  void Remove(std::string key, Done done) override {
    const Status status = keeper_->Check();
    if (!status.ok()) return done(Refused("remove", key, status));
    sink_->Remove(std::move(key), std::move(done));
  }
  void List(std::string prefix, ListDone done) override {
    sink_->List(std::move(prefix), std::move(done));
  }
  void Stat(std::string key, StatDone done) override {
    sink_->Stat(std::move(key), std::move(done));
  }
  std::string Describe() const override { return sink_->Describe(); }
  bool keeps_content_encoding() const override {
    return sink_->keeps_content_encoding();
  }
  std::chrono::milliseconds rewrite_interval() const override {
    return sink_->rewrite_interval();
  }

 private:
  static Status Refused(std::string_view what, const std::string& key,
                        const Status& status) {
    return Unavailable("{}: {}: {}", what, key, status.message());
  }

  const std::shared_ptr<Sink> sink_;
  const std::shared_ptr<LeaseKeeper> keeper_;
};

}  // namespace

StatusOr<std::optional<LeaseRecord>> LeaseFound(
    std::uint64_t generation, const StatusOr<std::string>& bytes) {
  if (bytes.status().code() == StatusCode::kNotFound) {
    return std::optional<LeaseRecord>();
  }
  HLSREC_RETURN_IF_ERROR(bytes.status());
  HLSREC_ASSIGN_OR_RETURN(LeaseRecord record, ParseLease(generation, *bytes));
  return std::optional<LeaseRecord>(std::move(record));
}

PutRequest LeasePut(std::string_view playlist, const LeaseRecord& record,
                    IfExists if_exists) {
  return {.key = LeaseKey(playlist, record.generation),
          .body = MakeStringBody(RenderLease(record)),
          .kind = ObjectKind::kOther,
          .if_exists = if_exists,
          .content_type = std::string(kLeaseType)};
}

std::shared_ptr<Sink> MakeLeasedSink(std::shared_ptr<Sink> sink,
                                     std::shared_ptr<LeaseKeeper> keeper) {
  return std::make_shared<LeasedSink>(std::move(sink), std::move(keeper));
}

LeaseKeeper::LeaseKeeper(std::shared_ptr<Strand> strand, const Clock& clock,
                         std::shared_ptr<Sink> sink, std::string playlist,
                         Lease lease, std::function<void(Status)> lost)
    : strand_(std::move(strand)),
      clock_(clock),
      sink_(std::move(sink)),
      playlist_(std::move(playlist)),
      lease_(std::move(lease)),
      lost_(std::move(lost)) {}

void LeaseKeeper::Start() { EndRound(true); }

void LeaseKeeper::Stop() {
  stopped_ = true;
  lost_ = nullptr;
  if (const auto released = std::exchange(released_, nullptr)) released();
}

void LeaseKeeper::Release(std::function<void()> done) {
  if (stopped_ || lease_.lost()) return done();
  released_ = std::move(done);
  // One put at a time under one name: the round under way ends first.
  if (!in_round_) PutRelease();
}

void LeaseKeeper::PutRelease() {
  in_round_ = true;
  // A later claim must not be undone: as a round begins.
  Look(lease_.record().generation,
       [self = shared_from_this()](const StatusOr<Found>& own) {
         if (self->stopped_) return;
         if (!own.ok() || !self->lease_.FoundOwn(*own)) return self->Stop();
         self->Put(self->lease_.Release(), [self](const Status& status) {
           status.Ignore("it lapses by itself");
           self->Stop();
         });
       });
}

void LeaseKeeper::Round() {
  if (stopped_ || in_round_ || released_) return;
  in_round_ = true;
  lease_.Begin(clock_.Steady());
  Look(lease_.record().generation,
       [self = shared_from_this()](const StatusOr<Found>& own) {
         self->OnOwn(own);
       });
}

void LeaseKeeper::Look(std::uint64_t generation,
                       std::function<void(StatusOr<Found>)> found) {
  sink_->Get(LeaseKey(playlist_, generation), kMaxLeaseBytes,
             [strand = strand_, generation,
              found = std::move(found)](const StatusOr<std::string>& bytes) {
               strand->Post([found, record = LeaseFound(generation, bytes)] {
                 found(record);
               });
             });
}

void LeaseKeeper::Put(const LeaseRecord& record,
                      std::function<void(Status)> done) {
  sink_->Put(LeasePut(playlist_, record, IfExists::kReplace),
             [strand = strand_, done = std::move(done)](const Status& status) {
               strand->Post([done, status] { done(status); });
             });
}

void LeaseKeeper::OnOwn(const StatusOr<Found>& own) {
  if (stopped_) return;
  if (!own.ok()) return EndRound(false);
  if (!lease_.FoundOwn(*own)) return Lose();
  Put(lease_.Next(), [self = shared_from_this()](const Status& status) {
    self->OnPut(status);
  });
}

void LeaseKeeper::OnPut(const Status& status) {
  if (stopped_) return;
  if (!status.ok()) return EndRound(false);
  lease_.Put();
  Look(lease_.record().generation + 1,
       [self = shared_from_this()](const StatusOr<Found>& next) {
         self->OnNext(next);
       });
}

void LeaseKeeper::OnNext(const StatusOr<Found>& next) {
  if (stopped_) return;
  // Nor may one that can't be read be taken for none.
  if (!next.ok()) return EndRound(false);
  if (!lease_.FoundNext(*next)) return Lose();
  EndRound(true);
}

void LeaseKeeper::EndRound(bool succeeded) {
  in_round_ = false;
  if (released_) return PutRelease();
  const auto beat = BeatInterval(lease_.record().lease);
  strand_->PostAt(clock_.Steady() + (succeeded ? beat : beat / 4),
                  [weak = weak_from_this()] {
                    if (const auto self = weak.lock()) self->Round();
                  });
}

void LeaseKeeper::Lose() {
  in_round_ = false;
  const auto lost = std::exchange(lost_, nullptr);
  const Status status = Check();
  Stop();
  if (lost) lost(status);
}

}  // namespace hlsrec::deliver
