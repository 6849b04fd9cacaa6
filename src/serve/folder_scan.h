#ifndef HLSREC_SRC_SERVE_FOLDER_SCAN_H_
#define HLSREC_SRC_SERVE_FOLDER_SCAN_H_

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "src/base/clock.h"

namespace hlsrec::serve {

// Of a media playlist; paths are below the folder that is served.
struct ListSummary {
  bool multivariant = false;
  bool ended = false;
  std::optional<WallTime> start = {};
  std::chrono::microseconds duration{0};
  std::uint64_t segments = 0;
  std::uint64_t size_bytes = 0;  // of what it names and is there
  struct Gap {
    std::chrono::microseconds offset{0};  // from the list's beginning
    std::chrono::microseconds duration{0};
  };
  std::vector<Gap> gaps = {};
  std::vector<std::string> children = {};  // of a multivariant one
};

struct FoundRecording {
  std::string path = {};      // its folder, with its last `/`; empty: the root
  std::string title = {};     // the stream's name
  std::string session = {};   // of its manifest
  std::string id = {};        // of its manifest
  std::string state = {};     // "live", "ended"
  std::string playlist = {};  // the one to play
  std::vector<std::string> playlists = {};  // all of it, that one first
  std::string poster = {};
  ListSummary summary = {};
  WallTime modified = {};
};

// Looks for playlists below folders. What has not changed since the last time
// is not read again.
//
// Threads. One. Blocking. On the disk.
class FolderScan {
 public:
  // Newest first.
  std::vector<FoundRecording> Scan(const std::vector<std::string>& folders);

 private:
  struct Known {
    std::filesystem::file_time_type modified = {};
    std::uintmax_t size = 0;
    ListSummary summary = {};
    // Those whose sizes are in the summary already, while the list only grows.
    std::set<std::string> counted = {};
    std::uint64_t seen_in_scan = 0;
  };
  struct Manifest {
    std::filesystem::file_time_type modified = {};
    std::string id = {};
    std::string stream = {};
    std::string session = {};
    std::uint64_t seen_in_scan = 0;
  };
  struct Folder {
    std::vector<std::string> playlists = {};  // names
    std::vector<std::string> pictures = {};
    std::map<std::string, std::string> manifests = {};  // files by name
  };

  // By path.
  using Lists = std::map<std::string, const ListSummary*>;

  void ScanFolder(const std::string& root, const std::string& path, int depth,
                  Lists& lists, std::map<std::string, Folder>& folders);
  static void AddChildren(const Lists& lists, const ListSummary& summary,
                          FoundRecording& recording);
  void Name(const Folder& folder, FoundRecording& recording);
  static void Add(FoundRecording recording, std::vector<FoundRecording>& found);
  static void Measure(const std::string& root,
                      const std::set<std::string>& names, Known& known);
  const ListSummary* Read(const std::string& root, const std::string& path);
  const Manifest* ReadManifest(const std::string& file);

  std::map<std::string, Known> known_;         // by file
  std::map<std::string, Manifest> manifests_;  // likewise
  std::uint64_t scans_ = 0;
};

std::string RenderRecordings(const std::vector<FoundRecording>& recordings);

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_FOLDER_SCAN_H_
