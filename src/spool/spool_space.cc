#include "src/spool/spool_space.h"

#include <chrono>
#include <utility>

#include "src/base/status_util.h"
#include "src/spool/spool_state.h"

namespace hlsrec::spool {
namespace {

constexpr std::uint64_t kReserveBytes = std::uint64_t{1} << 20;
constexpr unsigned kReserveMode = 0600;
// Others may make room on the disk, and nobody tells us.
constexpr std::chrono::milliseconds kRetryInterval{200};

}  // namespace

SpoolSpace::SpoolSpace(std::shared_ptr<Executor> io, const Clock& clock,
                       FileSystem& files, const std::string& directory,
                       std::uint64_t max_bytes)
    : io_(std::move(io)),
      clock_(clock),
      files_(files),
      directory_(directory),
      reserve_(fmt::format("{}/{}", directory, kReserveName)),
      max_bytes_(max_bytes) {}

Status SpoolSpace::WriteReserve() {
  if (reserved_) return {};
  MutexLock lock(reserve_mutex_);
  if (reserved_) return {};
  const StatusOr<std::uint64_t> size = files_.Size(reserve_);
  if (!size.ok() || *size != kReserveBytes) {
    const auto write = [this]() -> Status {
      HLSREC_ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> file,
                              files_.Create(reserve_, kReserveMode));
      const Bytes block(std::size_t{64} << 10, 0);
      for (std::uint64_t left = kReserveBytes; left > 0; left -= block.size()) {
        HLSREC_RETURN_IF_ERROR(file->Write(block));
      }
      return file->Close();
    };
    if (const Status status = write(); !status.ok()) {
      files_.Remove(reserve_).Ignore("the next attempt truncates it");
      return status.WithContext("spool: reserve");
    }
  }
  reserved_ = true;
  return {};
}

void SpoolSpace::ReleaseReserve() {
  if (!reserved_.exchange(false)) return;
  files_.Remove(reserve_).Ignore("who needs the room tells");
}

Status SpoolSpace::Take(std::uint64_t bytes) {
  HLSREC_RETURN_IF_ERROR(WriteReserve());
  MutexLock lock(mutex_);
  if (max_bytes_ != 0 && used_ + bytes > max_bytes_) {
    return ResourceExhausted("spool: {}: {} bytes are all that it may hold",
                             directory_, max_bytes_);
  }
  Add(bytes);
  open_bytes_ += bytes;
  return {};
}

void SpoolSpace::GiveBack(std::uint64_t bytes) {
  MutexLock lock(mutex_);
  open_bytes_ -= bytes;
  Return(bytes);
}

void SpoolSpace::OnOpened() {
  MutexLock lock(mutex_);
  ++open_segments_;
}

void SpoolSpace::OnSealed(std::uint64_t bytes) {
  MutexLock lock(mutex_);
  --open_segments_;
  open_bytes_ -= bytes;
}

void SpoolSpace::OnDiscarded(std::uint64_t bytes) {
  OnSealed(bytes);
  Return(bytes);
  Wake();
}

bool SpoolSpace::Hopeless(std::uint64_t held_bytes, std::uint64_t bytes) {
  MutexLock lock(mutex_);
  const int others = open_segments_ - (held_bytes > 0 ? 1 : 0);
  return max_bytes_ != 0 && open_bytes_ + bytes > max_bytes_ &&
         waiting_segments_ == others;
}

void SpoolSpace::Wait(std::uint64_t held_bytes, Task retry) {
  {
    MutexLock lock(mutex_);
    if (held_bytes > 0) ++waiting_segments_;
    waiting_.push_back(std::move(retry));
    if (std::exchange(timer_armed_, true)) return;
  }
  io_->PostAt(clock_.Steady() + kRetryInterval, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->OnTimer();
  });
}

void SpoolSpace::GoOn(std::uint64_t held_bytes) {
  MutexLock lock(mutex_);
  if (held_bytes > 0) --waiting_segments_;
}

void SpoolSpace::OnTimer() {
  {
    MutexLock lock(mutex_);
    timer_armed_ = false;
  }
  Wake();
}

void SpoolSpace::Wake() {
  std::vector<Task> retries;
  {
    MutexLock lock(mutex_);
    retries.swap(waiting_);  // who still finds no room comes back
  }
  for (Task& retry : retries) retry();
}

void SpoolSpace::Clear() {
  std::vector<Task> dropped;
  MutexLock lock(mutex_);
  dropped.swap(waiting_);
}

}  // namespace hlsrec::spool
