#include "src/sink/file_sink.h"

#include <unistd.h>
#include <algorithm>
#include <array>

#include <filesystem>
#include <span>
#include <utility>

#include "hlsrec/runtime.h"
#include "src/base/hash.h"
#include "src/base/process.h"
#include "src/base/status_util.h"

namespace hlsrec::sink {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 18;

// Temporary names start with a dot: web servers and `ls` leave them out, and no
// template can make one.
constexpr std::string_view kTemporary = ".hlsrec-";
constexpr std::string_view kSuffix = ".tmp";
constexpr std::string_view kLockSuffix = ".lock";
// Leaves room for prefix and suffix in a name of 255 bytes.
constexpr std::size_t kLongestLockName = 240;

Status CreateFolder(FileSystem& files, const FileSinkOptions& options,
                    const std::string& path) {
  return options.sync == FileSync::kNone
             ? files.CreateDirectories(path, options.directory_mode)
             : CreateDirectoriesDurably(files, path, options.directory_mode);
}

// Folders that held only what is gone go with it, the root never. Those
// removed.
std::vector<std::string> RemoveEmptyFolders(FileSystem& files,
                                            const std::string& root,
                                            std::string directory) {
  std::vector<std::string> removed;
  while (directory.size() > root.size() &&
         files.RemoveEmptyDirectory(directory).ok()) {
    removed.push_back(directory);
    directory = DirectoryOf(directory);
  }
  return removed;
}

// A key that is held: by the file beside it, which goes first.
class Held {
 public:
  Held(FileSystem& files, std::string root, std::string path,
       std::unique_ptr<FileLock> lock)
      : files_(files),
        root_(std::move(root)),
        path_(std::move(path)),
        lock_(std::move(lock)) {}
  ~Held() {
    files_.Remove(path_).Ignore("left behind it locks nobody out");
    RemoveEmptyFolders(files_, root_, DirectoryOf(path_));
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  FileSystem& files_;
  const std::string root_;
  const std::string path_;
  const std::unique_ptr<FileLock> lock_;
};

class FileSink final : public BlockingSink {
 public:
  FileSink(FileSystem& files, FileSinkOptions options)
      : files_(files), options_(std::move(options)) {}

  Status Put(const PutRequest& request) override {
    const std::string path = Path(request.key);
    const std::string directory = DirectoryOf(path);
    HLSREC_RETURN_IF_ERROR(EnsureDirectory(directory));
    Status status = Store(request, path, directory);
    // Somebody may have tidied up the folder we know.
    if (status.code() == StatusCode::kNotFound) {
      known_.erase(directory);
      HLSREC_RETURN_IF_ERROR(EnsureDirectory(directory));
      status = Store(request, path, directory);
    }
    return status.WithContext("put");
  }

  StatusOr<std::string> Get(const std::string& key,
                            std::uint64_t max_bytes) override {
    return files_.ReadFile(Path(key), max_bytes);
  }

  Status Remove(const std::string& key) override {
    const std::string path = Path(key);
    HLSREC_RETURN_IF_ERROR(files_.Remove(path));
    for (const std::string& removed :
         RemoveEmptyFolders(files_, options_.root, DirectoryOf(path))) {
      known_.erase(removed);
    }
    return {};
  }

  StatusOr<std::vector<ObjectInfo>> List(const std::string& prefix) override {
    std::vector<ObjectInfo> objects;
    const std::size_t slash = prefix.find_last_of('/');
    const std::string folder =
        slash == std::string::npos ? "" : prefix.substr(0, slash + 1);
    HLSREC_RETURN_IF_ERROR(ListFolder(folder, prefix, objects));
    std::sort(
        objects.begin(), objects.end(),
        [](const ObjectInfo& a, const ObjectInfo& b) { return a.key < b.key; });
    return objects;
  }

  StatusOr<std::shared_ptr<void>> Hold(const std::string& key) override {
    const std::string path = Path(key);
    const std::string directory = DirectoryOf(path);
    std::string name = path.substr(path.rfind('/') + 1);
    if (name.size() > kLongestLockName) name = Sha256Hex(AsBytes(name));
    std::string file =
        fmt::format("{}/{}{}{}", directory, kTemporary, name, kLockSuffix);
    known_.erase(directory);  // who let go may have taken it away
    if (!EnsureDirectory(directory).ok()) return std::shared_ptr<void>();
    auto lock = files_.Lock(file, fmt::format("process {}", ::getpid()));
    if (lock.status().code() == StatusCode::kFailedPrecondition) {
      return Unavailable("{}: {}", path, lock.status().message());
    }
    if (!lock.ok()) return std::shared_ptr<void>();
    return std::shared_ptr<void>(std::make_shared<Held>(
        files_, options_.root, std::move(file), *std::move(lock)));
  }

  std::string Describe() const override { return "file:" + options_.root; }

 private:
  [[nodiscard]] std::string Path(const std::string& key) const {
    return options_.root == "/" ? "/" + key : options_.root + "/" + key;
  }

  Status EnsureDirectory(const std::string& directory) {
    if (known_.contains(directory)) return {};
    HLSREC_RETURN_IF_ERROR(CreateFolder(files_, options_, directory));
    known_.insert(directory);
    RemoveLeftOvers(directory);
    return {};
  }

  // Temporary files of processes that were killed here.
  void RemoveLeftOvers(const std::string& directory) {
    const auto entries = files_.List(directory);
    if (!entries.ok()) return;
    for (const DirectoryEntry& entry : *entries) {
      std::string_view tag = entry.name;
      if (!tag.starts_with(kTemporary) || !tag.ends_with(kSuffix)) continue;
      tag.remove_prefix(kTemporary.size());
      const std::size_t dash = tag.rfind('-');
      if (dash == std::string_view::npos || !HasEnded(tag.substr(0, dash))) {
        continue;
      }
      files_.Remove(directory + "/" + entry.name).Ignore("tidiness");
    }
  }

  Status Store(const PutRequest& request, const std::string& path,
               const std::string& directory) {
    if (request.if_exists == IfExists::kFail &&
        !request.body->link_source().empty() &&
        options_.file_mode == FileSinkOptions().file_mode) {
      Status linked =
          files_.Link(std::string(request.body->link_source()), path);
      if (linked.ok()) return SyncNames(directory);
      // Told apart here: the name is taken, or links are not for this place.
      if (linked.code() != StatusCode::kUnimplemented) return linked;
    }
    const std::string temporary =
        fmt::format("{}/{}{}-{}{}", directory, kTemporary, process_,
                    RandomHex(12), kSuffix);
    Status status = WriteTemporary(*request.body, temporary);
    if (status.ok()) {
      status = request.if_exists == IfExists::kReplace
                   ? files_.Rename(temporary, path)
                   : MoveUnlessExists(temporary, path);
    }
    if (!status.ok()) {
      files_.Remove(temporary).Ignore("the first error says more");
      return status;
    }
    return SyncNames(directory);
  }

  Status WriteTemporary(const Body& body, const std::string& temporary) {
    HLSREC_ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> file,
                            files_.Create(temporary, options_.file_mode));
    block_.resize(kBlock);
    for (std::uint64_t offset = 0; offset < body.size();) {
      const auto count = static_cast<std::size_t>(
          std::min<std::uint64_t>(kBlock, body.size() - offset));
      HLSREC_RETURN_IF_ERROR(body.ReadAt(
          offset, std::as_writable_bytes(std::span(block_.data(), count))));
      HLSREC_RETURN_IF_ERROR(file->Write(ByteSpan(block_.data(), count)));
      offset += count;
    }
    if (options_.sync == FileSync::kObject) {
      HLSREC_RETURN_IF_ERROR(file->Sync());
    }
    HLSREC_RETURN_IF_ERROR(file->Close());
    HLSREC_ASSIGN_OR_RETURN(const std::uint64_t size, files_.Size(temporary));
    if (size != body.size()) {
      return DataLoss("{}: {} of {} bytes were stored", temporary, size,
                      body.size());
    }
    return {};
  }

  Status MoveUnlessExists(const std::string& from, const std::string& to) {
    Status linked = files_.Link(from, to);
    if (linked.code() == StatusCode::kUnimplemented) {
      // No links here (FAT, some network mounts): one writer is assumed.
      if (files_.Size(to).ok()) return AlreadyExists("{}: exists", to);
      return files_.Rename(from, to);
    }
    if (linked.ok()) return files_.Remove(from);
    return linked;
  }

  Status SyncNames(const std::string& directory) {
    if (options_.sync == FileSync::kNone) return {};
    return files_.SyncDirectory(directory);
  }

  Status ListFolder(const std::string& folder, const std::string& prefix,
                    std::vector<ObjectInfo>& objects) {
    StatusOr<std::vector<DirectoryEntry>> entries =
        files_.List(options_.root + "/" + folder);
    if (!entries.ok()) {
      return entries.status().code() == StatusCode::kNotFound
                 ? Status()
                 : entries.status();
    }
    for (const DirectoryEntry& entry : *entries) {
      if (entry.name.starts_with('.')) continue;
      const std::string key = folder + entry.name;
      if (entry.directory) {
        const std::string below = key + "/";
        if (below.starts_with(prefix) || prefix.starts_with(below)) {
          HLSREC_RETURN_IF_ERROR(ListFolder(below, prefix, objects));
        }
      } else if (key.starts_with(prefix)) {
        objects.push_back({.key = key, .size_bytes = entry.size_bytes});
      }
    }
    return {};
  }

  FileSystem& files_;
  const FileSinkOptions options_;
  const std::string process_ = ProcessTag();
  std::unordered_set<std::string> known_;  // folders that exist
  Bytes block_;
};

}  // namespace

StatusOr<std::unique_ptr<BlockingSink>> MakeFileSink(
    FileSystem& files, const FileSinkOptions& options) {
  if (options.root.empty()) {
    return InvalidArgument("file sink: root: is empty: name a directory");
  }
  FileSinkOptions clean = options;
  while (clean.root.size() > 1 && clean.root.back() == '/') {
    clean.root.pop_back();
  }
  HLSREC_RETURN_IF_ERROR(
      CreateFolder(files, clean, clean.root).WithContext("file sink"));
  return std::unique_ptr<BlockingSink>(
      std::make_unique<FileSink>(files, std::move(clean)));
}

}  // namespace hlsrec::sink

namespace hlsrec {

StatusOr<std::shared_ptr<Sink>> OpenFileSink(std::shared_ptr<Runtime> runtime,
                                             const FileSinkOptions& options) {
  if (runtime == nullptr) return InvalidArgument("file sink: runtime: is null");
  FileSinkOptions absolute = options;
  // Another process, in another folder, may have to find it again.
  if (!options.root.empty()) {
    std::error_code error;
    absolute.root =
        std::filesystem::absolute(options.root, error).lexically_normal();
    if (error) absolute.root = options.root;
  }
  HLSREC_ASSIGN_OR_RETURN(std::unique_ptr<BlockingSink> sink,
                          sink::MakeFileSink(PosixFileSystem(), absolute));
  return MakeSink(std::move(runtime), std::move(sink), "file:" + absolute.root);
}

}  // namespace hlsrec
