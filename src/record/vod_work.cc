#include "src/record/vod_work.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "src/base/bytes.h"
#include "src/base/file.h"
#include "src/base/hash.h"
#include "src/base/status_util.h"
#include "src/package/export_file.h"
#include "src/package/zip_body.h"
#include "src/record/plan_vod.h"
#include "src/record/recorded_vod.h"
#include "src/spool/spool.h"

namespace hlsrec::record {
namespace {

using deliver::EndedMedia;
using deliver::MadeAtEnd;

constexpr std::size_t kBlock = std::size_t{1} << 20;

// What the strand and the thread that makes know of each other.
//
// Threads. Any.
struct Progress {
  std::atomic<bool> stop = false;
  std::atomic<bool> waits = false;  // for the thread, which others have
  std::atomic<std::uint64_t> bytes = 0;
};

// The thread that makes files is one for all recordings: while one waits for
// it, the others' progress is its own.
struct Turns {
  std::atomic<std::uint64_t> taken = 0;
};

std::shared_ptr<Turns> TurnsOf(RuntimeCore& core) {
  return core.services().Get<Turns>([] { return std::make_shared<Turns>(); });
}

// Counts how far it was read: again from the front is no progress.
class CountedBody final : public Body {
 public:
  CountedBody(std::shared_ptr<const Body> body,
              std::shared_ptr<Progress> progress)
      : body_(std::move(body)), progress_(std::move(progress)) {}
  std::uint64_t size() const override { return body_->size(); }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    if (progress_->stop) return Cancelled("the recording's end is given up");
    HLSREC_RETURN_IF_ERROR(body_->ReadAt(offset, out));
    const std::uint64_t until = offset + out.size();
    std::uint64_t before = until_.load();
    while (before < until && !until_.compare_exchange_weak(before, until)) {
    }
    if (before < until) progress_->bytes += until - before;
    return {};
  }
  std::string_view link_source() const override { return body_->link_source(); }

 private:
  const std::shared_ptr<const Body> body_;
  const std::shared_ptr<Progress> progress_;
  mutable std::atomic<std::uint64_t> until_ = 0;
};

// A file that goes with its body.
class ScratchBody final : public Body {
 public:
  ScratchBody(std::shared_ptr<const Body> body, std::string path)
      : body_(std::move(body)), path_(std::move(path)) {}
  ~ScratchBody() override {
    PosixFileSystem().Remove(path_).Ignore("the next run removes it");
  }
  ScratchBody(const ScratchBody&) = delete;
  ScratchBody& operator=(const ScratchBody&) = delete;
  std::uint64_t size() const override { return body_->size(); }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    return body_->ReadAt(offset, out);
  }
  std::string_view link_source() const override { return path_; }

 private:
  const std::shared_ptr<const Body> body_;
  const std::string path_;
};

struct MadeFile {
  std::shared_ptr<const Body> body = {};  // null: there is no media
  std::string sha256 = {};
};

// One of what is to be made.
struct Wanted {
  std::string key = {};
  std::string_view kind = {};
  std::string_view content_type = {};
  std::string rendition = {};  // of a movie
  std::size_t number = 0;      // likewise
};

// Nobody can make it, now or later: it is not owed.
bool IsForGood(StatusCode code) {
  return code == StatusCode::kFailedPrecondition ||
         code == StatusCode::kInvalidArgument ||
         code == StatusCode::kUnimplemented || code == StatusCode::kDataLoss;
}

// A sink that links a complete file instead of copying it.
bool IsFolder(const deliver::OutputPlan& plan) {
  return plan.sink_name.starts_with("file:");
}

// Threads. The one that makes.
class Maker {
 public:
  Maker(RuntimeCore& core, const deliver::OutputPlan& plan,
        std::shared_ptr<const EndedMedia> ended,
        std::shared_ptr<Progress> progress)
      : core_(core),
        media_(core.media()),
        plan_(plan),
        ended_(std::move(ended)),
        progress_(std::move(progress)),
        turns_(TurnsOf(core)) {}

  StatusOr<MadeFile> Make(const Wanted& wanted) {
    if (!vod_) {
      HLSREC_ASSIGN_OR_RETURN(
          vod_, MakeRecordedVod(plan_, ended_->renditions, *ended_->kept));
    }
    if (vod_->playlists.empty()) return MadeFile();
    const bool movie = wanted.kind == manifest::kMovie;
    if (movie && vod_->renditions[wanted.number].playlist.empty()) {
      return MadeFile();
    }
    MadeFile made;
    HLSREC_ASSIGN_OR_RETURN(made.body,
                            movie ? MakeMovie(wanted.number) : MakeArchive());
    // Here, not on a thread that others' transfers wait for; an archive then
    // knows its checksums, too.
    HLSREC_ASSIGN_OR_RETURN(made.sha256, Hash(*made.body));
    // Nor is one copied where others' segments wait for the disk.
    if (!movie && IsFolder(plan_)) {
      HLSREC_ASSIGN_OR_RETURN(made.body, WriteScratch(*made.body));
    }
    made.body = std::make_shared<CountedBody>(made.body, progress_);
    return made;
  }

 private:
  [[nodiscard]] bool stopped() const {
    return progress_->stop || media_->stopped();
  }

  void Advance(std::uint64_t bytes) {
    progress_->bytes += bytes;
    turns_->taken += bytes;
  }

  StatusOr<std::string> ScratchPath(std::size_t rendition,
                                    std::string_view extension) {
    return core_.spool().ScratchPath(
        fmt::format("{}-{}{}", ended_->series[rendition].recording,
                    RandomHex(12), extension));
  }

  static StatusOr<std::shared_ptr<const Body>> OpenScratch(
      const std::string& path) {
    auto opened = OpenFileBody(path);
    if (!opened.ok()) {
      PosixFileSystem().Remove(path).Ignore("the next run removes it");
      return opened.status();
    }
    return std::shared_ptr<const Body>(
        std::make_shared<ScratchBody>(*std::move(opened), path));
  }

  StatusOr<std::shared_ptr<const Body>> WriteScratch(const Body& body) {
    constexpr unsigned kMode = 0644;  // of what a sink links
    HLSREC_ASSIGN_OR_RETURN(const std::string path, ScratchPath(0, ".zip"));
    FileSystem& files = PosixFileSystem();
    HLSREC_ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> file,
                            files.Create(path, kMode));
    Status status =
        ForEachBlock(body, [&](ByteSpan block) { return file->Write(block); });
    if (status.ok()) status = file->Sync();
    if (status.ok()) status = file->Close();
    if (status.ok()) return OpenScratch(path);
    files.Remove(path).Ignore("the next run removes it");
    return status;
  }

  Status ForEachBlock(const Body& body,
                      const std::function<Status(ByteSpan)>& take) {
    Bytes block(
        static_cast<std::size_t>(std::min<std::uint64_t>(kBlock, body.size())));
    for (std::uint64_t at = 0; at < body.size();) {
      if (stopped()) return Cancelled("stopped");
      const auto count = static_cast<std::size_t>(
          std::min<std::uint64_t>(block.size(), body.size() - at));
      const std::span<std::uint8_t> part(block.data(), count);
      HLSREC_RETURN_IF_ERROR(body.ReadAt(at, std::as_writable_bytes(part)));
      HLSREC_RETURN_IF_ERROR(take(part));
      at += count;
      Advance(count);
    }
    return {};
  }

  StatusOr<std::shared_ptr<const Body>> MakeArchive() {
    std::vector<package::ZipEntry> entries;
    for (const auto* objects : {&vod_->playlists, &vod_->media}) {
      for (const auto& [name, body] : *objects) {
        entries.push_back(
            {.name = name,
             .size = body->size(),
             .open = [body = body]() -> StatusOr<std::shared_ptr<const Body>> {
               return body;
             }});
      }
    }
    return package::MakeZipBody(std::move(entries));
  }

  StatusOr<std::shared_ptr<const Body>> MakeMovie(std::size_t rendition) {
    HLSREC_ASSIGN_OR_RETURN(const std::string path,
                            ScratchPath(rendition, ".mp4"));
    // Who still asks whether to stop goes on: while an index moves, too.
    ExportOptions options{.stop = [this] {
      Advance(1);
      return stopped();
    }};
    std::uint64_t read = 0;
    options.on_progress = [this, &read](const ExportProgress& told) {
      Advance(told.bytes - std::exchange(read, told.bytes));
    };
    std::string from = vod_->renditions[rendition].playlist;
    if (vod_->has_audio_group) {
      options.variant = vod_->renditions[rendition].variant;
      options.audio = "all";
      from = vod_->presentation;
    }
    const std::unique_ptr<Sink> source = MakeVodSource(*vod_);
    HLSREC_RETURN_IF_ERROR(
        package::ExportFile(core_, *source, from, path, options).status());
    return OpenScratch(path);
  }

  StatusOr<std::string> Hash(const Body& body) {
    Sha256 hash;
    HLSREC_RETURN_IF_ERROR(ForEachBlock(body, [&hash](ByteSpan block) {
      hash.Add(block);
      return Status();
    }));
    return hash.Hex();
  }

  RuntimeCore& core_;
  const std::shared_ptr<Executor> media_;
  const deliver::OutputPlan& plan_;
  const std::shared_ptr<const EndedMedia> ended_;
  const std::shared_ptr<Progress> progress_;
  const std::shared_ptr<Turns> turns_;
  std::optional<RecordedVod> vod_;
};

class VodWork final : public deliver::EndWork,
                      public std::enable_shared_from_this<VodWork> {
 public:
  VodWork(RuntimeCore& core, const deliver::OutputPlan& plan)
      : core_(core),
        worker_(core.Io("ends of recordings")),
        turns_(TurnsOf(core)),
        plan_(plan) {
    plan_.sink = nullptr;
  }

  std::vector<std::string> Owed() const override {
    std::vector<std::string> keys;
    for (StatusOr<std::string>& key : VodKeys(plan_)) {
      if (key.ok() && !made_.Has(*key)) keys.push_back(*std::move(key));
    }
    return keys;
  }

  void Start(std::shared_ptr<const EndedMedia> ended,
             std::function<void(MadeAtEnd)> done) override {
    ended_ = std::move(ended);
    done_ = std::move(done);
    List();
    maker_ = std::make_shared<Maker>(core_, plan_, ended_, progress_);
    Next();
  }

  void Stop() override { progress_->stop = true; }
  std::uint64_t progress() const override {
    return progress_->bytes + (progress_->waits ? turns_->taken.load() : 0);
  }

 private:
  void List() {
    if (const auto key = ArchiveKey(plan_)) {
      Want(*key,
           {.kind = manifest::kArchive, .content_type = "application/zip"});
    }
    for (const std::size_t r : MovieRenditions(ended_->renditions)) {
      const deliver::RenditionInfo& info = ended_->renditions[r];
      const auto key = MovieKey(plan_, info);
      if (!key) continue;
      Want(*key, {.kind = manifest::kMovie,
                  .content_type = info.has_video ? "video/mp4" : "audio/mp4",
                  .rendition = info.name,
                  .number = r});
    }
  }

  void Want(const StatusOr<std::string>& key, Wanted wanted) {
    if (!key.ok()) return Fail(key.status());
    wanted.key = *key;
    wanted_.push_back(std::move(wanted));
  }

  void Next() {
    if (at_ == wanted_.size()) return Done();
    progress_->waits = true;
    worker_->Post(
        [self = shared_from_this(), maker = maker_, wanted = wanted_[at_]] {
          self->progress_->waits = false;
          auto made = maker->Make(wanted);
          self->ended_->strand->Post([self, made = std::move(made)]() mutable {
            self->OnMade(std::move(made));
          });
        });
  }

  void OnMade(StatusOr<MadeFile> made) {
    const Wanted& wanted = wanted_[at_];
    if (!made.ok()) {
      const Status status = made.status().WithContext(wanted.key);
      if (IsForGood(status.code())) {
        Fail(status);
      } else {
        Miss(status);
      }
      return OneLess();
    }
    if (made->body == nullptr) return OneLess();
    Put(*made);
  }

  void Put(const MadeFile& made, IfExists if_exists = IfExists::kFail) {
    const Wanted& wanted = wanted_[at_];
    deliver::PutMade(*ended_->uploader,
                     {.key = wanted.key,
                      .kind = std::string(wanted.kind),
                      .rendition = wanted.rendition,
                      .sha256 = made.sha256},
                     {.body = made.body,
                      .content_type = wanted.content_type,
                      .if_exists = if_exists},
                     [self = shared_from_this(), made,
                      if_exists](StatusOr<manifest::Object> put) {
                       // The name was free when the recording began: it is an
                       // earlier run's, which knew of other segments.
                       if (put.status().code() == StatusCode::kAlreadyExists &&
                           if_exists == IfExists::kFail && self->plan_.ending) {
                         return self->Put(made, IfExists::kReplace);
                       }
                       if (put.ok()) {
                         self->made_.objects.push_back(*std::move(put));
                       } else {
                         self->Miss(put.status());
                       }
                       self->OneLess();
                     });
  }

  void Fail(const Status& status) {
    if (made_.status.ok()) made_.status = status;
  }

  void Miss(const Status& status) {
    Fail(status);
    made_.missing.push_back(wanted_[at_].key);
  }

  void OneLess() {
    ++at_;
    Next();
  }

  void Done() {
    maker_ = nullptr;
    // What it holds of the spool goes when it may.
    std::exchange(done_, nullptr)(made_);
  }

  RuntimeCore& core_;
  const std::shared_ptr<Executor> worker_;
  const std::shared_ptr<Turns> turns_;
  deliver::OutputPlan plan_;
  const std::shared_ptr<Progress> progress_ = std::make_shared<Progress>();
  std::shared_ptr<const EndedMedia> ended_;
  std::function<void(MadeAtEnd)> done_;
  std::shared_ptr<Maker> maker_;
  std::vector<Wanted> wanted_;
  std::size_t at_ = 0;
  MadeAtEnd made_;
};

}  // namespace

std::shared_ptr<deliver::EndWork> MakeVodWork(RuntimeCore& core,
                                              const deliver::OutputPlan& plan) {
  return std::make_shared<VodWork>(core, plan);
}

}  // namespace hlsrec::record
