// Segments of a pulled HLS input that never come.
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/source.h"
#include "tests/catch.h"
#include "tests/inputs/published.h"
#include "tests/inputs/servers.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests
using hlsrec::OpenUrlSource;
using hlsrec::SourceCounters;
using hlsrec::StatusCode;
using std::chrono::milliseconds;

namespace {

constexpr const char* kFirst = "0_000.ts";
constexpr const char* kSecond = "0_001.ts";
constexpr const char* kThird = "0_002.ts";

class Site {
 public:
  Site() : server_("http_server.py", directory_.path("")) {
    for (const char* name : {kFirst, kSecond, kThird}) {
      std::filesystem::copy_file(MediaFile(std::string("hls/") + name),
                                 directory_.path(name));
    }
    std::ofstream(directory_.path("master.m3u8"))
        << "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=500000\nlive.m3u8\n";
  }
  // A version of it; replaces the one before at once.
  void List(int sequence, const std::vector<std::string>& names,
            std::string_view end = "#EXT-X-ENDLIST\n") const {
    std::ofstream file(directory_.path("next"));
    file << "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n"
         << "#EXT-X-MEDIA-SEQUENCE:" << sequence << "\n";
    for (const std::string& name : names)
      file << "#EXTINF:1,\n" << name << "\n";
    file << end;
    file.close();
    std::filesystem::rename(directory_.path("next"),
                            directory_.path("live.m3u8"));
  }
  void Answer(const std::string& name, int status) const {
    std::ofstream(directory_.path(name + ".status")) << status;
  }
  [[nodiscard]] std::string Url(const std::string& name) const {
    return LocalUrl("http", server_.port(), "/" + name);
  }

 private:
  const TempDirectory directory_;
  const PythonServer server_;
};

struct Pulled {
  SourceCounters counters = {};
  std::size_t packets = 0;
};
Pulled Pull(const std::string& url) {
  const auto source = Require(OpenUrlSource(nullptr, {.url = url}));
  const ReadResult result = ReadAll(*source);
  CHECK(result.end.code() == StatusCode::kEndOfStream);
  return {.counters = source->counters(), .packets = result.packets()};
}

}  // namespace

TEST_CASE("hls segments: all come, none is missed") {
  const Site site;
  site.List(0, {kFirst, kSecond, kThird});
  const std::string name = GENERATE("live.m3u8", "master.m3u8");
  const Pulled pulled = Pull(site.Url(name));
  CHECK(pulled.packets > 150);
  CHECK(pulled.counters.segments_missed == 0);
  CHECK(pulled.counters.segments_cut_short == 0);
}

TEST_CASE("hls segments: one that is refused is counted once") {
  const Site site;
  const std::string name = GENERATE("live.m3u8", "master.m3u8");
  const std::string refused = GENERATE(kFirst, kSecond, kThird);
  const int status = GENERATE(404, 503);
  INFO(name << " " << refused << " " << status);
  site.List(0, {kFirst, kSecond, kThird});
  site.Answer(refused, status);
  const Pulled pulled = Pull(site.Url(name));
  CHECK(pulled.packets > 100);
  CHECK(pulled.counters.segments_missed == 1);
}

TEST_CASE("hls segments: one that breaks off is counted") {
  const Site site;
  site.List(0, {kFirst, std::string("cut/") + kSecond, kThird});
  const Pulled pulled = Pull(site.Url("live.m3u8"));
  CHECK(pulled.counters.segments_missed == 0);
  CHECK(pulled.counters.segments_cut_short == 1);
}

TEST_CASE("hls segments: those that expired unseen are counted") {
  const Site site;
  const std::string name = GENERATE("live.m3u8", "master.m3u8");
  site.List(0, {kFirst, kSecond}, "");
  const auto source = Require(OpenUrlSource(
      nullptr, {.url = site.Url(name), .analyze_duration = milliseconds(200)}));
  site.List(5, {kThird});
  CHECK(ReadAll(*source).end.code() == StatusCode::kEndOfStream);
  CHECK(source->counters().segments_missed == 3);
}
