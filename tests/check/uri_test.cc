#include "src/check/uri.h"

#include "tests/catch.h"

namespace hlsrec::check {
namespace {

TEST_CASE("uri: references resolve as RFC 3986 has it") {
  const char* base = "http://h:80/b/c/d.m3u8?q=1";
  CHECK(ResolveUri(base, "g.ts") == "http://h:80/b/c/g.ts");
  CHECK(ResolveUri(base, "./g.ts") == "http://h:80/b/c/g.ts");
  CHECK(ResolveUri(base, "../g.ts?x#y") == "http://h:80/b/g.ts?x#y");
  CHECK(ResolveUri(base, "../../../g.ts") == "http://h:80/g.ts");
  CHECK(ResolveUri(base, "/g.ts") == "http://h:80/g.ts");
  CHECK(ResolveUri(base, "//o/g.ts") == "http://o/g.ts");
  CHECK(ResolveUri(base, "?x") == "http://h:80/b/c/d.m3u8?x");
  CHECK(ResolveUri(base, "https://o/g.ts") == "https://o/g.ts");
  CHECK(ResolveUri("http://h", "g.ts") == "http://h/g.ts");
}

TEST_CASE("uri: beside a local playlist they name files") {
  CHECK(ResolveUri("a/b/c.m3u8", "g.ts") == "a/b/g.ts");
  CHECK(ResolveUri("c.m3u8", "g.ts") == "g.ts");
  CHECK(ResolveUri("/a/c.m3u8", "a%20b%23.ts?x=1") == "/a/a b#.ts");
  CHECK(ResolveUri("/a/c.m3u8", "/b/g.ts") == "/b/g.ts");
  CHECK(ResolveUri("/a/c.m3u8", "file:///b/g.ts") == "/b/g.ts");
  CHECK(ResolveUri("/a/c.m3u8", "http://h/g.ts") == "http://h/g.ts");
  CHECK(ResolveUri("/a/c.m3u8", "12:30.ts") == "/a/12:30.ts");
}

TEST_CASE("uri: escapes and extensions") {
  CHECK(ExtensionOf("http://h/a.b/c.M4S?x=1.ts") == ".m4s");
  CHECK(ExtensionOf("http://h.x/a.b/c") == "");
  CHECK_FALSE(HasScheme("12:30.ts"));
  CHECK(HasScheme("skd://x"));
}

TEST_CASE("uri: what leads out of a folder") {
  CHECK(LeavesFolder("/r", "/r/a/i.m3u8", "../../x.ts"));
  CHECK_FALSE(LeavesFolder("/r", "/r/a/i.m3u8", "../x.ts"));
  CHECK_FALSE(LeavesFolder("/r", "/r/a/i.m3u8", "b/../x.ts"));
  CHECK_FALSE(LeavesFolder("/r", "/r/i.m3u8", "a..b.ts"));
  CHECK(LeavesFolder(".", "i.m3u8", "../x.ts"));
  CHECK_FALSE(LeavesFolder(".", "a/i.m3u8", "../x.ts"));
  CHECK(LeavesFolder("http://h/r/", "http://h/r/a/i.m3u8", "../../x.ts"));
  CHECK_FALSE(LeavesFolder("http://h/r/", "http://h/r/a/i.m3u8", "../x.ts"));
}

}  // namespace
}  // namespace hlsrec::check
