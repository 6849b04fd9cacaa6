#include "src/playlist/render.h"

#include "tests/catch.h"

namespace hlsrec::playlist {
namespace {

TEST_CASE("render: URIs are relative and percent-encoded") {
  CHECK(RelativeUri("index.m3u8", "0.ts") == "0.ts");
  CHECK(RelativeUri("a/b/index.m3u8", "a/b/0.ts") == "0.ts");
  CHECK(RelativeUri("a/main.m3u8", "a/720p/index.m3u8") == "720p/index.m3u8");
  CHECK(RelativeUri("a/x/index.m3u8", "a/y/0.ts") == "../y/0.ts");
  CHECK(RelativeUri("i.m3u8", "a b#c?d%e.ts") == "a%20b%23c%3Fd%25e.ts");
  CHECK(RelativeUri("i.m3u8", "\xc3\xa9.ts") == "%C3%A9.ts");
  CHECK(RelativeUri("i.m3u8", "a:b.ts") == "a%3Ab.ts");
}

TEST_CASE("render: times are UTC with milliseconds whatever the zone") {
  const std::chrono::system_clock::time_point time(
      std::chrono::milliseconds(1712063915844));
  CHECK(FormatDateTime(time) == "2024-04-02T13:18:35.844Z");
}

TEST_CASE("render: the multivariant playlist, whole") {
  MultivariantLines lines{.version = 6, .independent_segments = true};
  lines.audio.push_back({.group = "audio",
                         .name = "Say \"hi\"\n",
                         .language = "en",
                         .is_default = true,
                         .channels = 2,
                         .uri = "a/index.m3u8"});
  lines.variants.push_back({.uri = "v/index.m3u8",
                            .bandwidth = 1234567,
                            .average_bandwidth = 1000000,
                            .codecs = {"avc1.64001f", "mp4a.40.2"},
                            .width = 1280,
                            .height = 720,
                            .frame_rate = 29.97002997,
                            .video_range = "SDR",
                            .audio_group = "audio"});
  CHECK(RenderMultivariant(lines) ==
        "#EXTM3U\n"
        "#EXT-X-VERSION:6\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Say 'hi' \","
        "LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\","
        "URI=\"a/index.m3u8\"\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=1234567,AVERAGE-BANDWIDTH=1000000,"
        "CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=1280x720,"
        "FRAME-RATE=29.970,VIDEO-RANGE=SDR,AUDIO=\"audio\"\n"
        "v/index.m3u8\n");
}

}  // namespace
}  // namespace hlsrec::playlist
