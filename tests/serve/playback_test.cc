#include "hlsrec/playback.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "hlsrec/access.h"
#include "src/base/gzip.h"
#include "src/net/transfer_loop.h"
#include "src/sink/s3_sink.h"
#include "tests/catch.h"
#include "tests/net/loopback_server.h"
#include "tests/serve/client.h"
#include "tests/serve/empty_folder.h"
#include "tests/serve/served.h"
#include "tests/sink/calls.h"
#include "tests/sink/fake_s3.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

namespace fs = std::filesystem;

std::string List(int segments, const std::string& end) {
  std::string text =
      "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-PLAYLIST-TYPE:EVENT\n"
      "#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:0\n"
      "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n";
  for (int i = 0; i < segments; ++i) {
    text += "#EXTINF:6.000000,\n" + std::to_string(i) + ".ts\n";
  }
  return text + end;
}

// A folder with recordings, and what else may lie there.
class Folder : public EmptyFolder {
 public:
  Folder() {
    Write("cam1/s1/index.m3u8", List(40, ""));
    Write("cam1/s1/0.ts", "0123456789");
    Write("cam1/s1/1.ts", "abc");
    Write("cam1/.hlsrec-spool/journal.db", "secret");
    Write(".hidden/a.ts", "secret");
  }
};

// A playback server over a folder.
struct Site {
  explicit Site(PlaybackOptions options = {}, const Folder* shared = nullptr,
                std::shared_ptr<Runtime> runtime = *Runtime::Create()) {
    options.folders = {(shared != nullptr ? *shared : folder).path()};
    options.index_max_age = std::chrono::milliseconds(0);
    auto playback = OpenPlayback(runtime, std::move(options));
    REQUIRE(playback.ok());
    served =
        std::make_unique<Served>(std::vector{*playback}, HttpLimits{}, runtime);
  }
  Client::Answer Get(const std::string& target,
                     const std::string& headers = "") const {
    return Ask(*served->server, "GET", target, headers);
  }
  Folder folder;
  std::unique_ptr<Served> served;
};

TEST_CASE("playback: files with their types, ranges and conditions") {
  const Site site;
  const auto segment = site.Get("/cam1/s1/0.ts");
  CHECK(segment.status == 200);
  CHECK(segment.body == "0123456789");
  CHECK(segment.Header("content-type") == "video/mp2t");
  CHECK(segment.Header("accept-ranges") == "bytes");
  CHECK(segment.Header("cache-control") ==
        "public, max-age=31536000, immutable");
  CHECK(segment.Header("x-content-type-options") == "nosniff");
  const std::string etag = segment.Header("etag");
  REQUIRE_FALSE(etag.empty());

  const auto part = site.Get("/cam1/s1/0.ts", "Range: bytes=2-4\r\n");
  CHECK(part.status == 206);
  CHECK(part.body == "234");
  CHECK(part.Header("content-range") == "bytes 2-4/10");
  const auto beyond = site.Get("/cam1/s1/0.ts", "Range: bytes=10-\r\n");
  CHECK(beyond.status == 416);
  CHECK(beyond.Header("content-range") == "bytes */10");
  CHECK(beyond.Header("cache-control").empty());
  const auto other = site.Get("/cam1/s1/0.ts", "If-Match: \"x\"\r\n");
  CHECK(other.status == 412);
  CHECK(other.Header("cache-control").empty());
  Client again(site.served->server->port());
  const auto same =
      again.Ask("GET", "/cam1/s1/0.ts", "If-None-Match: " + etag + "\r\n");
  CHECK(same.status == 304);
  CHECK(same.Header("content-length") != "0");  // caches would believe it
  CHECK(again.Ask("GET", "/cam1/s1/0.ts").body == "0123456789");
  CHECK(site.Get("/cam1/s1/0.ts", "If-Modified-Since: " +
                                      segment.Header("last-modified") + "\r\n")
            .status == 304);
  const auto head = Ask(*site.served->server, "HEAD", "/cam1/s1/0.ts");
  CHECK(head.status == 200);
  CHECK(head.Header("content-length") == "10");
}

TEST_CASE("playback: a playlist is fresh for a moment, and goes as gzip") {
  const Site site;
  const auto plain = site.Get("/cam1/s1/index.m3u8");
  CHECK(plain.body == List(40, ""));
  CHECK(plain.Header("content-type") == "application/vnd.apple.mpegurl");
  CHECK(plain.Header("cache-control") == "max-age=1");
  CHECK(plain.Header("vary") == "Accept-Encoding");
  const std::string gzip = "Accept-Encoding: gzip\r\n";
  const auto packed = site.Get("/cam1/s1/index.m3u8", gzip);
  CHECK(packed.Header("content-encoding") == "gzip");
  CHECK(packed.Header("etag") != plain.Header("etag"));
  CHECK(*Gunzip(packed.body, 1 << 20) == List(40, ""));
  CHECK(site.Get("/cam1/s1/index.m3u8",
                 gzip + "If-None-Match: " + packed.Header("etag") + "\r\n")
            .status == 304);
  // As a file sink replaces it.
  site.folder.Write("cam1/s1/new", List(41, "#EXT-X-ENDLIST\n"));
  fs::rename(site.folder.path() + "/cam1/s1/new",
             site.folder.path() + "/cam1/s1/index.m3u8");
  const auto ended = site.Get("/cam1/s1/index.m3u8", gzip);
  CHECK(*Gunzip(ended.body, 1 << 20) == List(41, "#EXT-X-ENDLIST\n"));
  CHECK(ended.Header("cache-control") == "max-age=3600");
}

TEST_CASE("playback: nothing outside of the folder, and nothing hidden") {
  const Site site;
  const TemporaryDirectory outside;
  std::ofstream(outside.Path("a.ts")) << "secret";
  fs::create_symlink(outside.path(), site.folder.path() + "/link");
  fs::create_symlink(outside.Path("a.ts"), site.folder.path() + "/b.ts");
  ::mkfifo((site.folder.path() + "/pipe.ts").c_str(), 0600);
  for (const char* target :
       {"/link/a.ts", "/b.ts", "/.hidden/a.ts",
        "/cam1/.hlsrec-spool/journal.db", "/cam1/s1", "/cam1/s1/", "/cam1", "/",
        "/none.ts", "/pipe.ts", "/cam1/s1/0.ts/"}) {
    CAPTURE(target);
    CHECK(site.Get(target).status == 404);
  }
  for (const char* target : {"/../a", "/%2e%2e/a", "/a%00.ts", "/a\\b"}) {
    CAPTURE(target);
    CHECK(site.Get(target).status == 400);
  }
  const auto put = Ask(*site.served->server, "PUT", "/x.ts", "", "body");
  CHECK(put.status == 405);
  CHECK(put.Header("allow") == "GET, HEAD, OPTIONS");
}

TEST_CASE(
    "playback: without descriptors to spare a file is not given up for "
    "lost") {
  const Site site({.forward = {.http_forwarding_extension = "ts",
                               .http_forwarding_base_url = "https://b"}});
  Client client(site.served->server->port());
  CHECK(client.Ask("GET", "/cam1/s1/0.ts").status == 200);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  const int status = client.Ask("GET", "/cam1/s1/0.ts").status;
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(status == 503);
}

TEST_CASE("playback: pages from elsewhere may play where that is allowed") {
  const Site site({.allowed_origin = "https://example.org"});
  CHECK(site.Get("/cam1/s1/0.ts").Header("access-control-allow-origin") ==
        "https://example.org");
  CHECK(site.Get("/none").Header("access-control-allow-origin") ==
        "https://example.org");
  const auto preflight = Ask(*site.served->server, "OPTIONS", "/cam1/s1/0.ts");
  CHECK(preflight.status == 204);
  CHECK(preflight.Header("access-control-allow-headers") ==
        "Authorization, Range, If-None-Match");
  const Site strict;
  CHECK(strict.Get("/cam1/s1/0.ts").Header("access-control-allow-origin") ==
        "");
}

TEST_CASE("playback: a part of a playlist by time") {
  const Site site;
  const auto part =
      site.Get("/cam1/s1/index.m3u8?start=1767225606&end=1767225612");
  CHECK(part.status == 200);
  CHECK(part.body.find("\n1.ts\n#EXT-X-ENDLIST\n") != std::string::npos);
  CHECK(part.body.find("\n0.ts\n") == std::string::npos);
  CHECK(part.Header("cache-control") == "max-age=3600");
  CHECK(site.Get("/cam1/s1/index.m3u8?start=x").status == 400);
  CHECK(site.Get("/cam1/s1/index.m3u8?end=5").status == 404);
  CHECK(site.Get("/cam1/s1/0.ts?start=x").status == 200);
}

TEST_CASE("playback: what there is to play") {
  const Site site;
  site.folder.Write("cam1/s1/poster.jpg", "x");
  site.folder.Write("abr/master.m3u8",
                    "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow/v.m3u8\n"
                    "#EXT-X-STREAM-INF:BANDWIDTH=2\nhigh/v.m3u8\n");
  site.folder.Write("abr/low/v.m3u8",
                    "#EXTM3U\n#EXT-X-TARGETDURATION:6\n"
                    "#EXT-X-PROGRAM-DATE-TIME:2026-02-01T00:00:00.000Z\n"
                    "#EXTINF:6,\na.ts\n#EXT-X-GAP\n#EXTINF:6,\nb.ts\n"
                    "#EXT-X-GAP\n#EXTINF:5.5,\nc.ts\n#EXT-X-ENDLIST\n");
  site.folder.Write("abr/low/a.ts", "12345");
  site.folder.Write("abr/high/v.m3u8",
                    "#EXTM3U\n#EXT-X-TARGETDURATION:6\n"
                    "#EXTINF:6,\na.ts\n#EXT-X-ENDLIST\n");
  site.folder.Write("abr/high/a.ts", "1234567");
  const auto answer = site.Get("/recordings.json");
  CHECK(answer.Header("content-type") == "application/json");
  const auto json = nlohmann::json::parse(answer.body);
  CHECK(json["version"] == 1);
  CHECK(json["recordings"] == nlohmann::json::parse(R"([
    {"path": "abr/", "title": "abr", "state": "ended",
     "playlist": "abr/master.m3u8",
     "playlists": ["abr/master.m3u8", "abr/low/v.m3u8", "abr/high/v.m3u8"],
     "start": "2026-02-01T00:00:00.000Z", "duration": 17.5, "size": 12,
     "gaps": [{"offset": 6.0, "duration": 11.5}]},
    {"path": "cam1/s1/", "title": "cam1/s1", "state": "live",
     "playlist": "cam1/s1/index.m3u8", "playlists": ["cam1/s1/index.m3u8"],
     "start": "2026-01-01T00:00:00.000Z", "duration": 240.0, "size": 13,
     "gaps": [], "poster": "cam1/s1/poster.jpg"}])"));
  CHECK(site.Get("/recordings.json",
                 "If-None-Match: " + answer.Header("etag") + "\r\n")
            .status == 304);
  // It grows.
  site.folder.Write("cam1/s1/index.m3u8", List(41, "#EXT-X-ENDLIST\n"));
  site.folder.Write("cam1/s1/40.ts", "12");
  const auto grown =
      nlohmann::json::parse(site.Get("/recordings.json").body)["recordings"][1];
  CHECK(grown["state"] == "ended");
  CHECK(grown["duration"] == 246.0);
  CHECK(grown["size"] == 15);
}

TEST_CASE("playback: a recording's lists are one recording") {
  const Site site;
  site.folder.Write(
      "cam1/s1/recording.json",
      R"({"version": 1, "id": "abc", "state": "running", "stream": "Cam 1",
          "session": "s1", "started": "2026-01-01T00:00:00.000Z",
          "updated": "2026-01-01T00:00:00.000Z", "identity": {},
          "output": "o", "key": "cam1/s1/recording.json",
          "container": "mpegts", "timescale": 90000, "renditions": []})");
  site.folder.Write("cam1/s1/a-live.m3u8", List(3, ""));
  const auto json =
      nlohmann::json::parse(site.Get("/recordings.json").body)["recordings"];
  REQUIRE(json.size() == 1);
  CHECK(json[0]["id"] == "abc");
  CHECK(json[0]["title"] == "Cam 1");
  CHECK(json[0]["session"] == "s1");
  CHECK(json[0]["playlist"] == "cam1/s1/index.m3u8");
  CHECK(json[0]["playlists"] ==
        nlohmann::json::parse(
            R"(["cam1/s1/index.m3u8", "cam1/s1/a-live.m3u8"])"));
}

TEST_CASE("playback: what is not here is forwarded, and what is here is not") {
  const Site site(
      {.forward = {.http_forwarding_extension = "mp4, ts",
                   .http_forwarding_base_url = "https://bucket.example/v/"}});
  CHECK(site.Get("/cam1/s1/0.ts").body == "0123456789");
  const auto away = site.Get("/cam1/s1/99.ts?x=1&start=5&signature=2",
                             "Range: bytes=0-1\r\n");
  CHECK(away.status == 302);
  CHECK(away.Header("location") ==
        "https://bucket.example/v/cam1/s1/99.ts?x=1");
  CHECK(away.Header("cache-control") == "no-store");
  CHECK(Ask(*site.served->server, "HEAD", "/a.mp4").Header("location") ==
        "https://bucket.example/v/a.mp4");
  CHECK(site.Get("/none.m3u8").status == 404);
  CHECK(site.Get("/.hidden/b.ts").status == 404);
  CHECK(site.Get("/%2e%2e/b.ts").status == 400);
}

TEST_CASE("playback: playlists of a public bucket, in parts and whole") {
  std::atomic<int> asked = 0;
  LoopbackServer bucket([&asked](const std::string& head) {
    ++asked;
    return RequestPath(head) == "/v/a/index.m3u8"
               ? HttpAnswer(200, List(40, "#EXT-X-ENDLIST\n"))
               : HttpAnswer(403, "AccessDenied");
  });
  const Site site({.forward = {.http_forwarding_extension = "m3u8,ts",
                               .http_forwarding_base_url = bucket.Url("/v"),
                               .proxied_extension = "m3u8"}});
  CHECK(site.Get("/a/index.m3u8").body == List(40, "#EXT-X-ENDLIST\n"));
  const auto part = site.Get("/a/index.m3u8?start=1767225606&end=1767225612");
  CHECK(part.body.find("\n1.ts\n#EXT-X-ENDLIST\n") != std::string::npos);
  // An audience asks once.
  CHECK(asked == 1);
  CHECK(site.Get("/b/index.m3u8").status == 404);
}

TEST_CASE("playback: what is fetched and not yet sent has a limit") {
  LoopbackServer bucket([](const std::string&) {
    return HttpAnswer(200, std::string(600, 'x'));
  });
  const Folder folder;
  const auto runtime = *Runtime::Create();
  const auto playback = OpenPlayback(
      runtime, {.folders = {folder.path()},
                .forward = {.http_forwarding_extension = "ts",
                            .http_forwarding_base_url = bucket.Url("/v"),
                            .proxied_extension = "ts"},
                .max_proxied_bytes = 1000,
                .max_proxied_bytes_at_once = 1500});
  REQUIRE(playback.ok());
  const auto get = [&](const std::string& target) {
    std::promise<HttpResponse> answer;
    (*playback)->Handle({.method = "GET", .target = target},
                        [&answer](HttpResponse response) {
                          answer.set_value(std::move(response));
                        });
    return answer.get_future().get();
  };
  {
    const HttpResponse slow = get("/a.ts");
    CHECK(slow.body->size() == 600);
    const HttpResponse other = get("/b.ts");
    CHECK(other.status == 503);
    CHECK(std::any_of(
        other.headers.begin(), other.headers.end(),
        [](const HttpField& field) { return field.name == "Retry-After"; }));
  }
  // The thread that has answered may hold it for a moment.
  int status = 503;
  for (int i = 0; i < 10'000 && status == 503; ++i)
    status = get("/b.ts").status;
  CHECK(status == 200);
}

// A private bucket, and a server before it.
struct PrivateSite {
  PrivateSite() {
    runtime = *Runtime::Create();
    store = std::make_shared<FakeS3>(FakeS3::Options{});
    io = std::make_shared<ThreadPool>(SystemClock(), "io", 1);
    auto opened = sink::MakeS3Sink(
        {.clock = SystemClock(),
         .transport = store,
         .io = io,
         .runtime = nullptr},
        {.bucket = "bucket",
         .prefix = "rec",
         .endpoint = "http://store:8080",
         .credentials = FixedCredentials(
             {.access_key_id = "KEY", .secret_access_key = "SECRET"})});
    REQUIRE(opened.ok());
    bucket = *opened;
    REQUIRE(AwaitPut(*bucket, {.key = "a/index.m3u8",
                               .body = MakeStringBody(List(40, "")),
                               .kind = ObjectKind::kMediaPlaylist,
                               .content_type = "application/x-mpegurl"})
                .ok());
    site = std::make_unique<Site>(
        PlaybackOptions{.forward = {.http_forwarding_extension = "*",
                                    .access = ForwardAccess::kPresigned},
                        .bucket = bucket},
        nullptr, runtime);
  }
  std::shared_ptr<Runtime> runtime;
  std::shared_ptr<FakeS3> store;
  std::shared_ptr<ThreadPool> io;
  std::shared_ptr<S3Sink> bucket;
  std::unique_ptr<Site> site;
};

TEST_CASE("playback: recordings in private buckets play") {
  const PrivateSite there;
  const auto list = there.site->Get("/a/index.m3u8");
  CHECK(list.body == List(40, ""));  // stable names, no secret in them
  CHECK(list.Header("cache-control") == "max-age=1");
  const auto segment = there.site->Get("/a/0.ts?x=1");
  CHECK(segment.status == 302);
  const std::string location = segment.Header("location");
  CHECK(location.starts_with("http://store:8080/bucket/rec/a/0.ts?"));
  CHECK(location.find("X-Amz-Expires=3600") != std::string::npos);
  CHECK(location.find("SECRET") == std::string::npos);
  // What is signed for GET is not for HEAD.
  const auto head = Ask(*there.site->served->server, "HEAD", "/a/0.ts");
  CHECK(head.status == 302);
  CHECK(head.Header("location") != location);
  CHECK(there.site->Get("/b/index.m3u8").status == 404);
}

TEST_CASE("playback: a bucket that fails is told from one that has nothing") {
  const PrivateSite there;
  there.store->FailCall(1, FakeS3::Fault::kRefuse);
  const auto answer = there.site->Get("/a/index.m3u8");
  CHECK(answer.status == 503);
  CHECK(answer.body == "the bucket has failed\n");
  CHECK(there.site->Get("/a/index.m3u8").status == 200);
}

TEST_CASE("access: the token, a signed URL, or nothing") {
  const Folder folder;
  folder.Write("token", "s3cret\n");
  folder.Write("key", "0123456789abcdef\n");
  const auto runtime = *Runtime::Create();
  const auto playback = OpenPlayback(runtime, {.folders = {folder.path()}});
  REQUIRE(playback.ok());
  const auto access =
      RequireAccess(runtime,
                    {.token_file = folder.path() + "/token",
                     .signing_key_file = folder.path() + "/key"},
                    {*playback});
  REQUIRE(access.ok());
  const Served served({*access}, {}, runtime);
  const auto get = [&](const std::string& target,
                       const std::string& headers = "") {
    return Ask(*served.server, "GET", target, headers);
  };
  const std::string segment = "/cam1/s1/0.ts";
  const auto nobody = get(segment);
  CHECK(nobody.status == 401);
  CHECK(nobody.Header("www-authenticate") == "Bearer");
  CHECK(get(segment, "Authorization: Bearer s3cret\r\n").status == 200);
  CHECK(get(segment, "authorization: bearer  s3cret\r\n").status == 200);
  CHECK(get(segment, "Authorization: Bearer s3cre\r\n").status == 401);
  CHECK(get(segment, "Authorization: Basic s3cret\r\n").status == 401);
  CHECK(get(segment + "?token=s3cret").status == 401);

  const auto later = std::chrono::system_clock::now() + std::chrono::hours(1);
  const std::string query = *SignPath("0123456789abcdef", "/cam1/s1/", later);
  CHECK(get(segment + "?" + query).status == 200);
  CHECK(get("/token?" + query).status == 403);
  CHECK(get(segment + "?" + query + "0").status == 403);
  CHECK(Ask(*served.server, "PUT", segment + "?" + query).status == 401);
  CHECK(Ask(*served.server, "OPTIONS", segment).status == 204);
  // The list hands the signature on, so that a player can go on.
  const auto list = get("/cam1/s1/index.m3u8?" + query);
  CHECK(list.body.find("\n0.ts?" + query + "\n") != std::string::npos);
  const auto part =
      get("/cam1/s1/index.m3u8?start=1767225606&end=1767225612&" + query);
  CHECK(part.body.find("\n1.ts?" + query + "\n#EXT-X-ENDLIST\n") !=
        std::string::npos);
}

TEST_CASE("access: files of secrets that can't be are refused by name") {
  const Folder folder;
  folder.Write("empty", " \n");
  folder.Write("two", "a b\n");
  const auto runtime = *Runtime::Create();
  const auto code = [&](const AccessOptions& options) {
    return RequireAccess(runtime, options, {}).status().code();
  };
  CHECK(code({}) == StatusCode::kInvalidArgument);
  CHECK(code({.token_file = folder.path() + "/none"}) == StatusCode::kNotFound);
  CHECK(code({.token_file = folder.path() + "/empty"}) ==
        StatusCode::kInvalidArgument);
  CHECK(code({.token_file = folder.path() + "/two"}) ==
        StatusCode::kInvalidArgument);
  CHECK(code({.signing_key_file = folder.path() + "/two"}) ==
        StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace hlsrec
