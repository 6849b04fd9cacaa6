// `hlsrec serve` with real players' tools, and a real private bucket.
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/serving.h"
#include "tests/s3/store_server.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::string Curl(const Words& arguments) {
  Words words = {"curl", "--silent", "--max-time", "20"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return Run(words).out;
}

// The status, with all redirects followed.
std::string StatusOf(const std::string& url, const Words& more = {}) {
  Words words = {"--location", "--output", "/dev/null", "--write-out",
                 "%{http_code}"};
  words.insert(words.end(), more.begin(), more.end());
  words.push_back(url);
  return Curl(words);
}

// Every frame, through a player's eyes.
std::string Played(const std::string& url) {
  const Ended ended =
      Run({"ffmpeg", "-nostdin", "-v", "error", "-xerror", "-i", url, "-map",
           "0", "-c", "copy", "-f", "framehash", "-"});
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  return ended.out;
}

void RecordTo(const std::string& output) {
  Words words = {"env"};
  words.insert(words.end(), StoreKeys().begin(), StoreKeys().end());
  for (const std::string& word :
       Record({MediaFile("h264_aac.ts"), output, "--segment-time", "1"})) {
    words.push_back(word);
  }
  RunWell(words);
}

TEST_CASE("serve: a folder of recordings, for players and for people") {
  const TempDirectory directory;
  const std::string folder = directory.path("");
  RecordTo(folder + "/cam/index.m3u8");
  Serving serving({folder, "--metrics"});
  CHECK(Played(serving.Url("/cam/index.m3u8")) ==
        Played(folder + "/cam/index.m3u8"));
  const Json all = Json::parse(Curl({serving.Url("/recordings.json")}));
  CHECK(all.at("recordings").at(0).at("playlist") == "cam/index.m3u8");
  CHECK(all.at("recordings").at(0).at("state") == "ended");
  CHECK(Curl({serving.Url("/metrics")}).find("hlsrec_http_sent_bytes_total") !=
        std::string::npos);
  CHECK(StatusOf(serving.Url("/.hlsrec-spool/journal.db")) == "404");
  CHECK(StatusOf(serving.Url("/%2e%2e/etc/passwd"), {"--path-as-is"}) == "400");
  const Ended checked = Run(Hlsrec({"check", serving.Url("/cam/index.m3u8")}));
  INFO(checked.out + checked.err);
  CHECK(checked.code == 0);
  CHECK(serving.End() == 0);
}

TEST_CASE("serve: signed URLs play, others do not") {
  const TempDirectory directory;
  const std::string folder = directory.path("");
  RecordTo(folder + "/rec/cam/index.m3u8");
  std::ofstream(folder + "/key") << "0123456789abcdef\n";
  Serving serving({folder + "/rec", "--signing-key", folder + "/key"});
  const std::string url = serving.Url("/cam/index.m3u8");
  CHECK(StatusOf(url) == "401");
  const Ended presigned =
      RunWell(Hlsrec({"presign", url, "--signing-key", folder + "/key"}));
  const std::string with = presigned.out.substr(0, presigned.out.find('\n'));
  CHECK(Played(with) == Played(folder + "/rec/cam/index.m3u8"));
  CHECK(StatusOf(with + "0") == "403");
}

TEST_CASE("presign: a signed URL opens what is needed, and says what that is") {
  const TempDirectory directory;
  const std::string key = directory.path("key");
  std::ofstream(key) << "0123456789abcdef\n";
  const auto sign = [&](const std::string& url, const Words& more = {}) {
    Words words = Hlsrec({"presign", "https://h" + url, "--signing-key", key});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const auto opens = [&](const Words& words) {
    const Ended ended = RunWell(words);
    CHECK(ended.out.find("&signature=") != std::string::npos);
    const std::string begin = "hlsrec: presign: opens ";
    REQUIRE(ended.err.starts_with(begin));
    const std::size_t end = ended.err.find(" until 2");
    REQUIRE(end != std::string::npos);
    return ended.err.substr(begin.size(), end - begin.size());
  };
  CHECK(opens(sign("/a%20b/index.m3u8")) == "all below /a b/");
  CHECK(opens(sign("/cam/recording.zip")) == "/cam/recording.zip");
  CHECK(opens(sign("/recording.mp4")) == "/recording.mp4");
  CHECK(opens(sign("/cam/s/index.m3u8", {"--below", "/cam/"})) ==
        "all below /cam/");
  CHECK(opens(sign("/index.m3u8", {"--below", "/", "--expires", "7d"})) ==
        "all of the server");
  CHECK(opens(sign("/index.m3u8", {"--below", "/index.m3u8"})) ==
        "/index.m3u8");
  RequireRefused(sign("/index.m3u8"), "all of the server: give --below /");
  RequireRefused(sign("/"), "all of the server: give --below /");
  for (const char* below : {"/cam2/", "/cam", "/cam/s/other.m3u8", "cam/"}) {
    RequireRefused(sign("/cam/s/index.m3u8", {"--below", below}),
                   "does not contain /cam/s/index.m3u8");
  }
  for (const char* expires : {"0", "999ms", "8d", "604801"}) {
    RequireRefused(sign("/cam/index.m3u8", {"--expires", expires}),
                   "want 1s to 7d");
  }
}

TEST_CASE("serve: who opens it to the network unasked is warned") {
  const TempDirectory directory;
  const std::string folder = directory.path("");
  std::ofstream(folder + "/key") << "0123456789abcdef\n";
  // An address of documentation, which no machine has.
  const std::string network = "192.0.2.1:0";
  const auto warned = [&](const Words& more) {
    Words words = Hlsrec({"serve", folder, "--bind", network});
    words.insert(words.end(), more.begin(), more.end());
    const Ended ended = Run(words);
    CHECK(ended.code == 5);
    return ended.err.find(
               "serve: --bind 192.0.2.1:0: anybody who reaches it") !=
           std::string::npos;
  };
  CHECK(warned({}));
  CHECK_FALSE(warned({"--open"}));
  CHECK_FALSE(warned({"--signing-key", folder + "/key"}));
  CHECK_FALSE(warned({"--token-file", folder + "/key"}));
}

TEST_CASE("serve: a recording that has moved to a private bucket plays on") {
  const SwiftServer swift;
  const TempDirectory directory;
  const std::string folder = directory.path("");
  RecordTo(folder + "/here/cam/index.m3u8");
  const std::string bucket = "s3://bucket/rec?endpoint=" + swift.endpoint();
  RecordTo("s3://bucket/rec/cam/index.m3u8?endpoint=" + swift.endpoint());
  Serving serving({folder + "/here", bucket});
  const std::string url = serving.Url("/cam/index.m3u8");
  const std::string here = Played(url);
  // The segments first, then all of it.
  REQUIRE(fs::remove(folder + "/here/cam/index-000001.ts"));
  CHECK(Played(url) == here);
  CHECK(StatusOf(serving.Url("/cam/index-000001.ts")) == "200");
  CHECK(StatusOf(serving.Url("/cam/index-000001.ts"), {"--head"}) == "200");
  CHECK(StatusOf(serving.Url("/cam/index-000001.ts"), {"--range", "0-187"}) ==
        "206");
  fs::remove_all(folder + "/here/cam");
  CHECK(Played(url) == here);
  CHECK(StatusOf(serving.Url("/none/index.m3u8")) == "404");
  CHECK(Curl({url}).find("Signature") == std::string::npos);
  // It is in the list as if it were here.
  const Serving another({folder + "/here", bucket});
  const Json all = Json::parse(Curl({another.Url("/recordings.json")}));
  CHECK(all.at("bucket").at("state") == "listed");
  REQUIRE(all.at("recordings").size() == 1);
  const Json& moved = all.at("recordings").at(0);
  CHECK(moved.at("playlist") == "cam/index.m3u8");
  CHECK(moved.at("state") == "ended");
  CHECK(moved.at("size") > 100'000);
}

TEST_CASE("serve: over TLS") {
  const TempDirectory directory;
  const std::string folder = directory.path("");
  fs::create_directories(folder + "/rec");
  std::ofstream(folder + "/rec/a.txt") << "there";
  RunWell({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
           "2", "-subj", "/CN=localhost", "-addext",
           "subjectAltName=IP:127.0.0.1", "-keyout", folder + "/key.pem",
           "-out", folder + "/cert.pem"});
  Serving serving({folder + "/rec", "--tls-cert", folder + "/cert.pem",
                   "--tls-key", folder + "/key.pem"});
  CHECK(serving.Url("").starts_with("https://127.0.0.1:"));
  CHECK(Curl({"--cacert", folder + "/cert.pem", serving.Url("/a.txt")}) ==
        "there");
  CHECK(Curl({serving.Url("/a.txt")}).empty());
}

TEST_CASE("serve: what is wrong is told before anybody is served") {
  const TempDirectory directory;
  const std::string folder = directory.path("");
  std::ofstream(folder + "/short") << "s3cret";
  RequireRefused(Hlsrec({"serve"}), "ROOT is required");
  RequireRefused(Hlsrec({"serve", folder, "--bind", "8080"}), "bind: 8080");
  RequireRefused(Hlsrec({"serve", folder, "--signing-key", folder + "/short"}),
                 "signing key: want 16 bytes");
  RequireRefused(Hlsrec({"serve", folder, "--forward-bucket", "aws:a"}),
                 "region");
  RequireRefused(
      Hlsrec({"serve", folder, "--forward-base-url", "https://u:s3cret@host"}),
      "http_forwarding_base_url");
  RequireRefused(
      Hlsrec({"serve", folder, "https://a.example", "https://b.example"}),
      "one place to forward to already");
  const Ended none = Run(Hlsrec({"serve", folder + "/none"}));
  CHECK(none.code == 5);
  CHECK(Holds(none, "No such file or directory"));
}

}  // namespace
