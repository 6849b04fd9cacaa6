// The HTTP sink against a web server that others wrote.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "hlsrec/check.h"
#include "hlsrec/http_sink.h"
#include "hlsrec/recorder.h"
#include "hlsrec/testing.h"
#include "src/base/answer.h"
#include "src/net/transfer_loop.h"
#include "tests/catch.h"
#include "tests/net/nginx_server.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

using std::chrono::seconds;

Status PutOne(const std::shared_ptr<Runtime>& runtime, HttpSinkOptions options,
              std::string bytes = "x") {
  const auto sink = OpenHttpSink(runtime, options);
  if (!sink.ok()) return sink.status();
  const auto answer = std::make_shared<Answer<int>>();
  (*sink)->Put(
      {.key = "a b/x.ts",
       .body = MakeStringBody(std::move(bytes)),
       .content_type = "video/mp2t"},
      [answer](Status status) {
        answer->Set(status.ok() ? StatusOr<int>(0) : std::move(status));
      });
  return answer->Take(runtime->core()).status();
}

std::string Write(const TemporaryDirectory& directory, const std::string& name,
                  const std::string& text) {
  std::ofstream(directory.Path(name)) << text;
  return directory.Path(name);
}

TEST_CASE("nginx: keeps what a sink promises, over HTTP and HTTPS") {
  const NginxServer nginx;
  const auto runtime = Runtime::Create().value();
  const auto plain = OpenHttpSink(runtime, {.base_url = nginx.Http("/open/a")});
  REQUIRE(plain.ok());
  CHECK(testing::CheckSinkContract(**plain, "contract/") ==
        std::vector<std::string>());
  const auto tls = OpenHttpSink(runtime, {.base_url = nginx.Https("/open/b"),
                                          .ca_file = nginx.ca_file()});
  REQUIRE(tls.ok());
  CHECK(testing::CheckSinkContract(**tls, "contract/") ==
        std::vector<std::string>());
}

TEST_CASE("nginx: certificates are verified, both ways") {
  const NginxServer nginx;
  const auto runtime = Runtime::Create().value();
  // Of an authority that the system does not know.
  const Status stranger = PutOne(runtime, {.base_url = nginx.Https("/open/")});
  CHECK(stranger.code() == StatusCode::kPermissionDenied);
  HttpSinkOptions options{.base_url = nginx.Https("/cert/"),
                          .ca_file = nginx.ca_file()};
  CHECK(PutOne(runtime, options, std::string(5'000'000, 'x')).code() ==
        StatusCode::kPermissionDenied);
  options.client_certificate_file = nginx.client_certificate_file();
  options.client_key_file = nginx.client_key_file();
  CHECK(PutOne(runtime, options).ok());
  CHECK(std::filesystem::exists(nginx.Folder("/cert/a b/x.ts")));
}

TEST_CASE("nginx: who may write") {
  const NginxServer nginx;
  const TemporaryDirectory directory;
  const auto runtime = Runtime::Create().value();
  const std::string token = Write(directory, "token", "t0k\n");
  const std::string user = Write(directory, "user", "user:pass\n");
  const std::string wrong = Write(directory, "wrong", "user:wrong\n");
  for (const std::string& base : {nginx.Http(""), nginx.Https("")}) {
    const auto put = [&](const std::string& path, auto authorization) {
      return PutOne(runtime,
                    {.base_url = base + path,
                     .authorization = authorization,
                     .ca_file = nginx.ca_file()},
                    std::string(3'000'000, 'x'))
          .code();
    };
    CHECK(put("/bearer/", BearerTokenFile(token)) == StatusCode::kOk);
    CHECK(put("/bearer/", BasicAuthFile(user)) ==
          StatusCode::kPermissionDenied);
    CHECK(put("/basic/", BasicAuthFile(user)) == StatusCode::kOk);
    CHECK(put("/basic/", BasicAuthFile(wrong)) ==
          StatusCode::kPermissionDenied);
  }
}

TEST_CASE("nginx: HTTP/2 carries many transfers at once") {
  const NginxServer nginx;
  net::TransferLoop loop;
  const auto connection = std::make_shared<net::ConnectionOptions>(
      net::ConnectionOptions{.ca_file = nginx.ca_file()});
  constexpr int kTransfers = 100;
  const std::string body(200'000, 'x');
  std::vector<std::shared_ptr<Answer<net::TransferResponse>>> answers;
  const auto runtime = Runtime::Create().value();
  for (int i = 0; i < kTransfers; ++i) {
    const auto answer = std::make_shared<Answer<net::TransferResponse>>();
    answers.push_back(answer);
    loop.Start({.method = "PUT",
                .url = nginx.Https("/open/" + std::to_string(i)),
                .body = MakeStringBody(body),
                .connection = connection},
               [answer](StatusOr<net::TransferResponse> response) {
                 answer->Set(std::move(response));
               });
  }
  for (int i = 0; i < kTransfers; ++i) {
    const auto response =
        answers[static_cast<std::size_t>(i)]->Take(runtime->core());
    INFO(response.status().message());
    REQUIRE(response.ok());
    CHECK(response->status / 100 == 2);
    CHECK(response->Header("x-protocol") == "HTTP/2.0");
    CHECK(std::filesystem::file_size(
              nginx.Folder("/open/" + std::to_string(i))) == body.size());
  }
}

TEST_CASE("nginx: a recording there is good to those who play it") {
  const NginxServer nginx;
  for (const Container container : {Container::kMpegTs, Container::kFmp4}) {
    const auto runtime = Runtime::Create().value();
    const std::string base =
        nginx.Https(container == Container::kMpegTs ? "/open/t/" : "/open/f/");
    RecordingOptions options{.stream = "c d+e=%41\u00e9", .session = "s"};
    options.tracks = {VideoTrack()};
    options.segment.target_duration = seconds(2);
    options.segment.max_gop = seconds(2);
    OutputOptions output{
        .sink = OpenHttpSink(runtime,
                             {.base_url = base, .ca_file = nginx.ca_file()})
                    .value(),
        .container = container};
    output.segment_path = "{stream}/{seq}.{ext}";
    output.init_path = "{stream}/init-{hash}.mp4";
    output.playlists = {{.path = "index.m3u8"}};
    options.outputs.push_back(std::move(output));
    auto recorder = Recorder::Open(runtime, options);
    INFO(recorder.status().message());
    REQUIRE(recorder.ok());
    for (const Packet& packet : Stream(10, 50, false)) {
      REQUIRE((*recorder)->Push(packet).ok());
    }
    (*recorder)->Finish();
    CHECK((*recorder)->Wait().status.ok());
    // Over plain HTTP: the checker has no authority of its own.
    const auto report = CheckRecording(
        nginx.Http(container == Container::kMpegTs ? "/open/t/index.m3u8"
                                                   : "/open/f/index.m3u8"));
    REQUIRE(report.ok());
    for (const CheckFinding& finding : report->findings) {
      UNSCOPED_INFO(finding.rule << " " << finding.message);
    }
    CHECK(report->errors == 0);
    CHECK(report->segments == 5);
  }
}

}  // namespace
}  // namespace hlsrec
