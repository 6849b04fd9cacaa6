// The S3 sink against a store that puts conditionally.
#include "tests/s3/ceph.h"
#include "hlsrec/s3_sink.h"
#include "hlsrec/testing.h"
#include "tests/catch.h"
#include "tests/sink/calls.h"

namespace hlsrec {
namespace {

using testing::CephServer;

TEST_CASE("ceph: a real store keeps the sink contract") {
  const CephServer server;
  const auto runtime = Runtime::Create();
  REQUIRE(runtime.ok());
  S3SinkOptions options{.bucket = "bucket",
                        .prefix = "recordings",
                        .endpoint = server.endpoint(),
                        .credentials = FixedCredentials(CephServer::Keys()),
                        .multipart_threshold_bytes = 6 << 20,
                        .part_bytes = 5 << 20};
  const auto sink = OpenS3Sink(*runtime, options);
  REQUIRE(sink.ok());
  CHECK(testing::CheckSinkContract(**sink, "a b/+/") ==
        std::vector<std::string>{});

  options.credentials = FixedCredentials(
      {.access_key_id = "tester", .secret_access_key = "wrong secret"});
  const auto stranger = OpenS3Sink(*runtime, options);
  REQUIRE(stranger.ok());
  const Status status = AwaitPut(**stranger, {.key = "a.ts",
                                              .body = MakeStringBody("2"),
                                              .content_type = "video/mp2t"});
  CHECK(status.code() == StatusCode::kPermissionDenied);
  CHECK(status.message().find("SignatureDoesNotMatch: check the secret key") !=
        std::string::npos);
  CHECK(status.message().find("wrong secret") == std::string::npos);
}

}  // namespace
}  // namespace hlsrec
