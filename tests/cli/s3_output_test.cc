// Buckets as outputs, of a real store.
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"
#include "tests/inputs/ports.h"
#include "tests/s3/store_server.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests

namespace {

// A program with the store's keys in its environment, somewhere else.
struct Studio {
  SwiftServer swift;
  TempDirectory directory;
  CommandOptions here = {.environment = {{"AWS_ACCESS_KEY_ID", "test:tester"},
                                         {"AWS_SECRET_ACCESS_KEY", "testing"},
                                         {"AWS_EC2_METADATA_DISABLED", "true"}},
                         .directory = directory.path("")};
  // The same without keys.
  CommandOptions stranger = {
      .environment = {{"AWS_EC2_METADATA_DISABLED", "true"},
                      {"HOME", directory.path("")}},
      .directory = directory.path("")};

  [[nodiscard]] std::string Url(const std::string& path) const {
    return "s3://bucket/" + path + "?endpoint=" + swift.endpoint();
  }
  // What anybody may read; empty: nothing is there.
  [[nodiscard]] std::string Fetch(const std::string& path) const {
    const std::string url =
        RunWell(Hlsrec({"presign", Url(path), "--expires", "10m"}), here).out;
    const Ended got = Run({"curl", "-sf", url.substr(0, url.find('\n'))});
    return got.code == 0 ? got.out : "";
  }
  // Required to hold only what is stored, and to be ended.
  void RequireWhole(const std::string& path) const {
    const Playlist playlist = ParseMedia(Fetch(path));
    CHECK(playlist.defect.empty());
    CHECK(playlist.ended);
    CHECK(!playlist.segments.empty());
    const std::string folder = path.substr(0, path.find_last_of('/') + 1);
    for (const ListedSegment& segment : playlist.segments) {
      CHECK(!Fetch(folder + segment.uri).empty());
    }
  }
};

void RecordsByUrl(const Studio& studio) {
  const Ended recorded =
      RunWell(Record({MediaFile("h264_aac.ts"), studio.Url("my%20rec"),
                      "--segment-time", "1", "--session", "s"}),
              studio.here);
  CHECK(Holds(recorded, "s3://bucket/my%20rec/h264_aac/s/index.m3u8"));
  studio.RequireWhole("my%20rec/h264_aac/s/index.m3u8");

  const Words exact = {MediaFile("h264_aac.ts"), studio.Url("x/my%20cam.m3u8"),
                       "--segment-time", "1"};
  RunWell(Record(exact), studio.here);
  studio.RequireWhole("x/my%20cam.m3u8");
  CHECK_FALSE(std::filesystem::exists(studio.directory.path(".hlsrec-spool")));
  const Ended again = Run(Record(exact), studio.here);
  CHECK(again.code == 1);
  CHECK(Holds(again, "a playlist is there"));
}

void RecordsByStorageFile(const Studio& studio) {
  const std::string file = studio.directory.path("storage.json");
  std::ofstream(file)
      << R"({"type": "swift", "location": "bucket", "prefix": "stored",
             "options": {"endpoint": ")"
      << studio.swift.endpoint() << R"("},
             "credentials": {"key": "test:tester", "secret": "testing"}})";
  RunWell(Record({MediaFile("h264_aac.ts"), "--storage", file, "--segment-time",
                  "1", "--session", "s"}),
          studio.stranger);
  studio.RequireWhole("stored/h264_aac/s/index.m3u8");

  std::ofstream(file) << R"({"type": "s3", "location": "b", "Key": "s3cret"})";
  const Ended bad = Run(Record({MediaFile("h264_aac.ts"), "--storage", file}),
                        studio.stranger);
  CHECK(bad.code == 1);
  CHECK(Holds(bad, "storage.json: storage: Key: unknown field"));
  CHECK_FALSE(Holds(bad, "s3cret"));
}

// The headers of an object, as anybody gets them.
std::string HeadersOf(const Studio& studio, const std::string& path) {
  const std::string url =
      RunWell(Hlsrec({"presign", studio.Url(path), "--expires", "10m"}),
              studio.here)
          .out;
  return RunWell({"curl", "-sf", "-D", "-", "-o", "/dev/null",
                  url.substr(0, url.find('\n'))})
      .out;
}

void TellsWhatObjectsAre(const Studio& studio) {
  RunWell(Record({MediaFile("h264_aac.ts"), studio.Url("told/cam.m3u8"),
                  "--metadata", "camera=one two", "--metadata", "site=x",
                  "--cache-control", "segments=max-age=77", "--cache-control",
                  "ended="}),
          studio.here);
  const std::string list = HeadersOf(studio, "told/cam.m3u8");
  CHECK(list.find("camera: one two\r\n") != std::string::npos);
  CHECK(list.find("site: x\r\n") != std::string::npos);
  CHECK(list.find("max-age") == std::string::npos);
}

void RefusesStrangers(const Studio& studio) {
  const Words words = {MediaFile("h264_aac.ts"), studio.Url("refused")};
  const Ended nobody = Run(Record(words), studio.stranger);
  CHECK(nobody.code == 5);
  CHECK(Holds(nobody, "AWS_ACCESS_KEY_ID is not set"));
  CommandOptions other = studio.here;
  other.environment["AWS_SECRET_ACCESS_KEY"] = "s3cret";
  const Ended wrong = Run(Record(words), other);
  CHECK(wrong.code == 5);
  CHECK(Holds(wrong, "SignatureDoesNotMatch: check the secret key"));
  CHECK_FALSE(Holds(wrong, "s3cret"));
}

}  // namespace

TEST_CASE("s3 output: a bucket's URL, a playlist's, and a storage file") {
  const Studio studio;
  RecordsByUrl(studio);
  RecordsByStorageFile(studio);
  TellsWhatObjectsAre(studio);
  RefusesStrangers(studio);
}

TEST_CASE("s3 output: a killed recording is delivered and ended") {
  const Studio studio;
  const std::string key = "killed/index.m3u8";
  Command command(Record({MediaFile("h264_aac.ts"), studio.Url(key),
                          "--realtime", "--segment-time", "1"}),
                  studio.here);
  REQUIRE(WaitUntil([&] { return !studio.Fetch(key).empty(); }));
  command.Signal(SIGKILL);
  command.Wait();
  CHECK(studio.Fetch(key).find("#EXT-X-ENDLIST") == std::string::npos);
  // Who we are is not in the spool.
  const Ended stranger =
      Run(Hlsrec({"resume", "--finish-timeout", "1"}), studio.stranger);
  CHECK(stranger.code == 4);
  const Ended ended = Run(Hlsrec({"resume"}), studio.here);
  INFO(ended.err);
  CHECK(ended.code == 0);
  studio.RequireWhole(key);
  CHECK_FALSE(std::filesystem::exists(studio.directory.path(".hlsrec-spool")));
}

TEST_CASE("s3 output: what can't be is refused, and no secret is shown") {
  const std::string file = MediaFile("h264_aac.ts");
  RequireRefused(Record({file, "s3://k:s3cret@bucket/x"}), "holds a user");
  RequireRefused(Record({file, "s3://bucket/x?token=s3cret"}),
                 "token: unknown");
  RequireRefused(Record({file, "s3://bucket/x?endpoint=http://u:s3cret@h"}),
                 "endpoint");
  RequireRefused(Record({file, "--storage", "/no/such"}),
                 "--storage: /no/such");
  RequireRefused(Record({file}), "OUTPUT is required");
  RequireRefused(Record({file, "s3://bucket/x", "--tag", "=1"}),
                 "--tag: =1: want NAME=VALUE");
  RequireRefused(Hlsrec({"presign", "s3://bucket/x", "--expires", "8d"}),
                 "expires");
  RequireRefused(Hlsrec({"presign", "http://bucket/x"}), "want s3://");
}
