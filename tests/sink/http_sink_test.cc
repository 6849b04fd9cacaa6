#include "hlsrec/http_sink.h"

#include <atomic>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hlsrec/testing.h"
#include "src/base/answer.h"
#include "src/net/http_status.h"
#include "src/net/url.h"
#include "tests/catch.h"
#include "tests/net/scripted_server.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

using Reply = ScriptedServer::Reply;
using Request = ScriptedServer::Request;
using std::chrono::seconds;

struct Fixture {
  std::shared_ptr<Runtime> runtime = Runtime::Create().value();

  std::shared_ptr<Sink> Open(HttpSinkOptions options) {
    options.stall_timeout = seconds(1);
    auto sink = OpenHttpSink(runtime, options);
    INFO(sink.status().message());
    REQUIRE(sink.ok());
    return std::move(sink).value();
  }
  Status Put(Sink& sink, PutRequest request) {
    const auto answer = std::make_shared<Answer<int>>();
    sink.Put(std::move(request), [answer](Status status) {
      answer->Set(status.ok() ? StatusOr<int>(0) : std::move(status));
    });
    return answer->Take(runtime->core()).status();
  }
  Status Put(Sink& sink, const std::string& key, const std::string& bytes = "x",
             IfExists if_exists = IfExists::kReplace) {
    return Put(sink, {.key = key,
                      .body = MakeStringBody(bytes),
                      .kind = ObjectKind::kSegment,
                      .if_exists = if_exists,
                      .content_type = "video/mp2t"});
  }
  StatusOr<std::string> Get(Sink& sink, const std::string& key,
                            std::uint64_t max_bytes = 1000) {
    const auto answer = std::make_shared<Answer<std::string>>();
    sink.Get(key, max_bytes, [answer](StatusOr<std::string> bytes) {
      answer->Set(std::move(bytes));
    });
    return answer->Take(runtime->core());
  }
  Status Remove(Sink& sink, const std::string& key) {
    const auto answer = std::make_shared<Answer<int>>();
    sink.Remove(key, [answer](Status status) {
      answer->Set(status.ok() ? StatusOr<int>(0) : std::move(status));
    });
    return answer->Take(runtime->core()).status();
  }
};

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

TEST_CASE("http sink: keeps what a sink promises") {
  Fixture f;
  for (const HttpConflict conflict :
       {HttpConflict::kLookFirst, HttpConflict::kIfNoneMatch}) {
    ScriptedServer server;
    const auto sink =
        f.Open({.base_url = server.Url("/rec"), .conflict = conflict});
    CHECK(testing::CheckSinkContract(*sink, "contract/") ==
          std::vector<std::string>());
    CHECK(sink->Describe() == server.Url("/rec/"));
  }
}

TEST_CASE("http sink: odd keys are other letters of the path") {
  Fixture f;
  ScriptedServer server;
  const auto sink = f.Open({.base_url = server.Url("/a%20b/")});
  REQUIRE(f.Put(*sink, "c d/e+f=g%20~\u00e9?#.ts").ok());
  CHECK(server.requests().back().path ==
        "/a%20b/c%20d/e%2Bf%3Dg%2520~%C3%A9%3F%23.ts");
}

TEST_CASE("http sink: types and caching by kind") {
  Fixture f;
  ScriptedServer server;
  const auto sink =
      f.Open({.base_url = server.Url("/"), .headers = {{"X-Api-Key", "k"}}});
  struct Case {
    ObjectKind kind;
    bool last;
    std::string cache;
  };
  const Case cases[] = {
      {ObjectKind::kSegment, true, "public, max-age=31536000, immutable"},
      {ObjectKind::kInitSection, true, "public, max-age=31536000, immutable"},
      {ObjectKind::kMediaPlaylist, false, "max-age=1"},
      {ObjectKind::kMediaPlaylist, true, "max-age=3600"},
      {ObjectKind::kMultivariantPlaylist, false, "max-age=1"}};
  for (const Case& c : cases) {
    REQUIRE(f.Put(*sink, {.key = "x",
                          .body = MakeStringBody("x"),
                          .kind = c.kind,
                          .content_type = "a/b",
                          .last_version = c.last})
                .ok());
    const Request seen = server.requests().back();
    CHECK(seen.Header("cache-control") == c.cache);
    CHECK(seen.Header("content-type") == "a/b");
    CHECK(seen.Header("x-api-key") == "k");
  }
}

TEST_CASE("http sink: an encoding is told") {
  Fixture f;
  ScriptedServer server;
  const auto sink = f.Open({.base_url = server.Url("/")});
  CHECK(sink->keeps_content_encoding());
  for (const std::string encoding : {"gzip", ""}) {
    REQUIRE(f.Put(*sink, {.key = "x.m3u8",
                          .body = MakeStringBody("x"),
                          .kind = ObjectKind::kMediaPlaylist,
                          .content_type = "a/b",
                          .content_encoding = encoding})
                .ok());
    CHECK(server.requests().back().Header("content-encoding") == encoding);
  }
}

TEST_CASE("http sink: POST, where that is how the server stores") {
  Fixture f;
  ScriptedServer server;
  const auto sink =
      f.Open({.base_url = server.Url("/"), .method = HttpPutMethod::kPost});
  REQUIRE(f.Put(*sink, "x").ok());
  CHECK(server.requests().back().method == "POST");
}

TEST_CASE("http sink: what is there is looked for, unless told otherwise") {
  Fixture f;
  ScriptedServer server;
  REQUIRE(f.Put(*f.Open({.base_url = server.Url("/")}), "x", "old").ok());
  const auto count = [&](const std::string& method) {
    int n = 0;
    for (const Request& r : server.requests()) n += r.method == method ? 1 : 0;
    return n;
  };
  for (const HttpConflict conflict :
       {HttpConflict::kLookFirst, HttpConflict::kIfNoneMatch}) {
    const auto sink =
        f.Open({.base_url = server.Url("/"), .conflict = conflict});
    const Status status = f.Put(*sink, "x", "new", IfExists::kFail);
    CHECK(status.code() == StatusCode::kAlreadyExists);
    CHECK(server.objects()["/x"] == "old");
  }
  CHECK(count("HEAD") == 1);
  const auto replacing =
      f.Open({.base_url = server.Url("/"), .conflict = HttpConflict::kReplace});
  CHECK(f.Put(*replacing, "x", "new", IfExists::kFail).ok());
  CHECK(server.objects()["/x"] == "new");
  CHECK(count("HEAD") == 1);
}

TEST_CASE("http sink: a server that knows no HEAD takes puts") {
  Fixture f;
  ScriptedServer server([](const Request& request) {
    return Reply{.status = request.method == "HEAD" ? 405 : 0};
  });
  const auto sink = f.Open({.base_url = server.Url("/")});
  CHECK(f.Put(*sink, "x", "new", IfExists::kFail).ok());
  server.SetDecide([](const Request& request) {
    return Reply{.status = request.method == "HEAD" ? 503 : 0};
  });
  CHECK(f.Put(*sink, "y", "new", IfExists::kFail).code() ==
        StatusCode::kUnavailable);
  CHECK_FALSE(server.objects().contains("/y"));
}

TEST_CASE("http sink: tells the ETag that the server tells") {
  Fixture f;
  std::atomic<int> answer = 201;
  ScriptedServer server([&](const Request&) {
    return Reply{.status = answer, .headers = "etag: \"v1\"\r\n"};
  });
  const auto sink = f.Open({.base_url = server.Url("/")});
  std::string etag;
  const auto put = [&] {
    return f.Put(
        *sink, {.key = "x.ts",
                .body = MakeStringBody("x"),
                .content_type = "video/mp2t",
                .on_etag = [&](std::string told) { etag = std::move(told); }});
  };
  CHECK(put().ok());
  CHECK(etag == "\"v1\"");
  // Not of an error's body.
  etag.clear();
  answer = 500;
  CHECK(!put().ok());
  CHECK(etag.empty());
  answer = 200;
  const auto stat = std::make_shared<Answer<ObjectInfo>>();
  sink->Stat("x.ts",
             [stat](StatusOr<ObjectInfo> info) { stat->Set(std::move(info)); });
  const auto info = stat->Take(f.runtime->core());
  REQUIRE(info.ok());
  CHECK(info->etag == "\"v1\"");
  CHECK(server.requests().back().method == "HEAD");
}

TEST_CASE("http sink: answers as codes that decide on retries") {
  struct Case {
    int status;
    StatusCode code;
  };
  const Case cases[] = {{200, StatusCode::kOk},
                        {204, StatusCode::kOk},
                        {304, StatusCode::kFailedPrecondition},
                        {400, StatusCode::kInvalidArgument},
                        {401, StatusCode::kPermissionDenied},
                        {403, StatusCode::kPermissionDenied},
                        {404, StatusCode::kNotFound},
                        {405, StatusCode::kUnimplemented},
                        {408, StatusCode::kUnavailable},
                        {409, StatusCode::kNotFound},
                        {411, StatusCode::kFailedPrecondition},
                        {413, StatusCode::kResourceExhausted},
                        {425, StatusCode::kUnavailable},
                        {429, StatusCode::kUnavailable},
                        {500, StatusCode::kUnavailable},
                        {501, StatusCode::kUnimplemented},
                        {503, StatusCode::kUnavailable},
                        {507, StatusCode::kResourceExhausted}};
  Fixture f;
  std::atomic<int> answer = 200;
  ScriptedServer server(
      [&](const Request&) { return Reply{.status = answer}; });
  const auto sink = f.Open({.base_url = server.Url("/")});
  for (const Case& c : cases) {
    answer = c.status;
    CAPTURE(c.status);
    CHECK(f.Put(*sink, "x").code() == c.code);
  }
}

TEST_CASE("http sink: a refusal says what the server said, and no secrets") {
  Fixture f;
  ScriptedServer server([](const Request& request) {
    std::string said = "no \x1b[31m room\xff for you?token=t0k\nmore";
    if (request.path == "/html") said = "<html>";
    if (request.path == "/echo")
      said = "bad: " + request.Header("authorization");
    return Reply{.status = 403, .body = said};
  });
  const auto sink = f.Open({.base_url = server.Url("/"), .authorization = [] {
                              return StatusOr<std::string>("Bearer s3cret");
                            }});
  CHECK(f.Put(*sink, "x").message() ==
        "put: " + server.Url("/x") + ": http 403: no  [31m room  for you");
  CHECK(f.Put(*sink, "html").message() ==
        "put: " + server.Url("/html") + ": http 403");
  CHECK(f.Put(*sink, "echo").message() ==
        "put: " + server.Url("/echo") + ": http 403");
  CHECK(server.requests().back().Header("authorization") == "Bearer s3cret");
}

TEST_CASE("http sink: Retry-After reaches the status, within bounds") {
  using std::chrono::milliseconds;
  const WallTime now = WallTime(std::chrono::sys_days(
      std::chrono::year(2026) / std::chrono::January / 1));
  struct Case {
    std::string value;
    std::string date;
    std::optional<milliseconds> wait;
  };
  const Case cases[] = {{"", "", std::nullopt},
                        {"0", "", milliseconds(0)},
                        {"7", "", seconds(7)},
                        {"86400", "", seconds(300)},
                        {"99999999999999999999999", "", seconds(300)},
                        {"-5", "", milliseconds(0)},
                        {"soon", "", std::nullopt},
                        {"Thu, 01 Jan 2026 00:00:09 GMT", "", seconds(9)},
                        {"Thu, 01 Jan 2026 00:00:09 GMT",
                         "Thu, 01 Jan 2026 00:00:04 GMT", seconds(5)},
                        {"Thu, 01 Jan 2020 00:00:09 GMT", "", milliseconds(0)}};
  for (const Case& c : cases) {
    CAPTURE(c.value, c.date);
    net::TransferResponse response{.status = 503};
    if (!c.value.empty()) response.headers.push_back({"Retry-After", c.value});
    if (!c.date.empty()) response.headers.push_back({"date", c.date});
    const Status status = net::ResponseStatus(response, "put", now);
    CHECK((status.retry_after() == c.wait));
    CHECK((status.WithContext("more").retry_after() == c.wait));
  }
}

TEST_CASE("http sink: redirects are followed with the body, four kinds not") {
  Fixture f;
  std::string elsewhere;
  ScriptedServer other;
  ScriptedServer server([&](const Request& request) {
    Reply reply{.close = request.path == "/close"};
    if (request.path == "/kept" || request.path == "/close") {
      reply.status = 307;
      reply.headers = "Location: deep/../stored\r\n";
    } else if (request.path == "/far") {
      reply.status = 308;
      reply.headers = "Location: " + elsewhere + "\r\n";
    } else if (request.path == "/loop") {
      reply.status = 307;
      reply.headers = "Location: /loop\r\n";
    } else if (request.path == "/get") {
      reply.status = 302;
      reply.headers = "Location: /stored?token=s3cret\r\n";
    } else if (request.path == "/lost") {
      reply.status = 307;
    }
    return reply;
  });
  elsewhere = other.Url("/far.ts?sig=abc");
  const auto sink = f.Open(
      {.base_url = server.Url("/"),
       .headers = {{"X-Api-Key", "k"}},
       .authorization = [] { return StatusOr<std::string>("Bearer s3cret"); }});
  const std::string large(3'000'000, 'y');
  for (const char* key : {"kept", "close"}) {
    CHECK(f.Put(*sink, key, large).ok());
    CHECK(server.objects()["/stored"] == large);
    CHECK(server.requests().back().Header("authorization") == "Bearer s3cret");
  }
  CHECK(f.Put(*sink, "far", large).ok());
  CHECK(other.objects()["/far.ts"] == large);
  // Not ours to tell there.
  CHECK(other.requests().back().Header("authorization").empty());
  CHECK(other.requests().back().Header("x-api-key").empty());
  CHECK(other.requests().back().Header("content-type") == "video/mp2t");

  const std::size_t before = server.requests().size();
  CHECK(f.Put(*sink, "loop").code() == StatusCode::kFailedPrecondition);
  CHECK(server.requests().size() == before + 6);
  const Status as_get = f.Put(*sink, "get");
  CHECK(as_get == Status(StatusCode::kFailedPrecondition,
                         "put: " + server.Url("/get") + ": http 302: to " +
                             server.Url("/stored") +
                             ", with another method: name the final URL"));
  CHECK(f.Get(*sink, "get", 3'000'000).value() == large);
  CHECK(f.Put(*sink, "lost").code() == StatusCode::kUnavailable);
}

TEST_CASE("http sink: removing and getting") {
  Fixture f;
  std::atomic<int> answer = 0;
  ScriptedServer server([&](const Request& request) {
    return Reply{.status = request.method == "DELETE" ? answer.load() : 0};
  });
  const auto sink = f.Open({.base_url = server.Url("/")});
  REQUIRE(f.Put(*sink, "x", "12345").ok());
  CHECK(f.Get(*sink, "x").value() == "12345");
  CHECK(f.Get(*sink, "x", 4).status().code() == StatusCode::kResourceExhausted);
  // What the server says of it is longer than that.
  CHECK(f.Get(*sink, "y", 4).status().code() == StatusCode::kNotFound);
  CHECK(f.Remove(*sink, "x").ok());
  CHECK(f.Remove(*sink, "x").ok());
  answer = 410;
  CHECK(f.Remove(*sink, "x").ok());
  answer = 405;
  CHECK(f.Remove(*sink, "x").code() == StatusCode::kUnimplemented);
}

TEST_CASE("http sink: credentials come from files, anew for each attempt") {
  Fixture f;
  ScriptedServer server;
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/secret";
  const auto bearer = f.Open(
      {.base_url = server.Url("/"), .authorization = BearerTokenFile(file)});
  const auto basic = f.Open(
      {.base_url = server.Url("/"), .authorization = BasicAuthFile(file)});
  // Not there yet, and may come: no reason to lose anything.
  CHECK(f.Put(*bearer, "x").code() == StatusCode::kPermissionDenied);
  CHECK(server.requests().empty());
  for (const std::string token : {"one", "two"}) {
    WriteFile(file, token + "\n");
    REQUIRE(f.Put(*bearer, "x").ok());
    CHECK(server.requests().back().Header("authorization") ==
          "Bearer " + token);
  }
  struct Case {
    std::string pair;
    std::string coded;
  };
  for (const Case& c : {Case{"user:pass", "dXNlcjpwYXNz"},
                        Case{"user:passw", "dXNlcjpwYXNzdw=="},
                        Case{"user:passwo", "dXNlcjpwYXNzd28="}}) {
    WriteFile(file, c.pair);
    REQUIRE(f.Put(*basic, "x").ok());
    CHECK(server.requests().back().Header("authorization") ==
          "Basic " + c.coded);
  }
  for (const std::string bad : {"", "no colon", "a:b\nc:d"}) {
    WriteFile(file, bad);
    const Status status = f.Put(*basic, "x");
    CHECK(status.code() == StatusCode::kPermissionDenied);
    CHECK(status.message().find("colon") == std::string::npos);
  }
}

TEST_CASE("http sink: bad options are named, and no secret with them") {
  const auto runtime = Runtime::Create().value();
  const auto refused = [&](HttpSinkOptions options) {
    if (options.base_url.empty()) options.base_url = "http://h/";
    const auto sink = OpenHttpSink(runtime, options);
    CHECK(sink.status().code() == StatusCode::kInvalidArgument);
    CHECK(sink.status().message().find("s3cret") == std::string::npos);
    return sink.status().message();
  };
  CHECK(refused({.base_url = "https://u:s3cret@h/p"}) ==
        "http sink: base_url: https://h/p: user and password in the URL: put "
        "them in a file (basic authorization)");
  CHECK(refused({.base_url = "https://h/p?k=s3cret"}) ==
        "http sink: base_url: https://h/p: a query or fragment: nothing can be "
        "below it");
  CHECK(refused({.base_url = "ftp://h/"}).starts_with("http sink: base_url"));
  CHECK(refused({.base_url = "http://"}).starts_with("http sink: base_url"));
  CHECK(refused({.base_url = "http://h/a b"}).starts_with("http sink: base"));
  CHECK(refused({.headers = {{"A", "b\r\nC: s3cret"}}}) ==
        "http sink: headers: A: a control character in its value");
  CHECK(refused({.headers = {{"A B", "c"}}}).starts_with("http sink: headers"));
  CHECK(refused({.headers = {{"content-LENGTH", "3"}}}) ==
        "http sink: headers: content-LENGTH: is the sink's");
  CHECK(refused({.headers = {{"Host", "s3cret"}}}) ==
        "http sink: headers: Host: is the URL's");
  CHECK(refused({.headers = {{"Authorization", "s3cret"}}}) ==
        "http sink: headers: Authorization: use `authorization`");
  CHECK(refused({.ca_file = "/no/such"}).starts_with("http sink: ca_file"));
  CHECK(refused({.proxy = "u:s3cret@h"}).starts_with("http sink: proxy"));
  CHECK(refused({.stall_timeout = seconds(0)})
            .starts_with("http sink: stall_timeout"));
}

TEST_CASE("http sink: a runtime ends while a server keeps silent") {
  ScriptedServer server([](const Request&) {
    return Reply{.mischief = Mischief::kStallAfterBody};
  });
  const auto answer = std::make_shared<Answer<int>>();
  Latch answered;
  {
    Fixture f;
    const auto sink = f.Open({.base_url = server.Url("/")});
    sink->Put(
        {.key = "x", .body = MakeStringBody("x"), .content_type = "video/mp2t"},
        [&answered](const Status& status) {
          CHECK(status.code() == StatusCode::kCancelled);
          answered.Open();
        });
  }
  answered.Wait();
}

TEST_CASE("urls: references and origins") {
  CHECK(net::ResolveUrl("http://h/a/b?x", "/c").value() == "http://h/c");
  CHECK(net::ResolveUrl("http://h/a/b", "c#d").value() == "http://h/a/c");
  CHECK(net::ResolveUrl("http://h/a/b", "https://i:8/").value() ==
        "https://i:8/");
  CHECK(net::OriginOf("https://HOST/x") == net::OriginOf("https://host:443"));
  CHECK(net::OriginOf("https://h") != net::OriginOf("http://h"));
  CHECK(net::OriginOf("nonsense").empty());
}

}  // namespace
}  // namespace hlsrec
