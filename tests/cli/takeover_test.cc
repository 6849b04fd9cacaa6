// Two machines and one bucket of real stores: processes with disks of their
// own, the first of which stands still while the second takes over.
#include <fmt/format.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"
#include "tests/inputs/ports.h"
#include "tests/s3/store_server.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests

namespace {

constexpr const char* kKey = "live/cam.m3u8";

// The way to the store, which may be taken away.
std::unique_ptr<ChildProcess> OpenWay(int port, const std::string& endpoint) {
  auto way = std::make_unique<ChildProcess>(
      Words{"/usr/bin/python3", HLSREC_TEST_FORWARDER, std::to_string(port),
            endpoint.substr(endpoint.rfind(':') + 1)});
  REQUIRE(way->ReadLine() == "listening");
  return way;
}

struct Bucket {
  std::string endpoint;
  hlsrec::Credentials keys;
  TempDirectory directory = {};
  std::string newest = {};  // version of the list

  [[nodiscard]] CommandOptions Machine(const std::string& name) const {
    std::filesystem::create_directory(directory.path(name));
    return {.environment = {{"AWS_ACCESS_KEY_ID", keys.access_key_id},
                            {"AWS_SECRET_ACCESS_KEY", keys.secret_access_key},
                            {"AWS_EC2_METADATA_DISABLED", "true"}},
            .directory = directory.path(name)};
  }
  [[nodiscard]] static std::string Url(const std::string& key,
                                       const std::string& at) {
    return "s3://bucket/" + key + "?endpoint=" + at;
  }
  [[nodiscard]] std::string Fetch(const std::string& key) const {
    const std::string url =
        RunWell(Hlsrec({"presign", Url(key, endpoint), "--expires", "10m"}),
                Machine("reader"))
            .out;
    const Ended got = Run({"curl", "-sf", url.substr(0, url.find('\n'))});
    return got.code == 0 ? got.out : "";
  }
  // The list as it is now, required to go on where it was.
  Playlist Look() {
    std::string text = Fetch(kKey);
    INFO("before:\n" << newest << "now:\n" << text);
    REQUIRE(text.starts_with(newest));
    newest = text;
    if (text.empty()) return {};
    Playlist playlist = ParseMedia(text);
    REQUIRE(playlist.defect.empty());
    return playlist;
  }
  [[nodiscard]] std::map<std::string, std::string> Segments(
      const Playlist& playlist) const {
    std::map<std::string, std::string> segments;
    for (const ListedSegment& segment : playlist.segments) {
      segments[segment.uri] = Fetch("live/" + segment.uri);
      INFO(segment.uri);
      CHECK_FALSE(segments[segment.uri].empty());
    }
    return segments;
  }
  // Required to be without fault by the rules, as a copy.
  void RequireCopyConforms(
      const Playlist& playlist,
      const std::map<std::string, std::string>& segments) const {
    const std::string copy = directory.path("copy");
    std::filesystem::create_directory(copy);
    std::ofstream(copy + "/cam.m3u8") << playlist.text;
    for (const auto& [uri, bytes] : segments) {
      std::ofstream(fmt::format("{}/{}", copy, uri), std::ios::binary) << bytes;
    }
    RequireConforms(copy + "/cam.m3u8");
  }
};

std::size_t Count(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

std::string RunOf(const ListedSegment& segment) {
  return segment.uri.substr(4, 8);
}

Words TakeoverOf(const std::string& input, const std::string& url) {
  return Record({input, url, "--realtime", "--segment-time", "1", "--takeover",
                 "--lease", "3s", "--segment-name", "cam-{run}-{seq:06}.{ext}",
                 "--stream", "cam", "--json"});
}

void TakesOver(Bucket& bucket) {
  const std::string input = bucket.directory.path("minutes.ts");
  Ffmpeg({"-stream_loop", "40", "-i", MediaFile("h264_aac.ts"), "-c", "copy",
          input});
  const int port = FreePort(Transport::kTcp);
  auto way = OpenWay(port, bucket.endpoint);
  const CommandOptions here = bucket.Machine("first");
  Command first(TakeoverOf(input, Bucket::Url(kKey, "http://127.0.0.1:" +
                                                        std::to_string(port))),
                here);
  REQUIRE(WaitUntil([&] { return bucket.Look().segments.size() >= 3; }));

  // While it lives nobody else may.
  const Words second_words =
      TakeoverOf(input, Bucket::Url(kKey, bucket.endpoint));
  const Ended refused = Run(second_words, bucket.Machine("refused"));
  INFO(refused.err);
  CHECK(refused.code == 6);
  CHECK(Holds(refused, "another machine records there"));

  // Owed: sealed, and no way to the store.
  way.reset();
  const std::size_t sealed = Count(first.out(), "\"segment_sealed\"");
  REQUIRE(WaitUntil(
      [&] { return Count(first.out(), "\"segment_sealed\"") >= sealed + 2; }));
  first.Signal(SIGSTOP);
  const Playlist left = bucket.Look();
  way = OpenWay(port, bucket.endpoint);

  Command second(second_words, bucket.Machine("second"));
  REQUIRE(WaitUntil([&] {
    return bucket.Look().segments.size() >= left.segments.size() + 2;
  }));
  const Playlist taken = bucket.Look();
  const ListedSegment& border = taken.segments[left.segments.size()];
  CHECK(border.discontinuity);
  CHECK(RunOf(border) != RunOf(left.segments.back()));
  const auto written = bucket.Segments(taken);

  first.Signal(SIGCONT);
  REQUIRE(WaitUntil([&] {
    bucket.Look();
    return !first.Running();
  }));
  INFO(first.err());
  CHECK(first.Wait() == 6);
  CHECK(first.err().find("another machine records here: run " +
                         RunOf(border)) != std::string::npos);
  CHECK(first.err().find("not stored: ") != std::string::npos);
  CHECK(Count(first.out(), "\"output_taken_over\"") == 1);

  REQUIRE(WaitUntil([&] {
    return bucket.Look().segments.size() >= taken.segments.size() + 2;
  }));
  second.Signal(SIGINT);
  CHECK(second.Wait() == 0);
  INFO(second.err());
  const Playlist last = bucket.Look();
  CHECK(last.ended);
  CHECK(last.gaps() == 0);
  for (std::size_t i = 0; i < last.segments.size(); ++i) {
    const bool firsts = i < left.segments.size();
    CHECK(RunOf(last.segments[i]) ==
          RunOf(firsts ? left.segments.back() : border));
  }
  const auto segments = bucket.Segments(last);
  CHECK(segments.size() == last.segments.size());
  for (const auto& [uri, bytes] : written) CHECK(segments.at(uri) == bytes);
  bucket.RequireCopyConforms(last, segments);

  // What it owes is there, and can't be listed.
  const Ended resumed = Run(Hlsrec({"resume"}), here);
  INFO(resumed.err);
  CHECK(resumed.code == 6);
  CHECK(Holds(resumed, "stays in the spool"));
  CHECK(bucket.Fetch(kKey) == bucket.newest);
  // Until somebody drops it.
  const Ended dropped = RunWell(Hlsrec({"resume", "--discard", "1"}), here);
  CHECK(Holds(dropped, "owed"));
  CHECK(Holds(dropped, ": dropped"));
  CHECK(bucket.Fetch(kKey) == bucket.newest);
  CHECK_FALSE(std::filesystem::exists(here.directory + "/.hlsrec-spool"));
}

}  // namespace

TEST_CASE("takeover: who stood still finds its recording taken, in Swift") {
  const SwiftServer swift;
  Bucket bucket{.endpoint = swift.endpoint(), .keys = swift.keys()};
  TakesOver(bucket);
}

TEST_CASE("takeover: who stood still finds its recording taken, in Ceph") {
  const CephServer ceph;
  Bucket bucket{.endpoint = ceph.endpoint(), .keys = ceph.keys()};
  TakesOver(bucket);
}
