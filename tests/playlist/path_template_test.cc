#include "hlsrec/path_template.h"

#include "tests/catch.h"

namespace hlsrec {
namespace {

PathFields Fields() {
  PathFields fields{.stream = "cam1", .session = "s1"};
  fields.sequence = 42;
  // 2024-04-02T13:18:35.844Z
  fields.time = std::chrono::system_clock::time_point(
      std::chrono::milliseconds(1712063915844));
  fields.segment_time = *fields.time + std::chrono::seconds(6);
  fields.extension = "ts";
  fields.hash = "abc123";
  fields.user = {{"room_id", "r7"}, {"prefix", "a/b"}};
  return fields;
}

std::string Expand(std::string_view text, const PathFields& fields = Fields()) {
  const auto parsed = PathTemplate::Parse(text, {"room_id", "prefix", "evil"});
  INFO(text);
  REQUIRE(parsed.ok());
  const auto key = parsed->Expand(fields);
  INFO(key.status().message());
  REQUIRE(key.ok());
  return *key;
}

std::string ParseError(std::string_view text) {
  return PathTemplate::Parse(text, {"room_id"}).status().message();
}

TEST_CASE("path template: fields and formats") {
  CHECK(Expand("{stream}/{session}/{seq}.{ext}") == "cam1/s1/42.ts");
  CHECK(Expand("{stream}{seq:09}.{ext}") == "cam1000000042.ts");
  CHECK(Expand("{time:%Y-%m-%d_%H-%M-%S.%L}.m3u8") ==
        "2024-04-02_13-18-35.844.m3u8");
  CHECK(Expand("{segment_time:%H%M%S}.ts") == "131841.ts");
  CHECK(Expand("{epoch_s}-{epoch_ms}.ts") == "1712063915-1712063915844.ts");
  CHECK(Expand("{time:%j}.ts") == "093.ts");
  CHECK(Expand("{room_id}.ts") == "r7.ts");
  CHECK(Expand("a{{b}}.ts") == "a{b}.ts");
}

TEST_CASE("path template: a level whose fields are empty is left out") {
  CHECK(Expand("{stream}/{rendition}/{seq}.ts") == "cam1/42.ts");
  CHECK(Expand("{stream}{_rendition}.m3u8") == "cam1.m3u8");
  PathFields fields = Fields();
  fields.rendition = "720p";
  CHECK(Expand("{stream}{_rendition}.m3u8", fields) == "cam1_720p.m3u8");
  CHECK(Expand("{stream}{-height}.m3u8", fields) == "cam1.m3u8");
}

TEST_CASE("path template: no value leaves its level or the root") {
  PathFields fields = Fields();
  fields.stream = "../../etc/passwd";
  CHECK(Expand("{stream}.ts", fields) == "%2E.%2F..%2Fetc%2Fpasswd.ts");
  fields.stream = "a/b\\c\n\x01";
  CHECK(Expand("x/{stream}.ts", fields) == "x/a%2Fb%5Cc%0A%01.ts");
  fields.stream = "..";
  CHECK(Expand("{stream}/x.ts", fields) == "%2E./x.ts");
  fields.user["prefix"] = "../a/./.b//c";
  CHECK(Expand("{prefix/}/x.ts", fields) == "%2E./a/%2E/%2Eb/c/x.ts");
  fields.user["prefix"] = "a/";
  CHECK(Expand("{prefix/}..", fields) == "a/%2E.");
  fields.user["prefix"] = "";
  CHECK(Expand("x/{prefix}../y", fields) == "x/%2E./y");
  fields.user["prefix"] = "a/b/";
  CHECK(Expand("x/{prefix/}", fields) == "x/a/b");
  fields.user["prefix"] = "/abs/";
  CHECK(Expand("{prefix/}/x.ts", fields) == "abs/x.ts");
}

TEST_CASE("path template: what is wrong is told with its column and remedy") {
  CHECK(ParseError("{strem}.ts").find("column 1") != std::string::npos);
  CHECK(ParseError("{strem}.ts").find("{stream}") != std::string::npos);
  CHECK(ParseError("ab{seq:9}.ts").find("column 3") != std::string::npos);
  CHECK(ParseError("ab{seq:9}.ts").find("{seq:09}") != std::string::npos);
  CHECK(ParseError("{time:%Q}.ts").find("%Y") != std::string::npos);
  CHECK(ParseError("a{seq.ts").find("column 2") != std::string::npos);
  CHECK(ParseError("a}.ts").find("column 2") != std::string::npos);
  CHECK(ParseError("/a.ts").find("relative") != std::string::npos);
  CHECK(ParseError("a//b.ts").find("empty level") != std::string::npos);
  CHECK(ParseError("../a.ts").find("dot") != std::string::npos);
  CHECK(ParseError("a/").find("folder") != std::string::npos);
  CHECK(ParseError("").find("empty") != std::string::npos);
  CHECK(ParseError("{stream/}/x").find("levels") != std::string::npos);
}

TEST_CASE("path template: a field without a value is refused, not empty") {
  PathFields fields;
  fields.stream = "x";
  const auto parsed = PathTemplate::Parse("{stream}{seq}.ts");
  REQUIRE(parsed.ok());
  CHECK(parsed->Expand(fields).status().code() == StatusCode::kInvalidArgument);
}

TEST_CASE("path template: keys longer than S3's limit are refused") {
  PathFields fields = Fields();
  fields.stream = std::string(2000, 'x');
  const auto parsed = PathTemplate::Parse("{stream}.ts");
  REQUIRE(parsed.ok());
  CHECK_FALSE(parsed->Expand(fields).ok());
}

TEST_CASE("layout: Ant Media's names, letter for letter") {
  const auto layout = FindLayout("antmedia");
  REQUIRE(layout.ok());
  PathFields fields = Fields();
  fields.stream = "teststream";
  fields.sequence = 1014;
  CHECK(Expand(layout->segment, fields) == "teststream000001014.ts");
  CHECK(Expand(layout->playlist, fields) == "teststream.m3u8");
  fields.rendition = "360p800kbps";
  fields.sequence = 1;
  CHECK(Expand(layout->segment, fields) ==
        "teststream_360p800kbps000000001.ts");
  CHECK(Expand(layout->multivariant, fields) == "teststream_adaptive.m3u8");
  CHECK(layout->first_sequence == 1);

  const auto dated = FindLayout("antmedia-datetime");
  REQUIRE(dated.ok());
  fields.rendition = "";
  CHECK(Expand(dated->segment, fields) ==
        "teststream-2024-04-02_13-18-35.844000000001.ts");
  CHECK(Expand(dated->playlist, fields) ==
        "teststream-2024-04-02_13-18-35.844.m3u8");
}

TEST_CASE("layout: 100ms' storage path") {
  const auto layout = FindLayout("100ms");
  REQUIRE(layout.ok());
  CHECK(Expand(layout->playlist) ==
        "a/b/hls/r7/20240402/1712063915844/vod/Rec-r7-1712063915844.m3u8");
}

TEST_CASE("layout: an unknown name lists those there are") {
  const auto layout = FindLayout("antmedai");
  CHECK(layout.status().code() == StatusCode::kNotFound);
  CHECK(layout.status().message().find("antmedia-datetime") !=
        std::string::npos);
}

}  // namespace
}  // namespace hlsrec
