// When outputs are written to, and in which form.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"
#include "tests/inputs/ports.h"
#include "tests/net/nginx_server.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests
using hlsrec::NginxServer;

TEST_CASE("delivery modes: upload at the end, then delete what is here") {
  const NginxServer nginx;
  const TempDirectory directory;
  const CommandOptions here{.directory = directory.path("")};
  RunWell(Record({MediaFile("h264_aac.ts"), "rec/cam.m3u8",
                  nginx.Http("/open/cam.m3u8"), "--segment-time", "1",
                  "--upload", "at-end"}),
          here);
  RequireConforms(nginx.Folder("/open/cam.m3u8"));
  RequireConforms(directory.path("rec/cam.m3u8"));
  RunWell(Record({MediaFile("h264_aac.ts"), "gone/cam.m3u8",
                  nginx.Http("/open/second/cam.m3u8"), "--segment-time", "1",
                  "--upload", "at-end", "--local", "delete"}),
          here);
  RequireConforms(nginx.Folder("/open/second/cam.m3u8"));
  CHECK(std::filesystem::is_empty(directory.path("gone")));
  // Nothing is owed.
  CHECK_FALSE(std::filesystem::exists(directory.path("rec/.hlsrec-spool")));
}

TEST_CASE("delivery modes: playlists as gzip are appended to") {
  const NginxServer nginx;
  const TempDirectory directory;
  const CommandOptions here{.directory = directory.path("")};
  for (int run = 0; run < 2; ++run) {
    RunWell(Record({MediaFile("h264_aac.ts"), nginx.Http("/open/z.m3u8"),
                    "--segment-time", "1", "--gzip-playlists", "--append",
                    "--rewrite-interval", "200ms"}),
            here);
  }
  // This server keeps no Content-Encoding, and is told on.
  const Ended check = Run(Hlsrec({"check", nginx.Http("/open/z.m3u8")}), here);
  CHECK(check.code == 3);
  CHECK(Holds(check, "is gzip, and no Content-Encoding says so"));
  // A query may be a signature.
  for (const char* form : {"--json", "--max-findings=9"}) {
    const Ended signed_one = Run(
        Hlsrec({"check", nginx.Http("/open/z.m3u8?sig=s3cret"), form}), here);
    CHECK(signed_one.code == 3);
    CHECK(Holds(signed_one, "/open/z.m3u8"));
    CHECK_FALSE(Holds(signed_one, "s3cret"));
  }
}

TEST_CASE("delivery modes: an old recording goes, what is beside it stays") {
  const TempDirectory directory;
  const CommandOptions here{.directory = directory.path("")};
  const auto record = [&](const std::string& session) {
    RunWell(Record({MediaFile("h264_aac.ts"), "rec", "--segment-time", "1",
                    "--session", session, "--retain", "1s"}),
            here);
  };
  record("one");
  const std::string one = directory.path("rec/h264_aac/one");
  std::filesystem::copy_file(one + "/index.m3u8", one + "/mine.m3u8");
  const auto begin = std::chrono::steady_clock::now();
  // Its time has come once more than a second has passed.
  REQUIRE(WaitUntil([&] {
    return std::chrono::steady_clock::now() - begin > std::chrono::seconds(3);
  }));
  record("two");
  CHECK_FALSE(std::filesystem::exists(one + "/index.m3u8"));
  RequireConforms(directory.path("rec/h264_aac/two/index.m3u8"));
  // A short recording does not wait for what it removes: the next one goes on.
  const auto left = [&one] {
    return std::distance(std::filesystem::directory_iterator(one),
                         std::filesystem::directory_iterator());
  };
  for (int i = 0; i < 10 && left() > 1; ++i) record(fmt::format("more-{}", i));
  CHECK(left() == 1);
  CHECK(std::filesystem::exists(one + "/mine.m3u8"));
}

TEST_CASE("delivery modes: what makes no sense is refused") {
  const auto refused = [](Words words, const std::string& why) {
    words.insert(words.begin(), {MediaFile("h264_aac.ts")});
    RequireRefused(Record(words), why);
  };
  const std::string url = "http://127.0.0.1:9/x/";
  refused({"rec", "--gzip-playlists"}, "--gzip-playlists: folders keep no");
  refused({"rec", "--upload", "at-end"}, "--upload: at-end: folders");
  refused({"rec", "--local", "delete"}, "--local: delete: want a folder");
  refused({url, "--local", "delete"}, "--local: delete: want a folder");
  refused({url, "--upload", "at-end", "--playlist", "live"},
          "a live window would lose its segments unseen");
  refused({url, "--upload", "at-end", "--spool-full", "wait"},
          "no room comes before the end");
  refused({url, "--upload", "at-end", "--spool-max-age", "1h"},
          "spool_max_age: 3600000 ms");
  refused({url, "--retain", "30d"}, "--retain: web servers have no list");
  refused({"rec", "--retain", "soon"}, "--retain");
  refused({"rec", "--retain", "30"}, "--retain: 30: want a unit: 30d");
  refused({"rec", "--retain", "1d", "--delete-on-end", "1h"},
          "removed at its end already");
  refused({url, "--rewrite-interval", "x"}, "--rewrite-interval");
  refused({url, "--rewrite-interval", "2m"}, "want 0 to 60000 ms");
}
