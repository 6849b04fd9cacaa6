#ifndef HLSREC_SRC_SPOOL_SPOOL_STATE_H_
#define HLSREC_SRC_SPOOL_SPOOL_STATE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/budget.h"
#include "src/base/executor.h"
#include "src/base/file.h"
#include "src/base/mutex.h"
#include "src/spool/spool.h"
#include "src/spool/spool_space.h"

namespace hlsrec::spool {

// Beside the segments in a spool's directory.
inline constexpr std::string_view kLockName = "lock";
inline constexpr std::string_view kReserveName = "reserve";
inline constexpr std::string_view kJournalName = "journal.db";

// Written buffers, kept for the next ones. Threads. Any.
class BufferPool {
 public:
  Bytes Take();
  void Return(Bytes buffer);

 private:
  // Recordings write in turn: a few buffers are always on their way.
  static constexpr std::size_t kMost = 16;
  Mutex mutex_;
  std::vector<Bytes> free_ ABSL_GUARDED_BY(mutex_);
};

// What a file spool shares with its writers and bodies, which may outlive it.
//
// Threads. Any.
class SpoolState final : public std::enable_shared_from_this<SpoolState> {
 public:
  SpoolState(RuntimeCore& core, FileSystem& file_system,
             const FileSpoolOptions& options);

  const std::shared_ptr<Executor> io;
  const std::shared_ptr<Budget> budget;
  const Clock& clock;
  FileSystem& files;
  const std::string directory;
  const Durability durability;
  const std::chrono::milliseconds max_age;
  const std::shared_ptr<SpoolSpace> space;
  BufferPool buffers;

  [[nodiscard]] std::string PathOf(std::string_view name) const;
  // Runs the task on the I/O thread, unless the spool has gone by then.
  void Post(Task task);
  [[nodiscard]] bool closed() const { return closed_; }
  // What goes from now on goes with the runtime and is not to be tidied up.
  [[nodiscard]] bool ending() const { return closed_ || media_->stopped(); }
  // Nobody needs the file any more.
  void Doom(std::string name, std::uint64_t size);

  // Until Close().
  [[nodiscard]] Journal& journal() const { return *journal_; }
  void set_journal(Journal* journal) { journal_ = journal; }
  // All threads have ended. What was doomed goes; what waits is dropped.
  void Close();

 private:
  struct Doomed {
    std::string name;
    std::uint64_t size;
  };
  void RemoveDoomed();

  const std::shared_ptr<Executor> media_;
  std::atomic<bool> closed_ = false;
  Journal* journal_ = nullptr;
  Mutex mutex_;
  std::vector<Doomed> doomed_ ABSL_GUARDED_BY(mutex_);
};

// A sealed file; removed with the last that refers to it, unless somebody still
// owes its delivery. Opened for reading only while it is read:
// thousands may wait.
class SpooledBody final : public Body {
 public:
  SpooledBody(std::shared_ptr<SpoolState> state, std::string name,
              std::uint64_t size);
  ~SpooledBody() override;
  SpooledBody(const SpooledBody&) = delete;
  SpooledBody& operator=(const SpooledBody&) = delete;

  std::uint64_t size() const override { return size_; }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override;
  std::string_view link_source() const override { return path_; }
  [[nodiscard]] const std::shared_ptr<std::atomic<int>>& owed() const {
    return owed_;
  }

 private:
  const std::shared_ptr<SpoolState> state_;
  const std::string name_;
  const std::string path_;
  const std::uint64_t size_;
  const std::shared_ptr<std::atomic<int>> owed_ =
      std::make_shared<std::atomic<int>>(1);
};

}  // namespace hlsrec::spool

#endif  // HLSREC_SRC_SPOOL_SPOOL_STATE_H_
