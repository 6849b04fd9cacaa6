#include "tests/av/media_files.h"

#include <stdlib.h>

#include <fstream>
#include <iterator>
#include <utility>

namespace hlsrec::testing {

std::string MediaFile(const std::string& name) {
  return std::string(HLSREC_TEST_MEDIA) + "/" + name;
}

std::size_t ReadResult::packets() const {
  std::size_t sum = 0;
  for (const auto& [id, track] : tracks) sum += track.packets;
  return sum;
}

ReadResult ReadAll(Source& source, std::size_t max_packets) {
  ReadResult result;
  for (std::size_t count = 0; count < max_packets; ++count) {
    StatusOr<Packet> packet = source.Read();
    if (!packet.ok()) {
      result.end = packet.status();
      break;
    }
    if (source.TracksChanged()) ++result.track_changes;
    TrackSummary& track = result.tracks[packet->track];
    ++track.packets;
    track.size_bytes += packet->payload.size();
    if (packet->keyframe) ++track.keyframes;
    if (packet->dts == kNoTimestamp) {
      if (packet->pts == kNoTimestamp) ++track.without_timestamp;
      continue;
    }
    if (track.first_dts == kNoTimestamp) track.first_dts = packet->dts;
    if (track.last_dts != kNoTimestamp && packet->dts <= track.last_dts) {
      ++track.dts_going_back;
    }
    track.last_dts = packet->dts;
  }
  return result;
}

const Track* FindTrack(const Source& source, Codec codec) {
  const Track* found = nullptr;
  for (const Track& track : source.tracks()) {
    if (track.codec != codec) continue;
    if (found != nullptr) return nullptr;
    found = &track;
  }
  return found;
}

std::vector<std::uint8_t> ReadBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file),
          std::istreambuf_iterator<char>()};
}

TempDirectory::TempDirectory() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "hlsrec-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDirectory::path(const std::string& name) const {
  return (path_ / name).string();
}

std::string TempDirectory::Write(const std::string& name,
                                 const std::vector<std::uint8_t>& bytes) const {
  std::ofstream file(path_ / name, std::ios::binary);
  for (const std::uint8_t byte : bytes) file.put(static_cast<char>(byte));
  return path(name);
}

}  // namespace hlsrec::testing
