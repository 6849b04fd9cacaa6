#include <atomic>
#include <utility>
#include <vector>

#include "src/base/file.h"
#include "src/base/hash.h"
#include "src/base/mutex.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/spool/spool.h"

namespace hlsrec::spool {
namespace {

constexpr unsigned kFileMode = 0644;  // links of it are what readers get
constexpr unsigned kDirectoryMode = 0700;
constexpr unsigned kParentMode = 0755;

// Written buffers, kept for the next ones.
class BufferPool {
 public:
  Bytes Take() {
    MutexLock lock(mutex_);
    if (free_.empty()) return {};
    Bytes buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
  }
  void Return(Bytes buffer) {
    buffer.clear();
    MutexLock lock(mutex_);
    if (free_.size() < kMost) free_.push_back(std::move(buffer));
  }

 private:
  // Recordings write in turn: a few buffers are always on their way.
  static constexpr std::size_t kMost = 16;
  Mutex mutex_;
  std::vector<Bytes> free_ ABSL_GUARDED_BY(mutex_);
};

// What writers and bodies share with the spool.
struct Shared {
  Shared(RuntimeCore& core, FileSystem& file_system,
         const FileSpoolOptions& options)
      : io(core.Io("file:" + options.directory)),
        budget(core.budget()),
        files(file_system),
        directory(options.directory),
        sync(options.durability != Durability::kNone) {}
  const std::shared_ptr<Executor> io;
  const std::shared_ptr<Budget> budget;
  FileSystem& files;
  const std::string directory;
  const bool sync;
  BufferPool buffers;
};

// A sealed file; removed when nobody needs it any more, unless somebody could
// not deliver it. Opened for reading only while it is read: thousands may wait.
class SpooledBody final : public Body {
 public:
  SpooledBody(std::shared_ptr<Shared> shared, std::string path,
              std::uint64_t size, std::shared_ptr<std::atomic<int>> owed)
      : shared_(std::move(shared)),
        path_(std::move(path)),
        size_(size),
        owed_(std::move(owed)) {}
  ~SpooledBody() override {
    if (*owed_ > 0) return;
    const auto remove = [shared = shared_, path = path_] {
      shared->files.Remove(path).Ignore("nobody refers to it any more");
    };
    // The runtime may have gone before the last owner did.
    if (!shared_->io->Post(remove)) remove();
  }
  SpooledBody(const SpooledBody&) = delete;
  SpooledBody& operator=(const SpooledBody&) = delete;

  std::uint64_t size() const override { return size_; }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    HLSREC_ASSIGN_OR_RETURN(const std::shared_ptr<const Body> file,
                            OpenFileBody(path_));
    return file->ReadAt(offset, out);
  }
  std::string_view link_source() const override { return path_; }

 private:
  const std::shared_ptr<Shared> shared_;
  const std::string path_;
  const std::uint64_t size_;
  const std::shared_ptr<std::atomic<int>> owed_;
};

// Lives on the I/O strand.
struct OpenFile {
  std::shared_ptr<Shared> shared;
  std::string path;
  std::unique_ptr<WritableFile> file;
  std::uint64_t size = 0;
  Status status = {};
  bool sealed = false;

  ~OpenFile() {
    if (sealed) return;
    file = nullptr;
    shared->files.Remove(path).Ignore("an abandoned segment");
  }

  void Write(const Bytes& bytes) {
    if (!status.ok()) return;
    if (file == nullptr) {
      auto created = shared->files.Create(path, kFileMode);
      if (created.status().code() == StatusCode::kNotFound) {
        // Another process that used the folder may have tidied it up.
        shared->files.CreateDirectories(shared->directory, kDirectoryMode)
            .Ignore("Create() tells");
        created = shared->files.Create(path, kFileMode);
      }
      if (!created.ok()) {
        status = created.status().WithContext("spool");
        return;
      }
      file = std::move(created).value();
    }
    status = file->Write(bytes).WithContext("spool");
    if (status.ok()) size += bytes.size();
  }

  StatusOr<SealedSegment> Seal() {
    HLSREC_RETURN_IF_ERROR(status);
    if (file == nullptr) return Internal("spool: {}: no bytes", path);
    if (shared->sync) {
      HLSREC_RETURN_IF_ERROR(file->Sync().WithContext("spool"));
    }
    HLSREC_RETURN_IF_ERROR(file->Close().WithContext("spool"));
    file = nullptr;
    HLSREC_ASSIGN_OR_RETURN(const std::uint64_t written,
                            shared->files.Size(path));
    if (written != size) {
      return DataLoss("spool: {}: {} of {} bytes", path, written, size);
    }
    sealed = true;
    auto owed = std::make_shared<std::atomic<int>>(1);
    return SealedSegment{
        .body = std::make_shared<SpooledBody>(shared, path, size, owed),
        .owed = owed};
  }
};

class FileWriter final : public SegmentWriter {
 public:
  FileWriter(std::shared_ptr<Shared> shared, std::string path,
             std::shared_ptr<PendingBytes> pending)
      : shared_(std::move(shared)),
        pending_(std::move(pending)),
        file_(std::make_shared<OpenFile>()) {
    file_->shared = shared_;
    file_->path = std::move(path);
  }
  ~FileWriter() override {
    // The last reference goes on the strand, after what was posted before.
    shared_->io->Post([file = std::move(file_)] {});
  }
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  void Append(Bytes bytes) override {
    const std::uint64_t size = bytes.size();
    *pending_ += size;
    shared_->budget->Take(size);
    shared_->io->Post([file = file_, bytes = std::move(bytes), size,
                       pending = pending_]() mutable {
      file->Write(bytes);
      file->shared->buffers.Return(std::move(bytes));
      *pending -= size;
      file->shared->budget->Return(size);
    });
  }
  void MarkChunk(std::chrono::microseconds) override {}
  void Seal(std::chrono::microseconds, Sealed sealed) override {
    shared_->io->Post(
        [file = file_, sealed = std::move(sealed)] { sealed(file->Seal()); });
  }

 private:
  const std::shared_ptr<Shared> shared_;
  const std::shared_ptr<PendingBytes> pending_;
  std::shared_ptr<OpenFile> file_;
};

class FileSpool final : public Spool {
 public:
  explicit FileSpool(std::shared_ptr<Shared> shared)
      : shared_(std::move(shared)) {}
  // Threads have ended. Only an empty folder goes.
  ~FileSpool() override {
    shared_->files.RemoveEmptyDirectory(shared_->directory)
        .Ignore("not empty, or somebody else's");
  }
  FileSpool(const FileSpool&) = delete;
  FileSpool& operator=(const FileSpool&) = delete;
  std::unique_ptr<SegmentWriter> Create(const SegmentStart& start,
                                        WriterOptions options) override {
    // Random: the directory outlives what was killed.
    return std::make_unique<FileWriter>(
        shared_,
        fmt::format("{}/{}.{}", shared_->directory, RandomHex(24),
                    start.extension),
        std::move(options.pending));
  }
  StatusOr<SealedSegment> Find(const SegmentSealed& segment) override {
    return NotFound("spool: {}: is not there", segment.file);
  }
  Journal& journal() override { return *journal_; }
  Bytes TakeBuffer() override { return shared_->buffers.Take(); }

 private:
  const std::shared_ptr<Shared> shared_;
  const std::unique_ptr<Journal> journal_ = MakeVolatileJournal();
};

}  // namespace

StatusOr<std::unique_ptr<Spool>> OpenFileSpool(
    RuntimeCore& core, FileSystem& files, const FileSpoolOptions& options) {
  // What is above it may be an output's folder, which others read.
  HLSREC_RETURN_IF_ERROR(
      files.CreateDirectories(DirectoryOf(options.directory), kParentMode)
          .WithContext("spool"));
  HLSREC_RETURN_IF_ERROR(
      files.CreateDirectories(options.directory, kDirectoryMode)
          .WithContext("spool"));
  return std::unique_ptr<Spool>(std::make_unique<FileSpool>(
      std::make_shared<Shared>(core, files, options)));
}

}  // namespace hlsrec::spool
