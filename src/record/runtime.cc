#include "src/record/runtime.h"

#include <utility>

#include "src/av/av_log.h"
#include "src/base/file.h"
#include "src/base/status_util.h"

namespace hlsrec::record {

MachineRuntime::MachineRuntime(const RuntimeOptions& options)
    : budget_(std::make_shared<Budget>(options.memory_budget_bytes)),
      media_(std::make_shared<ThreadPool>(SystemClock(), "hlsrec-media",
                                          options.media_threads)) {}

MachineRuntime::~MachineRuntime() {
  // Their threads answer what is in flight, which may post to the pools.
  services().Clear();
  media_->Stop();
  std::map<std::string, std::shared_ptr<ThreadPool>> io;
  {
    MutexLock lock(mutex_);
    io = io_;
  }
  for (const auto& [name, pool] : io) pool->Stop();
  spool_ = nullptr;
}

Status MachineRuntime::OpenSpool(const RuntimeOptions& options) {
  if (options.spool_directory.empty()) {
    spool_ = spool::MakeMemorySpool(*this);
    return {};
  }
  HLSREC_ASSIGN_OR_RETURN(
      spool_,
      spool::OpenFileSpool(*this, PosixFileSystem(),
                           {.directory = options.spool_directory,
                            .durability = options.durability,
                            .max_bytes = options.spool_max_bytes.value_or(0),
                            .max_age = options.spool_max_age.value_or(
                                std::chrono::milliseconds(0))}));
  return {};
}

std::shared_ptr<Executor> MachineRuntime::Io(const std::string& name) {
  MutexLock lock(mutex_);
  std::shared_ptr<ThreadPool>& pool = io_[name];
  if (pool == nullptr) {
    pool = std::make_shared<ThreadPool>(SystemClock(), "hlsrec-io", 1);
  }
  return pool;
}

}  // namespace hlsrec::record

namespace hlsrec {

StatusOr<std::shared_ptr<Runtime>> Runtime::Create(RuntimeOptions options) {
  if (options.media_threads < 1 || options.media_threads > 1024) {
    return InvalidArgument("runtime: media_threads: {}: want 1 to 1024",
                           options.media_threads);
  }
  if (options.memory_budget_bytes < (std::uint64_t{1} << 20)) {
    return InvalidArgument(
        "runtime: memory_budget_bytes: {}: want at least 1 MiB",
        options.memory_budget_bytes);
  }
  if (options.spool_max_bytes &&
      *options.spool_max_bytes < (std::uint64_t{16} << 20)) {
    return InvalidArgument("runtime: spool_max_bytes: {}: want at least 16 MiB",
                           *options.spool_max_bytes);
  }
  if (options.spool_max_age &&
      *options.spool_max_age < std::chrono::seconds(1)) {
    return InvalidArgument("runtime: spool_max_age: {} ms: want at least 1 s",
                           options.spool_max_age->count());
  }
  if (options.libav_logging == LibavLog::kForward && !options.libav_log) {
    return InvalidArgument(
        "runtime: libav_log: is empty: kForward needs a function");
  }
  av::ApplyLibavLogging(options.libav_logging, options.libav_log);
  auto core = std::make_unique<record::MachineRuntime>(options);
  HLSREC_RETURN_IF_ERROR(core->OpenSpool(options));
  return std::make_shared<Runtime>(std::move(core));
}

}  // namespace hlsrec
