#include "src/net/credentials.h"

#include <utility>

#include "hlsrec/runtime.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/net/aws_profile.h"
#include "src/net/transfer_loop.h"

namespace hlsrec {
namespace {

class Fixed final : public CredentialsProvider {
 public:
  explicit Fixed(Credentials credentials)
      : credentials_(std::move(credentials)) {}
  void Fetch(Done done) override { done(credentials_); }

 private:
  const Credentials credentials_;
};

// Asks one after the other.
class First final : public CredentialsProvider {
 public:
  explicit First(std::vector<std::shared_ptr<CredentialsProvider>> providers)
      : providers_(std::make_shared<const Providers>(std::move(providers))) {}
  void Fetch(Done done) override { Ask(providers_, 0, "", std::move(done)); }

 private:
  using Providers = std::vector<std::shared_ptr<CredentialsProvider>>;

  static void Ask(std::shared_ptr<const Providers> providers, std::size_t index,
                  std::string reasons, Done done) {
    if (index == providers->size()) {
      return done(NotFound("credentials: there are none: {}",
                           reasons.empty() ? "nobody to ask" : reasons));
    }
    CredentialsProvider& provider = *(*providers)[index];
    provider.Fetch([providers = std::move(providers), index,
                    reasons = std::move(reasons),
                    done = std::move(done)](StatusOr<Credentials> fetched) {
      if (fetched.status().code() != StatusCode::kNotFound) {
        return done(std::move(fetched));
      }
      Ask(providers, index + 1,
          reasons + (reasons.empty() ? "" : "; ") + fetched.status().message(),
          done);
    });
  }

  const std::shared_ptr<const Providers> providers_;
};

}  // namespace

CredentialsProvider::~CredentialsProvider() = default;

std::shared_ptr<CredentialsProvider> FixedCredentials(Credentials credentials) {
  return std::make_shared<Fixed>(std::move(credentials));
}

std::shared_ptr<CredentialsProvider> FirstCredentials(
    std::vector<std::shared_ptr<CredentialsProvider>> providers) {
  return std::make_shared<First>(std::move(providers));
}

std::shared_ptr<CredentialsProvider> AwsCredentials(
    const std::shared_ptr<Runtime>& runtime,
    const EnvironmentLookup& environment) {
  // None of these keeps the runtime: a sink does, which is part of it.
  RuntimeCore& core = runtime->core();
  const std::shared_ptr<Executor> io = core.Io("credentials");
  const std::weak_ptr<net::Transport> transport = net::SharedTransport(core);
  return FirstCredentials(
      {net::EnvironmentCredentials(environment),
       net::ProfileCredentials(environment, io),
       net::ContainerCredentials(environment, transport, io),
       net::InstanceCredentials(environment, transport)});
}

std::string AwsRegion(const EnvironmentLookup& environment) {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (auto region = environment(name); region && !region->empty()) {
      return *region;
    }
  }
  const auto profile = net::ReadAwsProfile(net::FindAwsFiles(environment));
  if (!profile.ok()) return {};
  const auto region = profile->find("region");
  return region == profile->end() ? "" : region->second;
}

}  // namespace hlsrec

namespace hlsrec::net {
namespace {

class EnvironmentProvider final : public CredentialsProvider {
 public:
  explicit EnvironmentProvider(EnvironmentLookup environment)
      : environment_(std::move(environment)) {}
  void Fetch(Done done) override {
    const auto value = [this](const char* name) {
      return environment_(name).value_or("");
    };
    Credentials found{.access_key_id = value("AWS_ACCESS_KEY_ID"),
                      .secret_access_key = value("AWS_SECRET_ACCESS_KEY"),
                      .session_token = value("AWS_SESSION_TOKEN")};
    if (found.access_key_id.empty()) {
      return done(NotFound("AWS_ACCESS_KEY_ID is not set"));
    }
    if (found.secret_access_key.empty()) {
      return done(
          FailedPrecondition("credentials: AWS_SECRET_ACCESS_KEY: is not set, "
                             "AWS_ACCESS_KEY_ID is"));
    }
    done(std::move(found));
  }

 private:
  const EnvironmentLookup environment_;
};

StatusOr<Credentials> CredentialsOf(const AwsFiles& files,
                                    const AwsProfile& profile) {
  const auto value = [&profile](const char* key) {
    const auto found = profile.find(key);
    return found == profile.end() ? std::string() : found->second;
  };
  Credentials found{.access_key_id = value("aws_access_key_id"),
                    .secret_access_key = value("aws_secret_access_key"),
                    .session_token = value("aws_session_token")};
  // Keys beside a role are those that may assume it, not its own.
  for (const char* other : {"role_arn", "sso_session", "sso_start_url",
                            "credential_process", "web_identity_token_file"}) {
    if (!value(other).empty()) {
      return FailedPrecondition(
          "credentials: profile {}: {} is not supported here: set "
          "AWS_ACCESS_KEY_ID and its companions, as `aws configure "
          "export-credentials --format env` prints them",
          files.profile, other);
    }
  }
  if (found.access_key_id.empty()) {
    return NotFound("profile {} has no keys", files.profile);
  }
  if (found.secret_access_key.empty()) {
    return FailedPrecondition(
        "credentials: profile {}: has a key without a secret", files.profile);
  }
  return found;
}

class ProfileProvider final : public CredentialsProvider {
 public:
  ProfileProvider(EnvironmentLookup environment, std::shared_ptr<Executor> io)
      : environment_(std::move(environment)), io_(std::move(io)) {}
  void Fetch(Done done) override {
    const auto shared = std::make_shared<Done>(std::move(done));
    const bool taken = io_->Post([environment = environment_, shared] {
      const AwsFiles files = FindAwsFiles(environment);
      StatusOr<AwsProfile> profile = ReadAwsProfile(files);
      if (!profile.ok()) return (*shared)(profile.status());
      (*shared)(CredentialsOf(files, *profile));
    });
    if (!taken) (*shared)(Cancelled("credentials: the runtime has ended"));
  }

 private:
  const EnvironmentLookup environment_;
  const std::shared_ptr<Executor> io_;
};

}  // namespace

std::shared_ptr<CredentialsProvider> EnvironmentCredentials(
    EnvironmentLookup environment) {
  return std::make_shared<EnvironmentProvider>(std::move(environment));
}

std::shared_ptr<CredentialsProvider> ProfileCredentials(
    EnvironmentLookup environment, std::shared_ptr<Executor> io) {
  return std::make_shared<ProfileProvider>(std::move(environment),
                                           std::move(io));
}

}  // namespace hlsrec::net
