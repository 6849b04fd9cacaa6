#ifndef HLSREC_TESTS_CRASH_PLAYLIST_READER_H_
#define HLSREC_TESTS_CRASH_PLAYLIST_READER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "hlsrec/check.h"

namespace hlsrec::testing {

// Reads playlists over and over, as players would, and notes what a player
// would stumble over: a playlist that is gone or broken, versions that
// contradict each other, a listed segment that isn't whole.
//
// Threads. Any.
class PlaylistReader {
 public:
  PlaylistReader();
  ~PlaylistReader();
  PlaylistReader(const PlaylistReader&) = delete;
  PlaylistReader& operator=(const PlaylistReader&) = delete;

  // From now on, once it is there.
  void Watch(const std::string& playlist);
  // Ends it after one more look, and judges: files that were listed must be as
  // they were. A window's own may be gone.
  void Unwatch(const std::string& playlist);

  struct Report {
    std::vector<std::string> problems = {};
    std::size_t reads = 0;
    std::size_t versions = 0;
    std::size_t segments = 0;  // each looked at when first listed
  };
  [[nodiscard]] Report report() const;

 private:
  struct File {
    std::size_t size = 0;
    std::size_t hash = 0;
  };
  struct Watched {
    std::string path;
    bool seen = false;
    std::string text;
    SnapshotChecker checker;
    std::map<std::string, File> files;

    explicit Watched(std::string p) : path(p), checker(std::move(p)) {}
  };

  void Run();
  void Look(Watched& watched);
  void LookAtFiles(Watched& watched);
  void Note(const std::string& problem);

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Watched>> watched_;
  Report report_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace hlsrec::testing

#endif  // HLSREC_TESTS_CRASH_PLAYLIST_READER_H_
