#include <map>
#include <string>

#include "hlsrec/check.h"
#include "tests/catch.h"
#include "tests/check/rules_text.h"
#include "tests/check/ts_builder.h"
#include "tests/net/loopback_server.h"

namespace hlsrec::check {
namespace {

struct Resource {
  std::string body;
  std::string type;
};

const std::string kPlaylistType = "application/vnd.apple.mpegurl";
const std::string kPlaylist = R"(#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:2
#EXTINF:2.000,
s/0.ts
#EXTINF:2.000,
/live/s/1.ts?x=1
#EXT-X-ENDLIST
)";

std::map<std::string, Resource> Recording() {
  TsBuilder builder;
  std::map<std::string, Resource> site;
  site["/live/a.m3u8"] = {kPlaylist, kPlaylistType};
  for (const std::string path : {"/live/s/0.ts", "/live/s/1.ts?x=1"}) {
    const Bytes bytes = builder.NextBytes();
    site[path] = {std::string(bytes.begin(), bytes.end()), "video/mp2t"};
  }
  return site;
}

// Serves `site`; understands Range unless told not to.
LoopbackServer::Handler Serve(std::map<std::string, Resource> site,
                              bool ranges = true) {
  return [site = std::move(site), ranges](const std::string& head) {
    const auto found = site.find(RequestPath(head));
    if (found == site.end()) return HttpAnswer(404, "");
    const Resource& resource = found->second;
    const std::string type = "Content-Type: " + resource.type + "\r\n";
    const std::size_t range = head.find("Range: bytes=");
    if (range == std::string::npos || !ranges) {
      return HttpAnswer(200, resource.body, type);
    }
    const std::size_t begin = std::stoul(head.substr(range + 13));
    const std::size_t end =
        std::stoul(head.substr(head.find('-', range) + 1)) + 1;
    return HttpAnswer(206, resource.body.substr(begin, end - begin), type);
  };
}

void Expect(const std::map<std::string, Resource>& site, const Rules& rules,
            bool ranges = true) {
  const LoopbackServer server(Serve(site, ranges));
  const auto report = CheckRecording(server.Url("/live/a.m3u8"));
  REQUIRE(report.ok());
  INFO(Describe(report->findings));
  CHECK(PlainRulesOf(report->findings) == rules);
}

TEST_CASE("http location: a sound recording has no findings") {
  Expect(Recording(), {});
}

TEST_CASE("http location: R31: a segment is missing") {
  auto site = Recording();
  site.erase("/live/s/1.ts?x=1");
  Expect(site, {"R31"});
}

TEST_CASE("http location: R85: content types") {
  auto site = Recording();
  site["/live/s/0.ts"].type = "text/plain";
  Expect(site, {"R85?"});
  site = Recording();
  site["/live/a.m3u8"].type = "text/plain";
  Expect(site, {"R85?"});
  site["/live/a"] = {kPlaylist, "text/plain"};
  const LoopbackServer server(Serve(site));
  const auto report = CheckRecording(server.Url("/live/a"));
  REQUIRE(report.ok());
  CHECK(PlainRulesOf(report->findings) == Rules{"R85"});
}

TEST_CASE("http location: R43, R88: ranges are honoured and whole") {
  auto site = Recording();
  const std::string body = site["/live/s/0.ts"].body;
  const auto list = [&](std::size_t size) {
    return "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:2\n"
           "#EXTINF:2.000,\n#EXT-X-BYTERANGE:" +
           std::to_string(size) + "@188\nall.ts\n#EXT-X-ENDLIST\n";
  };
  site["/live/all.ts"] = {std::string(188, 'x') + body, "video/mp2t"};
  site["/live/a.m3u8"].body = list(body.size());
  Expect(site, {});
  Expect(site, {"R88"}, false);
  site["/live/a.m3u8"].body = list(body.size() + 188);
  Expect(site, {"R43"});
}

TEST_CASE("http location: R86: Apple wants playlists as gzip") {
  const LoopbackServer server(Serve(Recording()));
  const auto report = CheckRecording(server.Url("/live/a.m3u8"),
                                     {.profile = CheckProfile::kApple});
  REQUIRE(report.ok());
  CHECK(RulesOf(report->findings).contains("R86"));
}

TEST_CASE("http location: a playlist that is not there is an error") {
  const LoopbackServer server(Serve({}));
  const auto report = CheckRecording(server.Url("/live/a.m3u8"));
  REQUIRE_FALSE(report.ok());
  CHECK(report.status().code() == StatusCode::kNotFound);
}

TEST_CASE("http location: a playlist above the limit is an error") {
  const LoopbackServer server(Serve(Recording()));
  const auto report =
      CheckRecording(server.Url("/live/a.m3u8"), {.max_playlist_bytes = 20});
  REQUIRE_FALSE(report.ok());
  CHECK(report.status().code() == StatusCode::kResourceExhausted);
}

TEST_CASE("http location: a segment above the limit is told, not read") {
  const LoopbackServer server(Serve(Recording()));
  const auto report =
      CheckRecording(server.Url("/live/a.m3u8"), {.max_segment_bytes = 1000});
  REQUIRE(report.ok());
  CHECK(PlainRulesOf(report->findings) == Rules{"R31?"});
}

TEST_CASE("http location: the watch follows a URL") {
  const LoopbackServer server(Serve(Recording()));
  const auto report = WatchRecording(server.Url("/live/a.m3u8"));
  REQUIRE(report.ok());
  CHECK(PlainRulesOf(report->findings).empty());
  CHECK(report->segments == 2);
}

}  // namespace
}  // namespace hlsrec::check
