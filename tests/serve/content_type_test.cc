#include "src/serve/content_type.h"

#include "tests/catch.h"

namespace hlsrec::serve {
namespace {

TEST_CASE("content types: by extension") {
  CHECK(ContentTypeOf("a/b.m3u8") == "application/vnd.apple.mpegurl");
  CHECK(ContentTypeOf("b.TS") == "video/mp2t");
  CHECK(ContentTypeOf("init.mp4") == "video/mp4");
  CHECK(ContentTypeOf("b.m4s") == "video/mp4");
  CHECK(ContentTypeOf("b.vtt") == "text/vtt; charset=utf-8");
  CHECK(ContentTypeOf("b.html") == "application/octet-stream");
  CHECK(ContentTypeOf("b.svg") == "application/octet-stream");
  CHECK(ContentTypeOf("b") == "application/octet-stream");
}

}  // namespace
}  // namespace hlsrec::serve
