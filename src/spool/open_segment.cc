#include "src/spool/open_segment.h"

#include <utility>

#include "src/base/bytes.h"
#include "src/base/status_util.h"
#include "src/spool/sidecar.h"

namespace hlsrec::spool {
namespace {

constexpr unsigned kMediaMode = 0644;  // links of it are what readers get
constexpr unsigned kDirectoryMode = 0700;
constexpr std::chrono::seconds kSyncInterval{1};

}  // namespace

Block::Block(Bytes bytes, std::shared_ptr<PendingBytes> pending,
             std::shared_ptr<Budget> budget)
    : bytes_(std::move(bytes)),
      counted_(bytes_.size()),
      pending_(std::move(pending)),
      budget_(std::move(budget)) {
  if (pending_ != nullptr) *pending_ += counted_;
  budget_->Take(counted_);
}

Block::Block(Block&& other) noexcept
    : bytes_(std::move(other.bytes_)),
      counted_(std::exchange(other.counted_, 0)),
      pending_(std::move(other.pending_)),
      budget_(std::move(other.budget_)) {}

Block::~Block() {
  if (counted_ == 0) return;
  if (pending_ != nullptr) *pending_ -= counted_;
  budget_->Return(counted_);
}

Bytes Block::Take() { return std::move(bytes_); }

OpenSegment::OpenSegment(std::shared_ptr<SpoolState> state, std::string name,
                         SegmentStart start, WriterOptions options)
    : state_(std::move(state)),
      strand_(Strand::Create(state_->io)),
      name_(std::move(name)),
      path_(state_->PathOf(name_)),
      sidecar_path_(fmt::format("{}{}", path_, kSidecarSuffix)),
      start_(std::move(start)),
      options_(std::move(options)),
      synced_(state_->clock.Steady()) {}

void OpenSegment::Post(Task task) {
  strand_->Post([state = state_, task = std::move(task)]() mutable {
    if (!state->closed()) task();
  });
}

bool OpenSegment::TryRun(absl::FunctionRef<void()> task) {
  return strand_->TryRun([this, task] {
    if (!state_->closed()) task();
  });
}

void OpenSegment::Append(Block block) { Add(std::move(block)); }

void OpenSegment::MarkChunk(std::chrono::microseconds duration) {
  Add(Mark{.duration = duration});
}

void OpenSegment::Seal(std::chrono::microseconds duration,
                       SegmentWriter::Sealed sealed) {
  ending_ = true;
  // Whoever has to adopt it, because the journal's entry was lost, gets all.
  Add(Mark{.duration = duration});
  Add(End{.duration = duration, .sealed = std::move(sealed)});
}

void OpenSegment::Abandon() {
  if (ending_) return;
  steps_.clear();
  failure_ = Cancelled("spool: {}: was abandoned", path_);
  TellGoesOn();
  Discard();
}

void OpenSegment::Add(Step step) {
  steps_.push_back(std::move(step));
  if (!waiting_) Run();
}

void OpenSegment::Run() {
  while (!steps_.empty()) {
    if (End* end = std::get_if<End>(&steps_.front())) {
      const End last = std::move(*end);
      steps_.clear();
      return Finish(last);
    }
    const Status status = failure_.ok() ? Perform() : failure_;
    if (std::exchange(needs_room_, false) &&
        options_.when_full == SpoolFull::kWait) {
      return Wait(status);
    }
    failure_ = status;
    steps_.pop_front();
    TellGoesOn();
  }
}

Status OpenSegment::Perform() {
  HLSREC_RETURN_IF_ERROR(Full(Repair()));
  if (Block* block = std::get_if<Block>(&steps_.front())) return Write(*block);
  return WriteMark(std::get<Mark>(steps_.front()));
}

void OpenSegment::Wait(const Status& why) {
  waiting_ = true;
  state_->space->Wait(size_, [self = shared_from_this(), held = size_] {
    self->Post([self, held] {
      self->state_->space->GoOn(held);
      self->waiting_ = false;
      self->Run();
    });
  });
  if (options_.on_full && !std::exchange(told_full_, true)) {
    options_.on_full(why);
  }
}

void OpenSegment::TellGoesOn() {
  if (std::exchange(told_full_, false)) options_.on_full({});
}

// Of a write, that is: after a sync that failed nobody knows what is there.
Status OpenSegment::Full(const Status& status) {
  needs_room_ = status.code() == StatusCode::kResourceExhausted;
  return status;
}

StatusOr<std::unique_ptr<WritableFile>> OpenSegment::Create(
    const std::string& path) {
  auto created = state_->files.Create(path, kMediaMode);
  if (created.status().code() == StatusCode::kNotFound) {
    // Somebody may have tidied the folder up.
    state_->files.CreateDirectories(state_->directory, kDirectoryMode)
        .Ignore("Create() tells");
    created = state_->files.Create(path, kMediaMode);
  }
  return created;
}

// The sidecar first: what has none is taken for what a delivered segment left.
Status OpenSegment::CreateFiles() {
  if (media_ != nullptr) return {};
  if (sidecar_ == nullptr) {
    HLSREC_ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> sidecar,
                            Create(sidecar_path_));
    const std::string header = RenderSidecarHeader(start_);
    HLSREC_RETURN_IF_ERROR(sidecar->Write(AsBytes(header)));
    sidecar_ = std::move(sidecar);
    sidecar_size_ = header.size();
  }
  HLSREC_ASSIGN_OR_RETURN(media_, Create(path_));
  return {};
}

Status OpenSegment::Repair() {
  if (media_torn_) {
    HLSREC_RETURN_IF_ERROR(
        state_->files.Truncate(path_, size_).WithContext("spool"));
    media_torn_ = false;
  }
  if (sidecar_torn_) {
    HLSREC_RETURN_IF_ERROR(state_->files.Truncate(sidecar_path_, sidecar_size_)
                               .WithContext("spool"));
    sidecar_torn_ = false;
  }
  return {};
}

Status OpenSegment::TakeRoom(std::uint64_t bytes) {
  Status status = Full(state_->space->Take(bytes));
  if (needs_room_ && options_.when_full == SpoolFull::kWait &&
      state_->space->Hopeless(size_, bytes)) {
    needs_room_ = false;
    return status.WithContext("open segments alone fill it");
  }
  return status;
}

Status OpenSegment::Write(Block& block) {
  const std::uint64_t size = block.bytes().size();
  HLSREC_RETURN_IF_ERROR(TakeRoom(size));
  Status status = CreateFiles();
  if (status.ok()) {
    status = media_->Write(block.bytes());
    media_torn_ = !status.ok();
  }
  if (!status.ok()) {
    state_->space->GiveBack(size);
    if (status.code() == StatusCode::kResourceExhausted) {
      Repair().Ignore("the next attempt begins with it");
      state_->space->ReleaseReserve();
    }
    return Full(status.WithContext("spool"));
  }
  if (hashes()) hash_.Add(block.bytes());
  if (size_ == 0) state_->space->OnOpened();
  size_ += size;
  state_->buffers.Return(block.Take());
  return {};
}

// What is not synced is not verified either: hashing is most of the cost.
bool OpenSegment::hashes() const {
  return state_->durability != Durability::kNone;
}

std::string OpenSegment::HashSoFar() const {
  return hashes() ? hash_.Hex() : std::string();
}

bool OpenSegment::SyncDue() {
  if (state_->durability != Durability::kSecond) return false;
  const SteadyTime now = state_->clock.Steady();
  if (now - synced_ < kSyncInterval) return false;
  synced_ = now;
  return true;
}

Status OpenSegment::WriteMark(const Mark& mark) {
  if (size_ == marked_) return {};
  const bool sync = SyncDue();
  if (sync) HLSREC_RETURN_IF_ERROR(media_->Sync().WithContext("spool"));
  HLSREC_RETURN_IF_ERROR(WriteSidecar(RenderSidecarChunk(
      {.end = size_,
       .duration = mark.duration,
       .sha256_prefix = HashSoFar().substr(0, SidecarChunk::kShaDigits)})));
  marked_ = size_;
  if (!sync) return {};
  HLSREC_RETURN_IF_ERROR(sidecar_->Sync().WithContext("spool"));
  if (directory_synced_) return {};
  HLSREC_RETURN_IF_ERROR(
      state_->files.SyncDirectory(state_->directory).WithContext("spool"));
  directory_synced_ = true;
  return {};
}

Status OpenSegment::WriteSidecar(const std::string& line) {
  Status status = sidecar_->Write(AsBytes(line));
  sidecar_torn_ = !status.ok();
  if (status.code() == StatusCode::kResourceExhausted) {
    // What has been written shall be worth its room.
    state_->space->ReleaseReserve();
    if (Repair().ok()) {
      status = sidecar_->Write(AsBytes(line));
      sidecar_torn_ = !status.ok();
    }
  }
  if (!status.ok()) return Full(status.WithContext("spool"));
  sidecar_size_ += line.size();
  return {};
}

Status OpenSegment::CloseMedia() {
  HLSREC_RETURN_IF_ERROR(failure_);
  if (size_ == 0) return Internal("spool: {}: no bytes", path_);
  const bool sync = state_->durability != Durability::kNone;
  if (sync) HLSREC_RETURN_IF_ERROR(media_->Sync().WithContext("spool"));
  HLSREC_RETURN_IF_ERROR(media_->Close().WithContext("spool"));
  HLSREC_ASSIGN_OR_RETURN(const std::uint64_t written,
                          state_->files.Size(path_));
  if (written != size_) {
    return DataLoss("spool: {}: {} of {} bytes", path_, written, size_);
  }
  if (!sync || directory_synced_) return {};
  return state_->files.SyncDirectory(state_->directory).WithContext("spool");
}

void OpenSegment::Finish(const End& end) {
  if (Status status = CloseMedia(); !status.ok()) {
    failure_ = status;
    Discard();
    return end.sealed(std::move(status));
  }
  media_ = nullptr;
  sidecar_ = nullptr;
  state_->space->OnSealed(size_);
  const std::string sha256 = HashSoFar();
  SegmentSealed entry{.id = start_.id,
                      .duration = end.duration,
                      .start = start_.start,
                      .discontinuity = start_.discontinuity,
                      .init_hash = start_.init_hash,
                      .file = name_,
                      .size_bytes = size_,
                      .sha256 = sha256};
  state_->journal().Add(std::move(entry),
                        [self = shared_from_this(), sealed = end.sealed,
                         sha256](const Status& status) {
                          self->Post([self, sealed, sha256, status] {
                            self->OnJournaled(status, sealed, sha256);
                          });
                        });
}

void OpenSegment::OnJournaled(const Status& status,
                              const SegmentWriter::Sealed& sealed,
                              const std::string& sha256) {
  // With its sidecar it is adopted by the next run; also where the journal is
  // lost, which is why the sidecar stays for as long as the media.
  if (!status.ok()) return sealed(status.WithContext("spool: journal"));
  auto body = std::make_shared<SpooledBody>(state_, name_, size_);
  auto owed = body->owed();
  // The receiver alone decides how long it is held.
  sealed(SealedSegment{
      .body = std::move(body), .owed = std::move(owed), .sha256 = sha256});
}

void OpenSegment::Discard() {
  media_ = nullptr;
  sidecar_ = nullptr;
  // The sidecar last: see CreateFiles().
  state_->files.Remove(path_).Ignore("an abandoned segment");
  state_->files.Remove(sidecar_path_).Ignore("an abandoned segment");
  if (size_ > 0) state_->space->OnDiscarded(std::exchange(size_, 0));
}

}  // namespace hlsrec::spool
