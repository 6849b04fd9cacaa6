#include "tests/record/published_log.h"

#include "src/playlist/parse.h"
#include "tests/catch.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

std::string Beside(const std::string& path, const std::string& uri) {
  return path.substr(0, path.find_last_of('/') + 1) + uri;
}

}  // namespace

void CheckOrder(const PublishedLog& log) {
  std::map<std::string, std::string> stored;
  for (const PublishedObject& each : log) {
    if (each.path.ends_with(".m3u8")) {
      const auto parsed = playlist::ParsePlaylist(each.bytes);
      REQUIRE(parsed.ok());
      CHECK(parsed->findings.empty());
      for (const auto& segment : parsed->media.segments) {
        if (segment.gap) continue;
        CAPTURE(each.path, segment.uri);
        CHECK(stored.contains(Beside(each.path, segment.uri)));
      }
      const std::size_t map = each.bytes.find("#EXT-X-MAP:URI=\"");
      if (map != std::string::npos) {
        const std::string uri = each.bytes.substr(map + 16);
        CHECK(stored.contains(Beside(each.path, uri.substr(0, uri.find('"')))));
      }
    } else if (const auto found = stored.find(each.path);
               found != stored.end()) {
      CHECK(found->second == each.bytes);
    }
    stored[each.path] = each.bytes;
  }
}

std::map<std::string, std::string> Newest(const PublishedLog& log) {
  std::map<std::string, std::string> objects;
  for (const PublishedObject& each : log) objects[each.path] = each.bytes;
  return objects;
}

std::vector<std::int64_t> ListedPictures(
    const std::map<std::string, std::string>& objects,
    const std::string& path) {
  INFO(path);
  REQUIRE(objects.contains(path));
  const auto parsed = playlist::ParsePlaylist(objects.at(path));
  REQUIRE(parsed.ok());
  CHECK(parsed->findings.empty());
  CHECK(parsed->media.end_list.present());
  std::vector<std::int64_t> marks;
  for (const auto& segment : parsed->media.segments) {
    if (segment.gap) continue;
    REQUIRE(objects.contains(Beside(path, segment.uri)));
    const auto in = MarksIn(objects.at(Beside(path, segment.uri)), 'A');
    marks.insert(marks.end(), in.begin(), in.end());
  }
  return marks;
}

}  // namespace hlsrec
