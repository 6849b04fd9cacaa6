#include <string>

#include "hlsrec/check.h"
#include "tests/catch.h"
#include "tests/check/rules_text.h"
#include "tests/check/web_site.h"

namespace hlsrec::check {
namespace {

void Expect(const Site& site, const Rules& rules,
            Ranges ranges = Ranges::kHonoured) {
  const LoopbackServer server(Serve(site, ranges));
  const auto report = CheckRecording(server.Url("/live/a.m3u8"));
  REQUIRE(report.ok());
  INFO(Describe(report->findings));
  CHECK(PlainRulesOf(report->findings) == rules);
}

TEST_CASE("http location: a sound recording has no findings") {
  Expect(SoundSite(), {});
}

TEST_CASE("http location: R31: a segment is missing") {
  auto site = SoundSite();
  site.erase("/live/s/1.ts?x=1");
  Expect(site, {"R31"});
}

TEST_CASE(
    "http location: a playlist as gzip is read where the server says so") {
  auto site = SoundSite();
  Resource& list = site["/live/a.m3u8"];
  list.body = Gzip(list.body);
  list.headers = "Content-Encoding: gzip\r\n";
  Expect(site, {});
  list.headers.clear();
  const LoopbackServer server(Serve(site));
  const auto report = CheckRecording(server.Url("/live/a.m3u8"));
  REQUIRE(report.ok());
  REQUIRE(report->findings.size() == 1);
  CHECK(report->findings[0].rule == "R1");
  CHECK(report->findings[0].message ==
        "is gzip, and no Content-Encoding says so");
}

TEST_CASE("http location: R85: content types") {
  auto site = SoundSite();
  site["/live/s/0.ts"].type = "text/plain";
  Expect(site, {"R85?"});
  site = SoundSite();
  site["/live/a.m3u8"].type = "text/plain";
  Expect(site, {"R85?"});
  site["/live/a"] = {kSitePlaylist, "text/plain"};
  const LoopbackServer server(Serve(site));
  const auto report = CheckRecording(server.Url("/live/a"));
  REQUIRE(report.ok());
  CHECK(PlainRulesOf(report->findings) == Rules{"R85"});
}

TEST_CASE("http location: R43, R88: ranges are honoured and whole") {
  auto site = SoundSite();
  const std::string body = site["/live/s/0.ts"].body;
  const auto list = [&](std::size_t size) {
    return "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:2\n"
           "#EXTINF:2.000,\n#EXT-X-BYTERANGE:" +
           std::to_string(size) + "@188\nall.ts\n#EXT-X-ENDLIST\n";
  };
  site["/live/all.ts"] = {std::string(188, 'x') + body, "video/mp2t"};
  site["/live/a.m3u8"].body = list(body.size());
  Expect(site, {});
  Expect(site, {"R88"}, Ranges::kIgnored);
  site["/live/a.m3u8"].body = list(body.size() + 188);
  Expect(site, {"R43"});
}

TEST_CASE("http location: R86: Apple wants playlists as gzip") {
  const LoopbackServer server(Serve(SoundSite()));
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
  const LoopbackServer server(Serve(SoundSite()));
  const auto report =
      CheckRecording(server.Url("/live/a.m3u8"), {.max_playlist_bytes = 20});
  REQUIRE_FALSE(report.ok());
  CHECK(report.status().code() == StatusCode::kResourceExhausted);
}

TEST_CASE("http location: a segment above the limit is told, not read") {
  const LoopbackServer server(Serve(SoundSite()));
  const auto report =
      CheckRecording(server.Url("/live/a.m3u8"), {.max_segment_bytes = 1000});
  REQUIRE(report.ok());
  CHECK(PlainRulesOf(report->findings) == Rules{"R31?"});
}

TEST_CASE("http location: the watch follows a URL") {
  const LoopbackServer server(Serve(SoundSite()));
  const auto report = WatchRecording(server.Url("/live/a.m3u8"));
  REQUIRE(report.ok());
  CHECK(PlainRulesOf(report->findings).empty());
  CHECK(report->segments == 2);
}

}  // namespace
}  // namespace hlsrec::check
