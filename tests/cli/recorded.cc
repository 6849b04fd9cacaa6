#include "tests/cli/recorded.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>

#include "tests/catch.h"
#include "tests/cli/command.h"

namespace hlsrec::testing {
namespace {

bool Tag(const std::string& line, std::string_view name, std::string& value) {
  if (!line.starts_with(name)) return false;
  value = line.substr(name.size());
  return true;
}

std::string Quoted(const std::string& attributes, const std::string& name) {
  const std::size_t at = attributes.find(name + "=\"");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 2;
  return attributes.substr(begin, attributes.find('"', begin) - begin);
}

}  // namespace

double Playlist::duration() const {
  double sum = 0;
  for (const ListedSegment& segment : segments) sum += segment.duration;
  return sum;
}

std::size_t Playlist::discontinuities() const {
  return static_cast<std::size_t>(
      std::count_if(segments.begin(), segments.end(),
                    [](const auto& segment) { return segment.discontinuity; }));
}

std::size_t Playlist::gaps() const {
  return static_cast<std::size_t>(
      std::count_if(segments.begin(), segments.end(),
                    [](const auto& segment) { return segment.gap; }));
}

std::string ReadText(const std::string& path) {
  const auto bytes = ReadBytes(path);
  return {bytes.begin(), bytes.end()};
}

Playlist ParseMedia(const std::string& text) {
  Playlist playlist{.text = text};
  const auto defect = [&playlist](const std::string& what) {
    if (playlist.defect.empty()) playlist.defect = what;
  };
  if (text.empty()) defect("empty");
  if (!text.starts_with("#EXTM3U\n")) defect("no #EXTM3U");
  if (!text.ends_with('\n')) defect("the last line is cut off");
  std::istringstream lines(text);
  std::string line;
  std::string value;
  ListedSegment next;
  bool timed = false;
  std::string map;
  while (std::getline(lines, line)) {
    if (Tag(line, "#EXTINF:", value)) {
      if (value.find(',') == std::string::npos) defect(line);
      next.duration = std::strtod(value.c_str(), nullptr);
      timed = true;
    } else if (Tag(line, "#EXT-X-TARGETDURATION:", value)) {
      playlist.target_duration = std::atoi(value.c_str());
    } else if (Tag(line, "#EXT-X-MEDIA-SEQUENCE:", value)) {
      playlist.media_sequence = std::strtoull(value.c_str(), nullptr, 10);
    } else if (Tag(line, "#EXT-X-MAP:", value)) {
      map = Quoted(value, "URI");
    } else if (line == "#EXT-X-DISCONTINUITY") {
      next.discontinuity = true;
    } else if (line == "#EXT-X-GAP") {
      next.gap = true;
    } else if (line == "#EXT-X-ENDLIST") {
      playlist.ended = true;
    } else if (!line.empty() && !line.starts_with('#')) {
      if (!timed) defect("no EXTINF before " + line);
      next.uri = line;
      next.map = map;
      playlist.segments.push_back(next);
      next = {};
      timed = false;
    }
  }
  if (playlist.target_duration < 1) defect("no EXT-X-TARGETDURATION");
  return playlist;
}

Playlist ReadPlaylist(const std::string& path) {
  Playlist playlist = ParseMedia(ReadText(path));
  INFO(path << ":\n" << playlist.text);
  REQUIRE(playlist.defect.empty());
  return playlist;
}

bool Lists(const std::string& path, std::size_t segments) {
  const std::string text = ReadText(path);
  return !text.empty() && ParseMedia(text).segments.size() >= segments;
}

std::size_t Dropped(const std::string& json_lines) {
  std::istringstream lines(json_lines);
  nlohmann::json last;
  for (std::string line; std::getline(lines, line);) {
    last = nlohmann::json::parse(line, nullptr, false);
    INFO(line);
    REQUIRE_FALSE(last.is_discarded());
  }
  REQUIRE(last.value("event", "") == "summary");
  return last["progress"]["packets_dropped"].get<std::size_t>();
}

void RequireConforms(const std::string& location) {
  const Ended check = Run(Hlsrec({"check", location}));
  INFO(check.out << check.err);
  REQUIRE(check.code == 0);
}

}  // namespace hlsrec::testing
