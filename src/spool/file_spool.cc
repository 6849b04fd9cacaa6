#include <unistd.h>

#include <algorithm>
#include <map>
#include <utility>

#include "src/base/file.h"
#include "src/base/mutex.h"
#include "src/base/process.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/spool/open_segment.h"
#include "src/spool/recording_note.h"
#include "src/spool/spool.h"
#include "src/spool/spool_recovery.h"
#include "src/spool/spool_state.h"
#include "src/spool/sqlite_journal.h"
#include "src/spool/unsynced_mark.h"

namespace hlsrec::spool {
namespace {

constexpr unsigned kDirectoryMode = 0700;
constexpr unsigned kParentMode = 0755;
constexpr std::uint64_t kMaxOwnerBytes = 256;
constexpr std::string_view kScratchPrefix = "scratch-";
// As files are named until they are complete (package/export_recording.cc).
constexpr std::string_view kTemporaryPrefix = ".hlsrec-";
constexpr std::string_view kTemporarySuffix = ".tmp";

class FileWriter final : public SegmentWriter {
 public:
  FileWriter(std::shared_ptr<SpoolState> state, const SegmentStart& start,
             const WriterOptions& options)
      : state_(std::move(state)),
        link_(options.link),
        segment_(std::make_shared<OpenSegment>(
            state_, MakeMediaName(start.extension), start, options)) {}
  ~FileWriter() override {
    if (state_->ending()) return;
    segment_->Post([segment = segment_] { segment->Abandon(); });
  }
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  void Append(Bytes bytes) override {
    Block block(std::move(bytes), link_.pending, state_->budget);
    if (writes_here() && segment_->TryRun([this, &block] {
          segment_->Append(std::move(block));
        })) {
      return;
    }
    segment_->Post([segment = segment_, block = std::move(block)]() mutable {
      segment->Append(std::move(block));
    });
  }
  void MarkChunk(std::chrono::microseconds duration) override {
    const auto mark = [segment = segment_, duration] {
      segment->MarkChunk(duration);
    };
    if (!writes_here() || !segment_->TryRun(mark)) segment_->Post(mark);
  }
  // Never here: a sync may take seconds, while the next segment is written.
  void Seal(std::chrono::microseconds duration, Sealed sealed) override {
    segment_->Post(
        [segment = segment_, duration, sealed = std::move(sealed)]() mutable {
          segment->Seal(duration, std::move(sealed));
        });
  }

 private:
  [[nodiscard]] bool writes_here() const {
    return link_.writes_here != nullptr && *link_.writes_here;
  }

  const std::shared_ptr<SpoolState> state_;
  const WriterLink link_;
  const std::shared_ptr<OpenSegment> segment_;
};

class FileSpool final : public Spool {
 public:
  FileSpool(std::shared_ptr<SpoolState> state, std::unique_ptr<FileLock> lock,
            std::string boot)
      : state_(std::move(state)),
        lock_(std::move(lock)),
        boot_(std::move(boot)) {}
  // Threads have ended. Only a folder goes in which nothing waits.
  ~FileSpool() override {
    const bool holds_nothing = journal_ != nullptr &&
                               journal_->Recordings().empty() &&
                               !journal_->HasNotifications();
    journal_ = nullptr;
    state_->Close();
    state_->space->ReleaseReserve();
    // Of media that is left the journal tells that it was forgotten.
    if (holds_nothing && !HasMedia()) {
      for (const std::string_view suffix : {"", "-wal"}) {
        state_->files
            .Remove(fmt::format("{}{}", state_->PathOf(kJournalName), suffix))
            .Ignore("tidiness");
      }
      RemoveMarks();
      RemoveUnsyncedMark(state_->files, state_->directory).Ignore("tidiness");
    }
    const auto entries = state_->files.List(state_->directory);
    if (!entries.ok() || entries->size() != 1 ||
        entries->front().name != kLockName) {
      return;
    }
    state_->files.Remove(state_->PathOf(kLockName)).Ignore("tidiness");
    state_->files.RemoveEmptyDirectory(state_->directory)
        .Ignore("not empty, or somebody else's");
  }
  FileSpool(const FileSpool&) = delete;
  FileSpool& operator=(const FileSpool&) = delete;

  // Once, before use. Blocking.
  Status Start(RuntimeCore& core, const JournalOpener& open_journal) {
    HLSREC_RETURN_IF_ERROR(state_->space->WriteReserve());
    HLSREC_ASSIGN_OR_RETURN(
        trust_, ReadUnsyncedMark(state_->files, state_->directory, boot_));
    // What is doubted already is so until it was looked at.
    if (trust_ == Trust::kAsWritten) HLSREC_RETURN_IF_ERROR(MarkIfUnsynced());
    Status opened = OpenJournal(core, open_journal, JournalFile::kFound);
    const bool torn = trust_ == Trust::kMayHaveGoneBack &&
                      opened.code() == StatusCode::kFailedPrecondition;
    if (torn || opened.code() == StatusCode::kDataLoss) {
      journal_ = nullptr;
      HLSREC_ASSIGN_OR_RETURN(const std::string aside, SetJournalAside());
      const std::string note = fmt::format(
          "{}: the journal was set aside as {}", opened.message(), aside);
      opened = OpenJournal(core, open_journal, JournalFile::kMissing);
      recovered_.notes.insert(recovered_.notes.begin(), note);
    }
    HLSREC_RETURN_IF_ERROR(opened);
    if (trust_ == Trust::kMayHaveGoneBack) {
      HLSREC_RETURN_IF_ERROR(
          RemoveUnsyncedMark(state_->files, state_->directory));
      HLSREC_RETURN_IF_ERROR(MarkIfUnsynced());
    }
    HLSREC_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries,
                            state_->files.List(state_->directory));
    for (const DirectoryEntry& entry : entries) {
      if (IsMediaName(entry.name)) state_->space->Add(entry.size_bytes);
      // Files that were made of segments, and those under temporary names.
      const bool left = entry.name.starts_with(kScratchPrefix) ||
                        (entry.name.starts_with(kTemporaryPrefix) &&
                         entry.name.ends_with(kTemporarySuffix));
      if (!left) continue;
      state_->files.Remove(state_->PathOf(entry.name)).Ignore("tidiness");
    }
    return {};
  }

  std::unique_ptr<SegmentWriter> Create(const SegmentStart& start,
                                        WriterOptions options) override {
    return std::make_unique<FileWriter>(state_, start, options);
  }

  StatusOr<SealedSegment> Find(const SegmentSealed& segment) override {
    if (segment.gap || !IsMediaName(segment.file)) {
      return NotFound("spool: {}: is no segment's file", segment.file);
    }
    HLSREC_ASSIGN_OR_RETURN(const std::uint64_t size,
                            state_->files.Size(state_->PathOf(segment.file)));
    if (size != segment.size_bytes) {
      return DataLoss("spool: {}: {} of {} bytes", state_->PathOf(segment.file),
                      size, segment.size_bytes);
    }
    // Who asks twice shares it: it goes with the last owner.
    MutexLock lock(mutex_);
    std::weak_ptr<const SpooledBody>& known = found_[segment.file];
    std::shared_ptr<const SpooledBody> body = known.lock();
    if (body == nullptr) {
      body = std::make_shared<SpooledBody>(state_, segment.file, size);
      known = body;
    }
    return SealedSegment{
        .body = body, .owed = body->owed(), .sha256 = segment.sha256};
  }

  StatusOr<std::string> ScratchPath(const std::string& name) override {
    return state_->PathOf(fmt::format("{}{}", kScratchPrefix, name));
  }
  Journal& journal() override { return *journal_; }
  Status KeepRecording(const RecordingOpened& opened) override {
    return WriteRecordingNote(state_->files, state_->directory, opened)
        .WithContext("spool");
  }
  Status TrustJournal(RecordingId recording) override {
    return state_->files.Remove(state_->PathOf(RebuiltMarkName(recording)));
  }
  void DropRecording(RecordingId recording,
                     const std::function<void()>& dropped) override {
    // The mark stays until the journal has forgotten for good: else what is
    // left after a power failure would be taken for all there was.
    state_->Post([state = state_, recording, dropped] {
      state->files.Remove(state->PathOf(RecordingNoteName(recording)))
          .Ignore("the next run finds it again");
      if (state->durability != Durability::kNone) {
        state->files.SyncDirectory(state->directory)
            .Ignore("the next run finds it again");
      }
      dropped();
    });
  }
  bool IsRebuilt(RecordingId recording) const override {
    return state_->files.Size(state_->PathOf(RebuiltMarkName(recording))).ok();
  }
  Bytes TakeBuffer() override { return state_->buffers.Take(); }
  const Recovered& recovered() const override { return recovered_; }
  std::chrono::milliseconds max_age() const override { return state_->max_age; }
  std::uint64_t used_bytes() const override {
    return state_->space->used_bytes();
  }

 private:
  // `file`: kMissing where what was there is not to be trusted.
  Status OpenJournal(RuntimeCore& core, const JournalOpener& open_journal,
                     JournalFile file) {
    const std::string path = state_->PathOf(kJournalName);
    if (!state_->files.Size(path).ok()) file = JournalFile::kMissing;
    HLSREC_ASSIGN_OR_RETURN(journal_,
                            open_journal(path, [space = state_->space] {
                              space->ReleaseReserve();
                            }));
    state_->set_journal(journal_.get());
    HLSREC_ASSIGN_OR_RETURN(recovered_,
                            Recover(core, state_->files, *journal_,
                                    {.directory = state_->directory,
                                     .durability = state_->durability,
                                     .journal_file = file,
                                     .trust = trust_}));
    return {};
  }

  // What a run before did not sync, this one need not have synced either.
  Status MarkIfUnsynced() {
    if (state_->durability != Durability::kNone) return {};
    return WriteUnsyncedMark(state_->files, state_->directory, boot_);
  }

  [[nodiscard]] bool HasMedia() const {
    const auto entries = state_->files.List(state_->directory);
    return entries.ok() && std::any_of(entries->begin(), entries->end(),
                                       [](const DirectoryEntry& entry) {
                                         return IsMediaName(entry.name);
                                       });
  }

  void RemoveMarks() {
    const auto entries = state_->files.List(state_->directory);
    if (!entries.ok()) return;
    for (const DirectoryEntry& entry : *entries) {
      if (!entry.name.starts_with(kRebuiltPrefix)) continue;
      state_->files.Remove(state_->PathOf(entry.name)).Ignore("tidiness");
    }
  }

  // Somebody may be able to read it still.
  StatusOr<std::string> SetJournalAside() {
    const std::string path = state_->PathOf(kJournalName);
    std::string aside;
    for (int i = 1;; ++i) {
      aside = fmt::format("{}.damaged-{}", path, i);
      if (!state_->files.Size(aside).ok()) break;
    }
    for (const std::string_view suffix : {"-wal", ""}) {
      const std::string from = fmt::format("{}{}", path, suffix);
      if (!state_->files.Size(from).ok()) continue;
      HLSREC_RETURN_IF_ERROR(
          state_->files.Rename(from, fmt::format("{}{}", aside, suffix)));
    }
    return aside;
  }

  const std::shared_ptr<SpoolState> state_;
  const std::unique_ptr<FileLock> lock_;
  const std::string boot_;
  Trust trust_ = Trust::kAsWritten;
  std::unique_ptr<Journal> journal_;
  Recovered recovered_;
  Mutex mutex_;
  std::map<std::string, std::weak_ptr<const SpooledBody>> found_
      ABSL_GUARDED_BY(mutex_);
};

// Where locks and syncs mean something.
Status CheckLocal(FileSystem& files, const std::string& directory) {
  HLSREC_ASSIGN_OR_RETURN(const std::string type, files.NetworkType(directory));
  if (type.empty()) return {};
  return FailedPrecondition(
      "spool: {}: is on a network file system ({}): choose a spool directory "
      "on a local disk",
      directory, type);
}

StatusOr<std::unique_ptr<FileLock>> LockDirectory(
    FileSystem& files, const std::string& directory) {
  const std::string path = fmt::format("{}/{}", directory, kLockName);
  auto lock = files.Lock(path, fmt::format("process {}", ::getpid()));
  if (lock.ok()) return lock;
  if (lock.status().code() != StatusCode::kFailedPrecondition) {
    return lock.status().WithContext("spool");
  }
  const StatusOr<std::string> owner = files.ReadFile(path, kMaxOwnerBytes);
  return FailedPrecondition(
      "spool: {}: is in use by {}: one process has a spool at a time",
      directory, owner.ok() && !owner->empty() ? *owner : "another process");
}

}  // namespace

StatusOr<std::unique_ptr<Spool>> OpenFileSpool(
    RuntimeCore& core, FileSystem& files, const FileSpoolOptions& options) {
  return OpenFileSpool(
      core, files, options,
      [&core, &options](const std::string& path,
                        std::function<void()> release_reserve) {
        return OpenSqliteJournal(
            core, {.path = path,
                   .durability = options.durability,
                   .vfs = options.journal_vfs,
                   .max_log_pages = options.journal_log_pages,
                   .release_reserve = std::move(release_reserve)});
      });
}

StatusOr<std::unique_ptr<Spool>> OpenFileSpool(RuntimeCore& core,
                                               FileSystem& files,
                                               const FileSpoolOptions& options,
                                               const JournalOpener& journal) {
  // What is above it may be an output's folder, which others read.
  // Whatever the durability: what tells that nothing was synced is in there.
  HLSREC_RETURN_IF_ERROR(CreateDirectoriesDurably(
                             files, DirectoryOf(options.directory), kParentMode)
                             .WithContext("spool"));
  HLSREC_RETURN_IF_ERROR(
      CreateDirectoriesDurably(files, options.directory, kDirectoryMode)
          .WithContext("spool"));
  HLSREC_RETURN_IF_ERROR(CheckLocal(files, options.directory));
  HLSREC_ASSIGN_OR_RETURN(std::unique_ptr<FileLock> lock,
                          LockDirectory(files, options.directory));
  auto spool = std::make_unique<FileSpool>(
      std::make_shared<SpoolState>(core, files, options), std::move(lock),
      options.boot.empty() ? BootId() : options.boot);
  HLSREC_RETURN_IF_ERROR(spool->Start(core, journal));
  return std::unique_ptr<Spool>(std::move(spool));
}

}  // namespace hlsrec::spool
