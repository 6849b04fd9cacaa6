#ifndef HLSREC_TESTS_AV_MEDIA_FILES_H_
#define HLSREC_TESTS_AV_MEDIA_FILES_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "hlsrec/source.h"

namespace hlsrec::testing {

// The path of a file that make_media.sh made.
std::string MediaFile(const std::string& name);

// What was read of one track.
struct TrackSummary {
  std::size_t packets = 0;
  std::size_t keyframes = 0;
  std::uint64_t size_bytes = 0;
  std::size_t without_timestamp = 0;  // neither pts nor dts
  std::size_t dts_going_back = 0;
  std::int64_t first_dts = kNoTimestamp;
  std::int64_t last_dts = kNoTimestamp;
};
struct ReadResult {
  std::map<int, TrackSummary> tracks = {};
  std::size_t track_changes = 0;
  Status end = {};

  [[nodiscard]] std::size_t packets() const;
};

// Reads until the source ends, or `max_packets` were read.
ReadResult ReadAll(Source& source, std::size_t max_packets = SIZE_MAX);

// The only track of that codec; nullptr where there is none or several.
const Track* FindTrack(const Source& source, Codec codec);

std::vector<std::uint8_t> ReadBytes(const std::string& path);

// A directory of the test's own, removed with all its files at the end.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const;
  // Writes a file and returns its path.
  [[nodiscard]] std::string Write(const std::string& name,
                                  const std::vector<std::uint8_t>& bytes) const;

 private:
  std::filesystem::path path_;
};

}  // namespace hlsrec::testing

#endif  // HLSREC_TESTS_AV_MEDIA_FILES_H_
