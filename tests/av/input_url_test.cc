#include "src/av/input_url.h"

#include <sys/stat.h>

#include "tests/av/media_files.h"
#include "tests/catch.h"

using hlsrec::StatusCode;
using hlsrec::UrlSourceOptions;
using hlsrec::av::InputUrl;
using hlsrec::av::ResolveInputUrl;

namespace {

InputUrl Resolve(const UrlSourceOptions& options) {
  const auto input = ResolveInputUrl(options);
  REQUIRE(input.ok());
  return *input;
}

}  // namespace

TEST_CASE("input url: each protocol has its own way to listen") {
  CHECK(Resolve({.url = "rtmp://h/a/k", .listen = true}).options.at("listen") ==
        "1");
  CHECK(Resolve({.url = "http://h/a", .listen = true}).options.at("listen") ==
        "1");
  CHECK(Resolve({.url = "tcp://h:1", .listen = true}).options.at("listen") ==
        "1");
  CHECK(Resolve({.url = "srt://h:1", .listen = true}).options.at("mode") ==
        "listener");
  CHECK(
      Resolve({.url = "rtsp://h/a", .listen = true}).options.at("rtsp_flags") ==
      "listen");
  CHECK(ResolveInputUrl({.url = "file.ts", .listen = true}).status().code() ==
        StatusCode::kInvalidArgument);
}

TEST_CASE("input url: listen in the query is an option, not a stream's name") {
  const InputUrl input = Resolve({.url = "rtmp://h:1935/app/key?listen=1"});
  CHECK(input.url == "rtmp://h:1935/app/key");
  CHECK(input.options.at("listen") == "1");
  CHECK(Resolve({.url = "rtmp://h/app/key?listen=0"}).options.count("listen") ==
        0);
  CHECK(Resolve({.url = "./file.ts?listen=1"}).url == "./file.ts?listen=1");
}

TEST_CASE("input url: standard input has several names") {
  for (const char* name : {"-", "pipe:", "pipe:0", "/dev/stdin"}) {
    CHECK(Resolve({.url = name}).kind == InputUrl::Kind::kStandardInput);
  }
}

TEST_CASE("input url: a named pipe is not opened as a file") {
  const hlsrec::testing::TempDirectory directory;
  REQUIRE(::mkfifo(directory.path("pipe").c_str(), 0600) == 0);
  CHECK(Resolve({.url = directory.path("pipe")}).kind ==
        InputUrl::Kind::kNamedPipe);
}

TEST_CASE("input url: the caller's options win") {
  const InputUrl input =
      Resolve({.url = "rtsp://h/a", .av_options = {{"rtsp_flags", "none"}}});
  CHECK(input.options.at("rtsp_flags") == "none");
  CHECK(Resolve({.url = "rtsp://h/a"}).options.at("rtsp_flags") ==
        "prefer_tcp");
}

TEST_CASE("input url: an sdp file may name udp hosts, a playlist may not") {
  CHECK(Resolve({.url = "/tmp/x.sdp"})
            .options.at("protocol_whitelist")
            .find("udp") != std::string::npos);
  CHECK(Resolve({.url = "/tmp/x.m3u8"}).options.count("protocol_whitelist") ==
        0);
}

TEST_CASE("input url: an empty one is refused") {
  CHECK(ResolveInputUrl({}).status().code() == StatusCode::kInvalidArgument);
  CHECK(ResolveInputUrl({.url = std::string("a\0b", 3)}).status().code() ==
        StatusCode::kInvalidArgument);
}
