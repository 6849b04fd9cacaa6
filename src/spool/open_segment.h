#ifndef HLSREC_SRC_SPOOL_OPEN_SEGMENT_H_
#define HLSREC_SRC_SPOOL_OPEN_SEGMENT_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <variant>

#include "src/base/budget.h"
#include "src/base/hash.h"
#include "src/spool/spool_state.h"

namespace hlsrec::spool {

// Bytes on their way to the disk, counted as such while they exist.
class Block {
 public:
  Block(Bytes bytes, std::shared_ptr<PendingBytes> pending,
        std::shared_ptr<Budget> budget);
  ~Block();
  Block(Block&& other) noexcept;
  Block& operator=(Block&&) = delete;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }
  // The buffer, for the next ones.
  Bytes Take();

 private:
  Bytes bytes_;
  std::uint64_t counted_;
  std::shared_ptr<PendingBytes> pending_;  // may be null
  std::shared_ptr<Budget> budget_;
};

// The files of a segment that is being written: media, and the sidecar that
// lets the next run adopt it.
//
// Threads. Post() and TryRun() from any, all else within them.
// Lifetime. Destroying it leaves the files to the next run.
class OpenSegment final : public std::enable_shared_from_this<OpenSegment> {
 public:
  OpenSegment(std::shared_ptr<SpoolState> state, std::string name,
              SegmentStart start, WriterOptions options);

  // On the spool's I/O thread, in order, unless the spool has gone by then.
  void Post(Task task);
  // Here and now where nothing waits; else false.
  bool TryRun(absl::FunctionRef<void()> task);

  // In this order; each waits for room behind those before it.
  void Append(Block block);
  void MarkChunk(std::chrono::microseconds duration);
  void Seal(std::chrono::microseconds duration, SegmentWriter::Sealed sealed);
  // Removes the files, unless Seal() was called.
  void Abandon();

 private:
  struct Mark {
    std::chrono::microseconds duration;
  };
  struct End {
    std::chrono::microseconds duration;
    SegmentWriter::Sealed sealed;
  };
  using Step = std::variant<Block, Mark, End>;

  void Add(Step step);
  void Run();
  // The front step; what it returns may be tried again when there is room.
  Status Perform();
  Status Full(const Status& status);
  Status Write(Block& block);
  Status TakeRoom(std::uint64_t bytes);
  Status WriteMark(const Mark& mark);
  Status WriteSidecar(const std::string& line);
  void Finish(const End& end);
  Status CloseMedia();
  void OnJournaled(const Status& status, const SegmentWriter::Sealed& sealed,
                   const std::string& sha256);
  [[nodiscard]] bool hashes() const;
  [[nodiscard]] std::string HashSoFar() const;
  Status CreateFiles();
  StatusOr<std::unique_ptr<WritableFile>> Create(const std::string& path);
  // Cuts off what a write that failed may have left.
  Status Repair();
  void Wait(const Status& why);
  void TellGoesOn();
  void Discard();
  [[nodiscard]] bool SyncDue();

  const std::shared_ptr<SpoolState> state_;
  const std::shared_ptr<Strand> strand_;
  const std::string name_;
  const std::string path_;
  const std::string sidecar_path_;
  const SegmentStart start_;
  const WriterOptions options_;

  std::deque<Step> steps_;
  bool waiting_ = false;
  bool told_full_ = false;
  bool needs_room_ = false;  // why the last step failed
  bool ending_ = false;      // Seal() was called
  Status failure_;

  std::unique_ptr<WritableFile> media_;
  std::unique_ptr<WritableFile> sidecar_;
  Sha256 hash_;
  std::uint64_t size_ = 0;
  std::uint64_t sidecar_size_ = 0;
  std::uint64_t marked_ = 0;  // where the last chunk ends
  bool media_torn_ = false;
  bool sidecar_torn_ = false;
  SteadyTime synced_;
  bool directory_synced_ = false;
};

}  // namespace hlsrec::spool

#endif  // HLSREC_SRC_SPOOL_OPEN_SEGMENT_H_
