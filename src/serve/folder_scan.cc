#include "src/serve/folder_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "src/base/file.h"
#include "src/serve/local_files.h"

namespace hlsrec::serve {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 16;
constexpr std::uint64_t kMaxListBytes = std::uint64_t{256} << 20;

}  // namespace

std::shared_ptr<const ListSummary> FolderScan::Read(const std::string& root,
                                                    const std::string& path) {
  const std::string file = root + "/" + path;
  std::error_code error;
  const auto modified = fs::last_write_time(file, error);
  const auto size = error ? 0 : fs::file_size(file, error);
  if (error) return nullptr;
  Known& known = known_[file];
  known.seen_in_scan = scans_;
  if (known.summary != nullptr && known.modified == modified &&
      known.size == size) {
    return known.summary;
  }
  const auto text = PosixFileSystem().ReadFile(file, kMaxListBytes);
  if (!text.ok()) return nullptr;
  auto read = Summarize(path, *text);
  if (!read.ok()) return nullptr;
  read->summary.size_bytes = Measure(root, read->objects, known);
  known.modified = modified;
  known.size = size;
  known.summary = std::make_shared<const ListSummary>(std::move(read->summary));
  return known.summary;
}

std::uint64_t FolderScan::Measure(const std::string& root,
                                  const std::set<std::string>& names,
                                  Known& known) {
  // Objects do not change: each is measured once while the list goes on.
  const bool grew = std::includes(names.begin(), names.end(),
                                  known.counted.begin(), known.counted.end());
  if (!grew) known.counted.clear();
  std::uint64_t bytes =
      grew && known.summary != nullptr ? known.summary->size_bytes : 0;
  for (const std::string& name : names) {
    if (known.counted.contains(name)) continue;
    std::error_code error;
    const auto size = fs::file_size(fs::path(root) / name, error);
    if (error) continue;
    bytes += size;
    known.counted.insert(name);
  }
  return bytes;
}

ManifestNames FolderScan::ReadManifest(const std::string& file) {
  std::error_code error;
  const auto modified = fs::last_write_time(file, error);
  if (error) return {};
  Manifest& known = manifests_[file];
  known.seen_in_scan = scans_;
  if (known.modified == modified) return known.names;
  known = {.modified = modified, .seen_in_scan = scans_};
  const auto text = PosixFileSystem().ReadFile(file, kMaxListBytes);
  if (text.ok()) known.names = ReadManifestNames(*text);
  return known.names;
}

void FolderScan::ScanFolder(const std::string& root, const std::string& path,
                            int depth, Inventory& found) {
  std::error_code error;
  fs::directory_iterator next(root + "/" + path, error);
  // A range-for would throw where the folder can't be read on.
  for (; !error && next != fs::directory_iterator(); next.increment(error)) {
    const fs::directory_entry& entry = *next;
    std::error_code gone;
    const std::string name = entry.path().filename().string();
    // Links are not followed by LocalFiles either.
    if (IsHidden(name) || entry.is_symlink(gone)) continue;
    if (entry.is_directory(gone)) {
      if (depth < kDeepest) {
        ScanFolder(root, path + name + "/", depth + 1, found);
      }
      continue;
    }
    switch (RoleOf(name)) {
      case ObjectRole::kPlaylist: {
        // Of two folders that have a file, the first gives it.
        if (found.lists.contains(path + name)) break;
        const auto summary = Read(root, path + name);
        if (summary == nullptr) break;
        found.lists[path + name] = summary;
        found.folders[path].playlists.push_back(name);
        break;
      }
      case ObjectRole::kPicture:
        found.folders[path].pictures.push_back(name);
        break;
      case ObjectRole::kManifest: {
        auto& manifests = found.folders[path].manifests;
        if (manifests.contains(name)) break;
        manifests[name] =
            ReadManifest(fmt::format("{}/{}{}", root, path, name));
        break;
      }
      case ObjectRole::kOther:
        break;
    }
  }
}

Inventory FolderScan::Scan(const std::vector<std::string>& roots) {
  ++scans_;
  Inventory found;
  for (const std::string& root : roots) ScanFolder(root, "", 0, found);
  const auto gone = [this](const auto& one) {
    return one.second.seen_in_scan != scans_;
  };
  std::erase_if(known_, gone);
  std::erase_if(manifests_, gone);
  return found;
}

}  // namespace hlsrec::serve
