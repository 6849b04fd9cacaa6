#ifndef HLSREC_SRC_SERVE_FOLDER_SCAN_H_
#define HLSREC_SRC_SERVE_FOLDER_SCAN_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "src/serve/inventory.h"

namespace hlsrec::serve {

// Of a media playlist; paths are below the folder that is served.
// Looks for playlists below folders. What has not changed since the last time
// is not read again.
//
// Threads. One. Blocking. On the disk.
class FolderScan {
 public:
  Inventory Scan(const std::vector<std::string>& folders);

 private:
  struct Known {
    std::filesystem::file_time_type modified = {};
    std::uintmax_t size = 0;
    std::shared_ptr<const ListSummary> summary = {};
    // Those whose sizes are in the summary already, while the list only grows.
    std::set<std::string> counted = {};
    std::uint64_t seen_in_scan = 0;
  };
  struct Manifest {
    std::filesystem::file_time_type modified = {};
    ManifestNames names = {};
    std::uint64_t seen_in_scan = 0;
  };

  void ScanFolder(const std::string& root, const std::string& path, int depth,
                  Inventory& found);
  static std::uint64_t Measure(const std::string& root,
                               const std::set<std::string>& names,
                               Known& known);
  std::shared_ptr<const ListSummary> Read(const std::string& root,
                                          const std::string& path);
  ManifestNames ReadManifest(const std::string& file);

  std::map<std::string, Known> known_;         // by file
  std::map<std::string, Manifest> manifests_;  // likewise
  std::uint64_t scans_ = 0;
};

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_FOLDER_SCAN_H_
