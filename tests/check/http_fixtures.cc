#include <string>
#include <utility>

#include "tests/catch.h"
#include "tests/check/fixtures.h"
#include "tests/check/rules_text.h"
#include "tests/check/sound_recordings.h"
#include "tests/check/web_site.h"

namespace hlsrec::check {
namespace {

Fixture Served(std::string_view rule, Expected expected,
               const std::string& what, Site site,
               const std::string& path = "/live/a.m3u8",
               Ranges ranges = Ranges::kHonoured) {
  return {.rule = rule,
          .expected = expected,
          .what = what,
          .findings = [=](CheckProfile profile) {
            const LoopbackServer server(Serve(site, ranges));
            const auto report =
                CheckRecording(server.Url(path), {.profile = profile});
            REQUIRE(report.ok());
            return report->findings;
          }};
}

// Two segments in a window that slides, as gzip; sound under any profile.
std::string SlidingList() {
  std::string text =
      "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n"
      "#EXT-X-MEDIA-SEQUENCE:9\n#EXT-X-INDEPENDENT-SEGMENTS\n"
      "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n";
  for (int i = 0; i < 6; ++i) {
    text += "#EXTINF:2.000,\ns/" + std::to_string(i) + ".ts\n";
  }
  return text;
}

Site SlidingSite(const std::string& text = SlidingList()) {
  Site site;
  site["/live/a.m3u8"] = {
      Gzip(text), kListType,
      "Content-Encoding: gzip\r\nCache-Control: max-age=1\r\n"};
  TsBuilder builder;
  for (int i = 0; i < 6; ++i) {
    const Bytes bytes = builder.NextBytes();
    site["/live/s/" + std::to_string(i) + ".ts"] = {
        std::string(bytes.begin(), bytes.end()), "video/mp2t",
        "Cache-Control: max-age=60, immutable\r\n"};
  }
  return site;
}

Site Headers(const std::string& path, const std::string& headers) {
  Site site = SlidingSite();
  site[path].headers = headers;
  return site;
}

Site Typed(const std::string& path, const std::string& type) {
  Site site = SlidingSite();
  site[path].type = type;
  return site;
}

Site RangedSite(std::size_t extra) {
  Site site = SoundSite();
  const std::string body = site["/live/s/0.ts"].body;
  site["/live/all.ts"] = {std::string(188, 'x') + body, "video/mp2t"};
  site["/live/a.m3u8"].body =
      "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:2\n"
      "#EXTINF:2.000,\n#EXT-X-BYTERANGE:" +
      std::to_string(body.size() + extra) + "@188\nall.ts\n#EXT-X-ENDLIST\n";
  return site;
}

}  // namespace

std::vector<Fixture> HttpFixtures() {
  const std::string list = "/live/a.m3u8";
  const std::string gzip = "Content-Encoding: gzip\r\n";
  std::vector<Fixture> all;
  const auto add = [&](std::string_view rule, Expected expected,
                       const std::string& what, Site site) {
    all.push_back(Served(rule, expected, what, std::move(site)));
  };
  add("R110", Expected::kAccepted, "as a server should", SlidingSite());
  Site missing = SlidingSite();
  missing.erase("/live/s/1.ts");
  add("R31", Expected::kError, "a segment is missing", missing);
  add("R37", Expected::kWarning, "a live list is cached for long",
      Headers(list, gzip + "Cache-Control: public, max-age=2\r\n"));
  add("R37", Expected::kWarning, "the same by a date",
      Headers(list, gzip + "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
                           "Expires: Thu, 01 Jan 2026 00:00:05 GMT\r\n"));
  add("R37", Expected::kWarning, "nothing says how long a segment stays",
      Headers("/live/s/0.ts", ""));
  add("R43", Expected::kError, "a range ends past its file", RangedSite(188));
  add("R84", Expected::kAppleError, "low latency without HTTP/2",
      SlidingSite(With(SlidingList(), "#EXT-X-INDEPENDENT",
                       "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,"
                       "PART-HOLD-BACK=1.5\n#EXT-X-PART-INF:PART-TARGET=0.5\n"
                       "#EXT-X-INDEPENDENT")));
  add("R85", Expected::kAppleError, "type of a playlist",
      Typed(list, "text/plain"));
  add("R85", Expected::kAppleError, "type of a segment",
      Typed("/live/s/0.ts", "text/plain"));
  Site nameless = SoundSite();
  nameless["/live/a"] = {kSitePlaylist, "text/plain"};
  all.push_back(Served("R85", Expected::kError, "neither name nor type",
                       nameless, "/live/a"));
  Site plain = Headers(list, "");
  plain[list].body = SlidingList();
  add("R86", Expected::kAppleError, "no gzip", plain);
  all.push_back(Served("R88", Expected::kError, "ranges are ignored",
                       RangedSite(0), list, Ranges::kIgnored));
  return all;
}

}  // namespace hlsrec::check
