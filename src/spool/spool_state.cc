#include "src/spool/spool_state.h"

#include <utility>

#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/spool/sidecar.h"

namespace hlsrec::spool {

Bytes BufferPool::Take() {
  MutexLock lock(mutex_);
  if (free_.empty()) return {};
  Bytes buffer = std::move(free_.back());
  free_.pop_back();
  return buffer;
}

void BufferPool::Return(Bytes buffer) {
  buffer.clear();
  MutexLock lock(mutex_);
  if (free_.size() < kMost) free_.push_back(std::move(buffer));
}

SpoolState::SpoolState(RuntimeCore& core, FileSystem& file_system,
                       const FileSpoolOptions& options)
    : io(core.Io("file:" + options.directory)),
      budget(core.budget()),
      clock(core.clock()),
      files(file_system),
      directory(options.directory),
      durability(options.durability),
      max_age(options.max_age),
      space(std::make_shared<SpoolSpace>(io, clock, files, directory,
                                         options.max_bytes)),
      media_(core.media()) {}

std::string SpoolState::PathOf(std::string_view name) const {
  return fmt::format("{}/{}", directory, name);
}

void SpoolState::Post(Task task) {
  io->Post([self = shared_from_this(), task = std::move(task)]() mutable {
    if (!self->closed_) task();
  });
}

void SpoolState::Doom(std::string name, std::uint64_t size) {
  {
    MutexLock lock(mutex_);
    doomed_.push_back({.name = std::move(name), .size = size});
  }
  // Dropped with the I/O thread, it is done by Close().
  Post([this] { RemoveDoomed(); });
}

void SpoolState::RemoveDoomed() {
  std::vector<Doomed> doomed;
  {
    MutexLock lock(mutex_);
    doomed.swap(doomed_);
  }
  if (doomed.empty()) return;
  for (const Doomed& file : doomed) {
    // The sidecar last: see OpenSegment::CreateFiles().
    const std::string path = PathOf(file.name);
    files.Remove(path).Ignore("the next run removes it");
    files.Remove(fmt::format("{}{}", path, kSidecarSuffix))
        .Ignore("the next run removes it");
    space->Return(file.size);
  }
  if (!closed_) space->Wake();
}

void SpoolState::Close() {
  closed_ = true;
  RemoveDoomed();
  space->Clear();
}

SpooledBody::SpooledBody(std::shared_ptr<SpoolState> state, std::string name,
                         std::uint64_t size)
    : state_(std::move(state)),
      name_(std::move(name)),
      path_(state_->PathOf(name_)),
      size_(size) {}

SpooledBody::~SpooledBody() {
  if (*owed_ <= 0) state_->Doom(name_, size_);
}

Status SpooledBody::ReadAt(std::uint64_t offset,
                           std::span<std::byte> out) const {
  HLSREC_ASSIGN_OR_RETURN(const std::unique_ptr<ReadableFile> file,
                          state_->files.Open(path_));
  return file->ReadAt(offset, out);
}

}  // namespace hlsrec::spool
