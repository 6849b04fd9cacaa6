#include "src/serve/playlist_text.h"

#include "tests/catch.h"

namespace hlsrec::serve {
namespace {

TEST_CASE("playlist text: a query goes behind every relative URI") {
  CHECK(AddQueryToUris("#EXTM3U\n"
                       "# a comment, URI=\"x\"\n"
                       "#EXT-X-MAP:URI=\"init.mp4\",BYTERANGE=\"1@2\"\r\n"
                       "#EXT-X-KEY:METHOD=AES-128,URI=\"skd://k\"\n"
                       "#EXT-X-MEDIA:NAME=\",URI=\",URI=\"a.m3u8?x=1#f\"\n"
                       "#EXTINF:6,\n"
                       "b/000001.ts\n"
                       "https://elsewhere/c.ts\n"
                       "//elsewhere/d.ts\n"
                       "\n"
                       "e:f.ts",
                       "s=1&t=2") ==
        "#EXTM3U\n"
        "# a comment, URI=\"x\"\n"
        "#EXT-X-MAP:URI=\"init.mp4?s=1&t=2\",BYTERANGE=\"1@2\"\r\n"
        "#EXT-X-KEY:METHOD=AES-128,URI=\"skd://k\"\n"
        "#EXT-X-MEDIA:NAME=\",URI=\",URI=\"a.m3u8?x=1&s=1&t=2#f\"\n"
        "#EXTINF:6,\n"
        "b/000001.ts?s=1&t=2\n"
        "https://elsewhere/c.ts\n"
        "//elsewhere/d.ts\n"
        "\n"
        "e:f.ts");
}

}  // namespace
}  // namespace hlsrec::serve
