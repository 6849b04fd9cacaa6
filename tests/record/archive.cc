#include "tests/record/archive.h"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <utility>

#include "hlsrec/resume.h"
#include "src/playlist/parse.h"
#include "tests/catch.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

using std::chrono::seconds;

std::uint64_t LittleEndian(const std::string& text, std::size_t at,
                           std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i > 0; --i) {
    value = value << 8 | static_cast<std::uint8_t>(text.at(at + i - 1));
  }
  return value;
}

}  // namespace

RecordingOptions ZipOptions(const Machine& machine) {
  RecordingOptions options = CameraOptions(machine.faulty);
  options.outputs[0].archive_path = kZip;
  options.finish_timeout = seconds(5);
  return options;
}

RecordingOptions ZipAndMovieOptions(const Machine& machine) {
  RecordingOptions options = ZipOptions(machine);
  options.outputs[0].movie_path = kMovie;
  options.outputs[0].container = Container::kFmp4;
  return options;
}

Entries Unzip(const std::string& zip) {
  REQUIRE(zip.size() > 22);
  Entries entries;
  std::size_t at = 0;
  while (LittleEndian(zip, at, 4) == 0x04034b50) {
    const auto size = static_cast<std::size_t>(LittleEndian(zip, at + 18, 4));
    const auto name = static_cast<std::size_t>(LittleEndian(zip, at + 26, 2));
    const auto extra = static_cast<std::size_t>(LittleEndian(zip, at + 28, 2));
    const bool added = entries
                           .emplace(zip.substr(at + 30, name),
                                    zip.substr(at + 30 + name + extra, size))
                           .second;
    CHECK(added);
    at += 30 + name + extra + size;
  }
  CHECK(LittleEndian(zip, at, 4) == 0x02014b50);
  CHECK(LittleEndian(zip, zip.size() - 22, 4) == 0x06054b50);
  return entries;
}

playlist::MediaPlaylist Listed(const Entries& entries,
                               const std::string& name) {
  REQUIRE(entries.contains(name));
  const auto parsed = playlist::ParsePlaylist(entries.at(name));
  REQUIRE(parsed.ok());
  CHECK(parsed->findings.empty());
  CHECK(parsed->media.end_list.present());
  return parsed->media;
}

std::vector<std::int64_t> Pictures(const Entries& entries,
                                   const std::string& name) {
  std::vector<std::int64_t> marks;
  for (const auto& segment : Listed(entries, name).segments) {
    if (segment.gap) continue;
    REQUIRE(entries.contains(segment.uri));
    const auto in = MarksIn(entries.at(segment.uri), 'A');
    marks.insert(marks.end(), in.begin(), in.end());
  }
  return marks;
}

std::vector<std::int64_t> Numbers(std::int64_t count, std::int64_t first) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < count; ++i) numbers.push_back(first + i);
  return numbers;
}

std::vector<std::int64_t> Joined(std::vector<std::int64_t> some,
                                 const std::vector<std::int64_t>& more) {
  some.insert(some.end(), more.begin(), more.end());
  return some;
}

void CheckSpoolIsEmpty(Machine& machine) {
  machine.simulation->RunUntilIdle();
  CHECK(ListInterrupted(machine.simulation->runtime())->empty());
  for (const auto& entry :
       std::filesystem::directory_iterator(machine.spool.directory)) {
    const std::string name = entry.path().filename();
    INFO(name);
    CHECK(!name.starts_with("scratch-"));
    CHECK(!name.ends_with(".ts"));
    CHECK(!name.ends_with(".m4s"));
  }
}

}  // namespace hlsrec
