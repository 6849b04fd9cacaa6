#include "tests/crash/verdict.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>

#include "tests/catch.h"
#include "tests/cli/recorded.h"

namespace hlsrec::testing {
namespace {

// The places of what was recorded, required to be the source's, each later than
// the one before.
std::vector<std::size_t> PlacesOf(const std::vector<std::uint64_t>& recorded,
                                  const LiveFeed::Places& places) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < recorded.size(); ++i) {
    const auto place = places.find(recorded[i]);
    CAPTURE(i, recorded.size());
    REQUIRE(place != places.end());
    if (!found.empty()) REQUIRE(place->second > found.back());
    found.push_back(place->second);
  }
  return found;
}

std::vector<std::string> FilesBelow(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code none;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder, none)) {
    // A kill may leave an empty folder.
    if (!entry.is_directory()) files.push_back(entry.path().string());
  }
  return files;
}

Loss LossOf(const Kill& kill, const std::vector<std::size_t>& pictures,
            const LiveFeed& feed) {
  // What was sent before it was ready was accepted when it was.
  Steady oldest = *kill.recording;
  if (const auto key = feed.KeyframeAfter(kill.started)) {
    oldest = std::max(oldest, feed.SentAt(*key).value_or(kill.killed));
  }
  for (const std::size_t picture : pictures) {
    const auto sent = feed.SentAt(picture);
    if (!sent || *sent > kill.killed) break;
    if (*sent >= kill.started) oldest = std::max(oldest, *sent);
  }
  return {.kind = kill.kind,
          .age = std::max(std::chrono::milliseconds(0),
                          std::chrono::duration_cast<std::chrono::milliseconds>(
                              kill.killed - oldest))};
}

// What lies between two pieces was sent while no process was recording, or was
// lost by a kill: inside a process' life nothing is missing.
std::size_t Holes(const std::vector<std::size_t>& places) {
  std::size_t holes = 0;
  for (std::size_t i = 1; i < places.size(); ++i) {
    if (places[i] != places[i - 1] + 1) ++holes;
  }
  return holes;
}

}  // namespace

std::vector<Loss> Judge(const KilledRecording& recording,
                        const LiveFeed& feed) {
  INFO(recording.folder);
  for (const std::string& playlist : recording.playlists) {
    RequireConforms(playlist);
  }
  CHECK(FilesBelow(recording.folder + "/.hlsrec-spool") ==
        std::vector<std::string>());
  // The first lists all there is.
  const std::string& whole = recording.playlists.front();
  const Playlist playlist = ReadPlaylist(whole);
  const Contents contents = RecordedContents(whole);
  const auto pictures = PlacesOf(contents.video, feed.pictures());
  const auto sounds = PlacesOf(contents.audio, feed.sounds());
  CHECK(Holes(pictures) == playlist.discontinuities());
  CHECK(Holes(sounds) <= playlist.discontinuities());
  CHECK(playlist.discontinuities() <= recording.kills.size());
  std::vector<Loss> losses;
  for (const Kill& kill : recording.kills) {
    // Asked to stop, it takes nothing more: what it has is stored, or owed.
    const bool stopped = kill.kind == KillKind::kFinishing;
    if (kill.recording && !stopped) {
      losses.push_back(LossOf(kill, pictures, feed));
    }
  }
  return losses;
}

}  // namespace hlsrec::testing
