#include "src/playlist/clip_mark.h"

#include "src/playlist/parse.h"
#include "tests/catch.h"

namespace hlsrec::playlist {
namespace {

TEST_CASE("clip mark: it is read, and players pass it over") {
  const std::string list =
      "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\na.ts\n";
  CHECK(ClipOf(list).empty());
  const std::string clip = MarkAsClip(list, "index.m3u8");
  CHECK(clip ==
        "#EXTM3U\n#HLSREC-CLIP-OF:index.m3u8\n#EXT-X-TARGETDURATION:6\n"
        "#EXTINF:6,\na.ts\n");
  CHECK(ClipOf(clip) == "index.m3u8");
  const auto parsed = ParsePlaylist(clip);
  REQUIRE(parsed.ok());
  CHECK(parsed->media.segments.size() == 1);
  CHECK(MarkAsClip(clip, "b.m3u8") == MarkAsClip(list, "b.m3u8"));
}

TEST_CASE("clip mark: texts that are short, or end otherwise") {
  for (const char* text : {"", "#EXTM3U", "#EXTM3U\n", "#EXTM3U\n#HLSREC"}) {
    CHECK(ClipOf(text).empty());
  }
  CHECK(ClipOf("#EXTM3U\r\n#HLSREC-CLIP-OF:a.m3u8\r\n") == "a.m3u8");
  CHECK(ClipOf("#EXTM3U\n#HLSREC-CLIP-OF:a.m3u8") == "a.m3u8");
  CHECK(ClipOf("#EXTM3U\n#EXT\n#HLSREC-CLIP-OF:a.m3u8\n").empty());
}

}  // namespace
}  // namespace hlsrec::playlist
