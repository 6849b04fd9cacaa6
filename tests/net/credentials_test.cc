#include "src/net/credentials.h"

#include <fstream>
#include <map>

#include "src/net/aws_profile.h"
#include "tests/catch.h"
#include "tests/fake_transport.h"
#include "tests/temporary_directory.h"

namespace hlsrec::net {
namespace {

using namespace std::chrono_literals;

class TestClock final : public Clock {
 public:
  SteadyTime Steady() const override { return SteadyTime(now_); }
  WallTime Wall() const override {
    return std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) + now_;
  }
  void Advance(std::chrono::seconds by) { now_ += by; }

 private:
  std::chrono::seconds now_{0};
};

// Runs tasks at once.
class InlineExecutor final : public Executor {
 public:
  bool Post(Task task) override {
    task();
    return true;
  }
  bool PostAt(SteadyTime, Task) override { return false; }
  bool stopped() override { return false; }
};

// Answers when told.
class SlowProvider final : public CredentialsProvider {
 public:
  void Fetch(Done done) override {
    ++calls;
    done_ = std::move(done);
  }
  void Answer(StatusOr<Credentials> answer) {
    std::exchange(done_, nullptr)(std::move(answer));
  }
  int calls = 0;

 private:
  Done done_;
};

EnvironmentLookup Environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](
             const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

// What a provider that answers at once says.
StatusOr<Credentials> Fetch(CredentialsProvider& provider) {
  StatusOr<Credentials> got = Status(StatusCode::kInternal, "no answer");
  provider.Fetch(
      [&](StatusOr<Credentials> answer) { got = std::move(answer); });
  return got;
}

TEST_CASE("credentials: files are read as AWS's tools read them") {
  const std::string credentials =
      "# comment\n"
      "[default]\n"
      "aws_access_key_id = AKID\n"
      "aws_secret_access_key=se/cr+et#1;x=  \n"
      "; comment\n"
      "[ other ]\r\n"
      "AWS_ACCESS_KEY_ID = OTHER # the other's\r\n";
  const auto first =
      ParseAwsProfile(credentials, AwsFile::kCredentials, "default");
  CHECK(first == AwsProfile{{"aws_access_key_id", "AKID"},
                            {"aws_secret_access_key", "se/cr+et#1;x="}});
  CHECK(ParseAwsProfile(credentials, AwsFile::kCredentials, "other") ==
        AwsProfile{{"aws_access_key_id", "OTHER"}});
  CHECK(ParseAwsProfile(credentials, AwsFile::kCredentials, "none").empty());

  const std::string config =
      "[default]\nregion = eu-west-1\n"
      "[profile other]\nregion=eu-north-1\ns3 =\n  region = nested\n"
      "[other]\nregion = not-a-profile\n"
      "[sso-session other]\nregion = nor-this\n";
  CHECK(ParseAwsProfile(config, AwsFile::kConfig, "default") ==
        AwsProfile{{"region", "eu-west-1"}});
  CHECK(ParseAwsProfile(config, AwsFile::kConfig, "other") ==
        AwsProfile{{"region", "eu-north-1"}, {"s3", ""}});
}

TEST_CASE("credentials: profiles come from both files") {
  TemporaryDirectory directory;
  std::ofstream(directory.Path("credentials"))
      << "[default]\naws_access_key_id=A\naws_secret_access_key=S\n"
         "[half]\naws_access_key_id=A\n"
         "[role]\nrole_arn=arn:aws:iam::1:role/x\nsource_profile=default\n";
  std::ofstream(directory.Path("config"))
      << "[default]\nregion=eu-west-3\naws_access_key_id=not-this\n"
         "[profile bare]\nregion=eu-west-2\n";
  std::map<std::string, std::string> variables = {
      {"AWS_SHARED_CREDENTIALS_FILE", directory.Path("credentials")},
      {"AWS_CONFIG_FILE", directory.Path("config")}};
  const auto io = std::make_shared<InlineExecutor>();
  const auto fetch = [&](const std::string& profile) {
    if (!profile.empty()) variables["AWS_PROFILE"] = profile;
    return Fetch(*ProfileCredentials(Environment(variables), io));
  };
  const auto usual = fetch("");
  REQUIRE(usual.ok());
  CHECK(usual->access_key_id == "A");
  CHECK(usual->secret_access_key == "S");
  CHECK(AwsRegion(Environment(variables)) == "eu-west-3");
  CHECK(fetch("half").status().code() == StatusCode::kFailedPrecondition);
  const Status role = fetch("role").status();
  CHECK(role.code() == StatusCode::kFailedPrecondition);
  CHECK(role.message().find("profile role: role_arn") != std::string::npos);
  CHECK(fetch("bare").status().code() == StatusCode::kNotFound);
  CHECK(AwsRegion(Environment(variables)) == "eu-west-2");
  CHECK(fetch("missing").status().code() == StatusCode::kFailedPrecondition);

  variables["AWS_REGION"] = "us-west-1";
  CHECK(AwsRegion(Environment(variables)) == "us-west-1");
}

TEST_CASE("credentials: files that are not there are no error") {
  TemporaryDirectory directory;
  const auto io = std::make_shared<InlineExecutor>();
  CHECK(
      Fetch(*ProfileCredentials(Environment({{"HOME", directory.path()}}), io))
          .status()
          .code() == StatusCode::kNotFound);
  CHECK(Fetch(*ProfileCredentials(Environment({}), io)).status().code() ==
        StatusCode::kNotFound);
}

TEST_CASE("credentials: the environment's, whole or not at all") {
  const auto found =
      Fetch(*EnvironmentCredentials(Environment({{"AWS_ACCESS_KEY_ID", "A"},
                                                 {"AWS_SECRET_ACCESS_KEY", "S"},
                                                 {"AWS_SESSION_TOKEN", "T"}})));
  REQUIRE(found.ok());
  CHECK(found->access_key_id == "A");
  CHECK(found->secret_access_key == "S");
  CHECK(found->session_token == "T");
  CHECK(Fetch(*EnvironmentCredentials(Environment({}))).status().code() ==
        StatusCode::kNotFound);
  CHECK(
      Fetch(*EnvironmentCredentials(Environment({{"AWS_ACCESS_KEY_ID", "A"}})))
          .status()
          .code() == StatusCode::kFailedPrecondition);
}

TEST_CASE("credentials: the next is asked only where one has none") {
  const auto none = EnvironmentCredentials(Environment({}));
  const auto broken =
      EnvironmentCredentials(Environment({{"AWS_ACCESS_KEY_ID", "A"}}));
  const auto fixed =
      FixedCredentials({.access_key_id = "F", .secret_access_key = "S"});
  CHECK(Fetch(*FirstCredentials({none, fixed}))->access_key_id == "F");
  CHECK(Fetch(*FirstCredentials({none, broken, fixed})).status().code() ==
        StatusCode::kFailedPrecondition);
  const Status status = Fetch(*FirstCredentials({none, none})).status();
  CHECK(status.code() == StatusCode::kNotFound);
  CHECK(status.message() ==
        "credentials: there are none: AWS_ACCESS_KEY_ID is not set; "
        "AWS_ACCESS_KEY_ID is not set");
}

// The services of a container and of an instance.
class MetadataServer {
 public:
  StatusOr<TransferResponse> Answer(const TransferRequest& request) {
    const auto header = [&](std::string_view name) {
      return std::string(
          TransferResponse{.headers = request.headers}.Header(name));
    };
    const std::string& url = request.url;
    if (url == "http://169.254.170.2/v2/keys" ||
        url == "http://127.0.0.1:9/keys") {
      if (header("Authorization") != token) return TransferResponse{403};
      return TransferResponse{.status = 200, .body = keys};
    }
    const std::string instance = "http://169.254.169.254/latest/";
    if (url == instance + "api/token" && request.method == "PUT" &&
        header("X-aws-ec2-metadata-token-ttl-seconds") == "21600") {
      return TransferResponse{.status = 200, .body = "v2-token"};
    }
    if (header("X-aws-ec2-metadata-token") != "v2-token") {
      return TransferResponse{401};
    }
    const std::string roles = instance + "meta-data/iam/security-credentials/";
    if (url == roles) {
      return role.empty() ? TransferResponse{404}
                          : TransferResponse{.status = 200, .body = role};
    }
    if (url == roles + "my-role") {
      return TransferResponse{.status = 200, .body = keys};
    }
    return TransferResponse{404};
  }
  std::string token = {};
  std::string role = "my-role\n";
  std::string keys =
      R"({"Code": "Success", "AccessKeyId": "ASIA", "SecretAccessKey": "S",
          "Token": "T", "Expiration": "2026-01-01T06:00:00Z"})";
};

StatusOr<Credentials> FetchOver(FakeTransport& transport,
                                CredentialsProvider& provider) {
  StatusOr<Credentials> got = Status(StatusCode::kInternal, "no answer");
  provider.Fetch(
      [&](StatusOr<Credentials> answer) { got = std::move(answer); });
  transport.Run();
  return got;
}

TEST_CASE("credentials: an instance's service is asked with a token") {
  MetadataServer server;
  const auto transport = std::make_shared<FakeTransport>(
      [&](const TransferRequest& request) { return server.Answer(request); });
  const auto provider = InstanceCredentials(Environment({}), transport);
  const auto found = FetchOver(*transport, *provider);
  REQUIRE(found.ok());
  CHECK(found->access_key_id == "ASIA");
  CHECK(found->session_token == "T");
  CHECK(found->expires == TestClock().Wall() + 6h);
  CHECK(transport->requests().size() == 3);

  server.keys = R"({"Code": "AssumeRoleUnauthorizedAccess"})";
  const Status no_keys = FetchOver(*transport, *provider).status();
  CHECK(no_keys.code() == StatusCode::kUnavailable);
  CHECK(no_keys.message().find("AssumeRole") != std::string::npos);
  server.keys = "[1";
  CHECK(FetchOver(*transport, *provider).status().code() ==
        StatusCode::kUnavailable);
  server.role.clear();
  CHECK(FetchOver(*transport, *provider).status().code() ==
        StatusCode::kNotFound);
}

TEST_CASE("credentials: without an instance's service there are none") {
  const auto transport =
      std::make_shared<FakeTransport>([](const TransferRequest&) {
        return Status(StatusCode::kDeadlineExceeded, "too slow");
      });
  CHECK(FetchOver(*transport, *InstanceCredentials(Environment({}), transport))
            .status()
            .code() == StatusCode::kNotFound);
  const auto off = InstanceCredentials(
      Environment({{"AWS_EC2_METADATA_DISABLED", "true"}}), transport);
  CHECK(FetchOver(*transport, *off).status().code() == StatusCode::kNotFound);
  CHECK(transport->requests().size() == 1);
}

TEST_CASE("credentials: a container's service is asked with its token") {
  TemporaryDirectory directory;
  std::ofstream(directory.Path("token")) << "from file\n";
  MetadataServer server;
  const auto transport = std::make_shared<FakeTransport>(
      [&](const TransferRequest& request) { return server.Answer(request); });
  const auto fetch = [&](std::map<std::string, std::string> variables) {
    return FetchOver(
        *transport,
        *ContainerCredentials(Environment(std::move(variables)), transport,
                              std::make_shared<InlineExecutor>()));
  };
  CHECK(fetch({}).status().code() == StatusCode::kNotFound);
  const std::string relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
  const std::string full = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
  CHECK(fetch({{relative, "/v2/keys"}})->access_key_id == "ASIA");
  server.token = "secret token";
  CHECK(fetch({{relative, "/v2/keys"}}).status().code() ==
        StatusCode::kPermissionDenied);
  CHECK(fetch({{full, "http://127.0.0.1:9/keys"},
               {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "secret token"}})
            .ok());
  server.token = "from file";
  CHECK(fetch({{full, "http://127.0.0.1:9/keys"},
               {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                directory.Path("token")}})
            .ok());
  // Nobody else is told the token in the clear.
  const std::size_t before = transport->requests().size();
  for (const char* url : {"http://example.com/keys", "ftp://127.0.0.1/",
                          "http://127.0.0.1@example.com/"}) {
    CHECK(fetch({{full, url}}).status().code() ==
          StatusCode::kFailedPrecondition);
  }
  CHECK(transport->requests().size() == before);
}

Credentials Expiring(const Clock& clock, const std::string& name,
                     std::chrono::seconds in) {
  return {.access_key_id = name,
          .secret_access_key = "S",
          .expires = clock.Wall() + in};
}

TEST_CASE("credentials: are kept, and asked for before they expire") {
  TestClock clock;
  const auto provider = std::make_shared<SlowProvider>();
  const auto cache = std::make_shared<CredentialsCache>(clock, provider);
  std::vector<std::string> got;
  const auto get = [&] {
    cache->Get([&](StatusOr<Credentials> answer) {
      got.push_back(answer.ok()
                        ? answer->access_key_id
                        : std::string(StatusCodeName(answer.status().code())));
    });
  };
  // Who waits shares one answer.
  get();
  get();
  CHECK(provider->calls == 1);
  provider->Answer(Expiring(clock, "one", 1h));
  CHECK(got == std::vector<std::string>{"one", "one"});
  clock.Advance(54min);
  get();
  CHECK(provider->calls == 1);
  clock.Advance(2min);
  get();
  CHECK(provider->calls == 2);
  // A service that is out of order does not matter yet.
  provider->Answer(Status(StatusCode::kUnavailable, "http 500"));
  CHECK(got.back() == "one");
  clock.Advance(10min);
  get();
  provider->Answer(Status(StatusCode::kNotFound, "gone"));
  CHECK(got.back() == "unavailable");
  get();
  provider->Answer(Expiring(clock, "two", 1h));
  CHECK(got.back() == "two");
}

TEST_CASE("credentials: those a store calls expired are asked for anew, once") {
  TestClock clock;
  const auto provider = std::make_shared<SlowProvider>();
  const auto cache = std::make_shared<CredentialsCache>(clock, provider);
  const auto get = [&] { cache->Get([](const StatusOr<Credentials>&) {}); };
  const Credentials one = Expiring(clock, "one", 1h);
  get();
  provider->Answer(one);
  cache->Expire(one);
  get();
  CHECK(provider->calls == 2);
  provider->Answer(Expiring(clock, "two", 1h));
  cache->Expire(one);  // of a request that was under way
  get();
  CHECK(provider->calls == 2);
}

TEST_CASE("credentials: to have none is no missing object") {
  TestClock clock;
  const auto cache = std::make_shared<CredentialsCache>(
      clock, FirstCredentials({EnvironmentCredentials(Environment({}))}));
  Status status;
  cache->Get([&](const StatusOr<Credentials>& got) { status = got.status(); });
  CHECK(status.code() == StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace hlsrec::net
