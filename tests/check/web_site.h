#ifndef HLSREC_TESTS_CHECK_WEB_SITE_H_
#define HLSREC_TESTS_CHECK_WEB_SITE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "tests/check/ts_builder.h"
#include "tests/net/loopback_server.h"

// A recording on a web server of one's own.
namespace hlsrec::check {

struct Resource {
  std::string body;
  std::string type;
  std::string headers = {};  // with their line ends
};

using Site = std::map<std::string, Resource>;  // by path

inline const std::string kListType = "application/vnd.apple.mpegurl";
inline const std::string kSitePlaylist = R"(#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:2
#EXTINF:2.000,
s/0.ts
#EXTINF:2.000,
/live/s/1.ts?x=1
#EXT-X-ENDLIST
)";

inline Site SoundSite() {
  TsBuilder builder;
  Site site;
  site["/live/a.m3u8"] = {kSitePlaylist, kListType};
  for (const std::string path : {"/live/s/0.ts", "/live/s/1.ts?x=1"}) {
    const Bytes bytes = builder.NextBytes();
    site[path] = {std::string(bytes.begin(), bytes.end()), "video/mp2t"};
  }
  return site;
}

// As gzip (RFC 1952), in one stored block: `text` of less than 64 KiB.
inline std::string Gzip(const std::string& text) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) {
      crc = (crc & 1U) != 0 ? crc >> 1 ^ 0xEDB88320U : crc >> 1;
    }
  }
  std::string out("\x1F\x8B\x08\0\0\0\0\0\0\xFF\x01", 11);
  const auto append = [&](std::size_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) {
      out += static_cast<char>(value >> 8 * i & 0xFFU);
    }
  };
  append(text.size(), 2);
  append(~text.size(), 2);
  out += text;
  append(~crc, 4);
  append(text.size(), 4);
  return out;
}

enum class Ranges { kHonoured, kIgnored };

inline LoopbackServer::Handler Serve(Site site,
                                     Ranges ranges = Ranges::kHonoured) {
  return [site = std::move(site), ranges](const std::string& head) {
    const auto found = site.find(RequestPath(head));
    if (found == site.end()) return HttpAnswer(404, "");
    const Resource& resource = found->second;
    const std::string type =
        "Content-Type: " + resource.type + "\r\n" + resource.headers;
    const std::size_t range = head.find("Range: bytes=");
    if (range == std::string::npos || ranges == Ranges::kIgnored) {
      return HttpAnswer(200, resource.body, type);
    }
    const std::size_t begin = std::stoul(head.substr(range + 13));
    if (begin >= resource.body.size()) return HttpAnswer(416, "");
    const std::size_t end =
        std::stoul(head.substr(head.find('-', range) + 1)) + 1;
    return HttpAnswer(206, resource.body.substr(begin, end - begin), type);
  };
}

}  // namespace hlsrec::check

#endif  // HLSREC_TESTS_CHECK_WEB_SITE_H_
