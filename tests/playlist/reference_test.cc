#include "src/playlist/reference.h"

#include "tests/catch.h"

namespace hlsrec::playlist {
namespace {

TEST_CASE("reference: a reference is beside its playlist") {
  CHECK(KeyOfReference("a/b/i.m3u8", "0.ts") == "a/b/0.ts");
  CHECK(KeyOfReference("i.m3u8", "x/0.ts?token=1#f") == "x/0.ts");
  CHECK(KeyOfReference("a/b/i.m3u8", "../c/./0.ts") == "a/c/0.ts");
  CHECK(KeyOfReference("a/b/i.m3u8", "../../0.ts") == "0.ts");
  CHECK(KeyOfReference("a/i.m3u8", "x%20y.ts") == "a/x y.ts");
  CHECK(KeyOfReference("a/i.m3u8", "12:30.ts") == "a/12:30.ts");
  for (const char* elsewhere : {"", "/0.ts", "//host/0.ts", "https://host/0.ts",
                                "data:x", "../../0.ts", "?x", "a%00.ts"}) {
    INFO(elsewhere);
    CHECK_FALSE(KeyOfReference("a/i.m3u8", elsewhere));
  }
}

TEST_CASE("reference: its folder and its extension") {
  CHECK(FolderOfKey("a/b/c.ts") == "a/b/");
  CHECK(FolderOfKey("c.ts").empty());
  CHECK(ExtensionOfKey("a.b/c").empty());
  CHECK(ExtensionOfKey("a/B.M3U8") == "m3u8");
}

}  // namespace
}  // namespace hlsrec::playlist
