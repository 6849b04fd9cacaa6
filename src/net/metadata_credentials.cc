// Credentials from the services of a container and of an instance.
//
// Source. "Container credential provider" in AWS's SDK reference; "Use IMDS" in
//     the EC2 user guide.
#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "src/base/file.h"
#include "src/base/status_util.h"
#include "src/net/credentials.h"
#include "src/net/http_get.h"

namespace hlsrec::net {
namespace {

// These services are on this machine, or next to it: who does not answer soon
// is not there.
std::shared_ptr<const ConnectionOptions> NearbyConnection() {
  return std::make_shared<const ConnectionOptions>(
      ConnectionOptions{.connect_timeout = std::chrono::seconds(2),
                        .low_speed_bytes_per_second = 1,
                        .low_speed_time = std::chrono::seconds(5)});
}

constexpr std::uint64_t kMaxBytes = std::uint64_t{64} << 10;

// "2026-05-17T15:09:54Z"; nothing where it is none.
std::optional<WallTime> ParseTime(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00";
  if (text.size() < kForm.size() || !text.ends_with('Z')) return std::nullopt;
  std::array<int, 6> parts{};
  constexpr std::array<std::size_t, 6> kStarts = {0, 5, 8, 11, 14, 17};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const char* begin = text.data() + kStarts[i];
    const char* end = begin + (i == 0 ? 4 : 2);
    const auto [stop, error] = std::from_chars(begin, end, parts[i]);
    if (error != std::errc() || stop != end) return std::nullopt;
  }
  const std::chrono::year_month_day day{
      std::chrono::year{parts[0]},
      std::chrono::month{static_cast<unsigned>(parts[1])},
      std::chrono::day{static_cast<unsigned>(parts[2])}};
  if (!day.ok()) return std::nullopt;
  return WallTime(std::chrono::sys_days(day)) + std::chrono::hours(parts[3]) +
         std::chrono::minutes(parts[4]) + std::chrono::seconds(parts[5]);
}

StatusOr<Credentials> ParseAnswer(const std::string& body,
                                  std::string_view who) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  const auto value = [&json](const char* name) {
    if (!json.is_object()) return std::string();
    const auto found = json.find(name);
    if (found == json.end() || !found->is_string()) return std::string();
    return found->get<std::string>();
  };
  Credentials found{.access_key_id = value("AccessKeyId"),
                    .secret_access_key = value("SecretAccessKey"),
                    .session_token = value("Token"),
                    .expires = ParseTime(value("Expiration"))};
  if (found.access_key_id.empty() || found.secret_access_key.empty()) {
    const std::string code = value("Code");
    return Unavailable("credentials: {}: the answer holds no keys{}{}", who,
                       code.empty() ? "" : ": ", code);
  }
  return found;
}

// Plain HTTP only to addresses that do not leave the machine.
bool MayBeAsked(std::string_view url) {
  if (url.starts_with("https://")) return true;
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return false;
  url.remove_prefix(kScheme.size());
  url = url.substr(0, url.find_first_of("/?#"));
  if (url.find('@') != std::string_view::npos) return false;
  const std::string_view host = url.starts_with('[')
                                    ? url.substr(0, url.find(']') + 1)
                                    : url.substr(0, url.find(':'));
  return host == "localhost" || host == "[::1]" || host == "169.254.170.2" ||
         host == "169.254.170.23" || host == "[fd00:ec2::23]" ||
         host.starts_with("127.");
}

class ContainerProvider final : public CredentialsProvider {
 public:
  ContainerProvider(EnvironmentLookup environment,
                    std::weak_ptr<Transport> transport,
                    std::shared_ptr<Executor> io)
      : environment_(std::move(environment)),
        transport_(std::move(transport)),
        io_(std::move(io)) {}

  void Fetch(Done done) override {
    const auto value = [this](const char* name) {
      return environment_(name).value_or("");
    };
    std::string url = value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    url = url.empty() ? value("AWS_CONTAINER_CREDENTIALS_FULL_URI")
                      : "http://169.254.170.2" + url;
    if (url.empty()) return done(NotFound("no container's service is named"));
    if (!MayBeAsked(url)) {
      return done(FailedPrecondition(
          "credentials: AWS_CONTAINER_CREDENTIALS_FULL_URI: {}: plain http is "
          "for this machine's own addresses: use https",
          RedactUrl(url)));
    }
    std::string token = value("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    std::string file = value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    if (file.empty()) {
      return Ask(transport_, std::move(url), std::move(token), done);
    }
    const auto shared = std::make_shared<Done>(std::move(done));
    const bool taken = io_->Post([transport = transport_, url, file, shared] {
      StatusOr<std::string> read = PosixFileSystem().ReadFile(file, kMaxBytes);
      if (!read.ok()) {
        return (*shared)(MakeStatus(
            StatusCode::kFailedPrecondition,
            "credentials: AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: {}",
            read.status().message()));
      }
      while (!read->empty() && read->back() == '\n') read->pop_back();
      Ask(transport, url, *std::move(read), *shared);
    });
    if (!taken) (*shared)(Cancelled("credentials: the runtime has ended"));
  }

 private:
  static void Ask(const std::weak_ptr<Transport>& transport, std::string url,
                  std::string token, Done done) {
    const auto locked = transport.lock();
    if (locked == nullptr) {
      return done(Cancelled("credentials: the runtime has ended"));
    }
    if (token.find_first_of("\r\n") != std::string::npos) {
      return done(FailedPrecondition(
          "credentials: the container's token: is more than one line"));
    }
    TransferRequest request{.url = std::move(url),
                            .headers = {{"Accept", "application/json"}},
                            .max_response_bytes = kMaxBytes,
                            .connection = NearbyConnection()};
    if (!token.empty()) {
      request.headers.push_back({"Authorization", std::move(token)});
    }
    locked->Start(std::move(request), [done = std::move(done)](
                                          StatusOr<TransferResponse> answer) {
      if (!answer.ok()) {
        return done(answer.status().WithContext(
            "credentials: the container's service"));
      }
      if (answer->status != 200) {
        return done(HttpStatus(answer->status == 404 ? 500 : answer->status,
                               "credentials: the container's service"));
      }
      done(ParseAnswer(answer->body, "the container's service"));
    });
  }

  const EnvironmentLookup environment_;
  const std::weak_ptr<Transport> transport_;
  const std::shared_ptr<Executor> io_;
};

// One run through the instance's service.
class InstanceQuery final : public std::enable_shared_from_this<InstanceQuery> {
 public:
  InstanceQuery(std::weak_ptr<Transport> transport, std::string base,
                CredentialsProvider::Done done)
      : transport_(std::move(transport)),
        base_(std::move(base)),
        done_(std::move(done)) {}

  void Run() {
    Send("PUT", "/latest/api/token",
         {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}},
         [](InstanceQuery& self, StatusOr<TransferResponse> answer) {
           if (!answer.ok() || answer->status != 200) {
             return self.done_(
                 NotFound("the instance's service does not answer"));
           }
           self.token_ = std::move(answer->body);
           self.AskForRole();
         });
  }

 private:
  using Then = void (*)(InstanceQuery&, StatusOr<TransferResponse>);
  static constexpr const char* kPath =
      "/latest/meta-data/iam/security-credentials/";

  void Send(std::string method, const std::string& path,
            std::vector<HttpHeader> headers, Then then) {
    const auto transport = transport_.lock();
    if (transport == nullptr) {
      return done_(Cancelled("credentials: the runtime has ended"));
    }
    transport->Start(
        {.method = std::move(method),
         .url = base_ + path,
         .headers = std::move(headers),
         .max_response_bytes = kMaxBytes,
         .connection = NearbyConnection()},
        [self = shared_from_this(), then](StatusOr<TransferResponse> answer) {
          then(*self, std::move(answer));
        });
  }

  void AskForRole() {
    Send("GET", kPath, {{"X-aws-ec2-metadata-token", token_}},
         [](InstanceQuery& self, StatusOr<TransferResponse> answer) {
           if (answer.ok() && answer->status == 404) {
             return self.done_(NotFound("the instance has no role"));
           }
           if (!self.Usable(answer)) return;
           self.AskForKeys(answer->body.substr(0, answer->body.find('\n')));
         });
  }

  void AskForKeys(const std::string& role) {
    Send("GET", kPath + role, {{"X-aws-ec2-metadata-token", token_}},
         [](InstanceQuery& self, StatusOr<TransferResponse> answer) {
           if (!self.Usable(answer)) return;
           self.done_(ParseAnswer(answer->body, "the instance's service"));
         });
  }

  bool Usable(const StatusOr<TransferResponse>& answer) {
    constexpr std::string_view kWho = "credentials: the instance's service";
    if (answer.ok() && answer->status == 200) return true;
    done_(answer.ok() ? Unavailable("{}: http {}", kWho, answer->status)
                      : answer.status().WithContext(kWho));
    return false;
  }

  const std::weak_ptr<Transport> transport_;
  const std::string base_;
  const CredentialsProvider::Done done_;
  std::string token_;
};

class InstanceProvider final : public CredentialsProvider {
 public:
  InstanceProvider(EnvironmentLookup environment,
                   std::weak_ptr<Transport> transport)
      : environment_(std::move(environment)),
        transport_(std::move(transport)) {}

  void Fetch(Done done) override {
    if (environment_("AWS_EC2_METADATA_DISABLED").value_or("") == "true") {
      return done(NotFound("AWS_EC2_METADATA_DISABLED is set"));
    }
    std::string base =
        environment_("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or("");
    if (base.empty()) base = "http://169.254.169.254";
    while (base.ends_with('/')) base.pop_back();
    std::make_shared<InstanceQuery>(transport_, std::move(base),
                                    std::move(done))
        ->Run();
  }

 private:
  const EnvironmentLookup environment_;
  const std::weak_ptr<Transport> transport_;
};

}  // namespace

std::shared_ptr<CredentialsProvider> ContainerCredentials(
    EnvironmentLookup environment, std::weak_ptr<Transport> transport,
    std::shared_ptr<Executor> io) {
  return std::make_shared<ContainerProvider>(
      std::move(environment), std::move(transport), std::move(io));
}

std::shared_ptr<CredentialsProvider> InstanceCredentials(
    EnvironmentLookup environment, std::weak_ptr<Transport> transport) {
  return std::make_shared<InstanceProvider>(std::move(environment),
                                            std::move(transport));
}

}  // namespace hlsrec::net
