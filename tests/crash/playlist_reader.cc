#include "tests/crash/playlist_reader.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string_view>
#include <utility>

#include "tests/cli/recorded.h"

namespace hlsrec::testing {
namespace {

// A playlist stands still while its recorder is dead: that is the test's doing.
constexpr std::string_view kStalled = "R33";

std::size_t HashOf(const std::string& bytes) {
  return std::hash<std::string>()(bytes);
}

std::string Beside(const std::string& playlist, const std::string& uri) {
  return (std::filesystem::path(playlist).parent_path() / uri).string();
}

}  // namespace

PlaylistReader::PlaylistReader() : thread_([this] { Run(); }) {}

PlaylistReader::~PlaylistReader() {
  stop_ = true;
  thread_.join();
}

void PlaylistReader::Watch(const std::string& playlist) {
  const std::lock_guard lock(mutex_);
  watched_.emplace(playlist, std::make_shared<Watched>(playlist));
}

void PlaylistReader::Unwatch(const std::string& playlist) {
  const std::lock_guard lock(mutex_);
  const auto found = watched_.find(playlist);
  if (found == watched_.end()) return;
  Watched& watched = *found->second;
  Look(watched);
  if (!watched.seen) {
    Note("was never there: " + playlist);
  } else if (!watched.checker.ended()) {
    Note("has no end: " + playlist);
  }
  const Playlist last = ParseMedia(watched.text);
  const bool window = last.media_sequence > 0;
  for (const auto& [uri, file] : watched.files) {
    const std::string path = Beside(playlist, uri);
    if (window && !std::filesystem::exists(path)) continue;
    const std::string bytes = ReadText(path);
    if (bytes.size() != file.size || HashOf(bytes) != file.hash) {
      Note("changed after it was listed: " + path);
    }
  }
  watched_.erase(found);
}

PlaylistReader::Report PlaylistReader::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

void PlaylistReader::Run() {
  constexpr std::chrono::milliseconds kBetween{3};
  while (!stop_) {
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [path, watched] : watched_) Look(*watched);
    }
    // A player that never pauses would leave the recorders no processor.
    std::this_thread::sleep_for(kBetween);
  }
}

void PlaylistReader::Look(Watched& watched) {
  const bool there = std::filesystem::exists(watched.path);
  std::string text = there ? ReadText(watched.path) : std::string();
  ++report_.reads;
  if (!there && !watched.seen) return;
  watched.seen = true;
  if (!there) return Note("is missing: " + watched.path);
  if (text == watched.text) return;
  const Playlist parsed = ParseMedia(text);
  if (!parsed.defect.empty()) {
    return Note("is broken: " + watched.path + ": " + parsed.defect);
  }
  ++report_.versions;
  for (const CheckFinding& finding :
       watched.checker.Add(std::chrono::steady_clock::now(), text)) {
    if (finding.severity != CheckSeverity::kError) continue;
    if (finding.rule == kStalled) continue;
    Note(FormatFinding(finding) + "\nbefore:\n" + watched.text + "after:\n" +
         text);
  }
  watched.text = std::move(text);
  LookAtFiles(watched);
}

void PlaylistReader::LookAtFiles(Watched& watched) {
  for (const ListedSegment& segment : ParseMedia(watched.text).segments) {
    for (const std::string& uri : {segment.map, segment.uri}) {
      if (uri.empty() || watched.files.contains(uri)) continue;
      const std::string path = Beside(watched.path, uri);
      const std::string bytes = ReadText(path);
      if (bytes.empty()) Note("is listed and not there: " + path);
      ++report_.segments;
      watched.files[uri] = {.size = bytes.size(), .hash = HashOf(bytes)};
    }
    if (segment.gap) Note("lists a gap: " + watched.path);
  }
}

void PlaylistReader::Note(const std::string& problem) {
  constexpr std::size_t kMost = 20;
  if (report_.problems.size() < kMost) report_.problems.push_back(problem);
}

}  // namespace hlsrec::testing
