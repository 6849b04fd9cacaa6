// S3SinkOptions in the JSON form of 100ms, and what is known of providers.
//
// Source. "Storage configuration" and "Create template via API" in 100ms'
//     documentation; the providers' own pages for their endpoints.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "hlsrec/s3_sink.h"
#include "src/base/status_util.h"
#include "src/sink/s3_address.h"

namespace hlsrec {
namespace {

using nlohmann::json;

// How a provider's S3 interface is reached.
struct Provider {
  std::string_view type;
  // "{}" stands for the region. Empty: Amazon's. "-": it must be given.
  std::string_view endpoint = "-";
  S3Addressing addressing = S3Addressing::kPath;
  // What signatures name where it is not the region itself.
  std::string_view signing_region = {};
  S3Conflict conflict = S3Conflict::kLookFirst;
  // Between two writes of one key.
  std::chrono::milliseconds rewrite_interval{0};
};

constexpr std::array kProviders = {
    Provider{.type = "s3",
             .endpoint = "",
             .addressing = S3Addressing::kAutomatic,
             .conflict = S3Conflict::kIfNoneMatch},
    Provider{.type = "gs",
             .endpoint = "https://storage.googleapis.com",
             .signing_region = "auto",
             .rewrite_interval = std::chrono::seconds(1)},
    Provider{.type = "oss",
             .endpoint = "https://s3.oss-{}.aliyuncs.com",
             .addressing = S3Addressing::kVirtualHost},
    Provider{.type = "spaces",
             .endpoint = "https://{}.digitaloceanspaces.com",
             .signing_region = "us-east-1"},
    Provider{.type = "r2",
             .signing_region = "auto",
             .conflict = S3Conflict::kIfNoneMatch},
    Provider{.type = "b2", .endpoint = "https://s3.{}.backblazeb2.com"},
    Provider{.type = "wasabi", .endpoint = "https://s3.{}.wasabisys.com"},
    Provider{.type = "minio", .conflict = S3Conflict::kIfNoneMatch},
    Provider{.type = "ceph", .conflict = S3Conflict::kIfNoneMatch},
    Provider{.type = "swift", .conflict = S3Conflict::kIfNoneMatch},
};

// Reads members of one object, each once, and then tells of others.
class Members {
 public:
  Members(const json& object, std::string where)
      : object_(object), where_(std::move(where)) {}

  std::string Text(const char* name) {
    names_.emplace_back(name);
    const auto found = object_.find(name);
    if (found == object_.end() || found->is_null()) return {};
    if (!found->is_string()) {
      Fail(name, "is no text");
      return {};
    }
    return found->get<std::string>();
  }
  // Null where it is not there.
  const json* Object(const char* name) {
    names_.emplace_back(name);
    const auto found = object_.find(name);
    if (found == object_.end() || found->is_null()) return nullptr;
    if (!found->is_object()) {
      Fail(name, "is no object");
      return nullptr;
    }
    return &*found;
  }
  void Fail(std::string_view name, std::string_view why) {
    if (status_.ok()) {
      status_ = InvalidArgument("storage: {}{}: {}", where_, name, why);
    }
  }
  Status Finish() {
    for (const auto& [name, value] : object_.items()) {
      if (std::find(names_.begin(), names_.end(), name) == names_.end()) {
        Fail(name, "unknown field");
      }
    }
    return status_;
  }

 private:
  const json& object_;
  const std::string where_;
  std::vector<std::string> names_;
  Status status_;
};

StatusOr<std::shared_ptr<CredentialsProvider>> ReadCredentials(
    const json& object) {
  Members members(object, "credentials.");
  Credentials credentials{.access_key_id = members.Text("key"),
                          .secret_access_key = members.Text("secret"),
                          .session_token = members.Text("sessionToken")};
  const std::string other = members.Text("secretKey");
  if (credentials.access_key_id.empty()) members.Fail("key", "is empty");
  if (!other.empty() && !credentials.secret_access_key.empty()) {
    members.Fail("secretKey", "`secret` is there, too");
  }
  if (credentials.secret_access_key.empty()) {
    credentials.secret_access_key = other;
  }
  if (credentials.secret_access_key.empty()) members.Fail("secret", "is empty");
  HLSREC_RETURN_IF_ERROR(members.Finish());
  return FixedCredentials(std::move(credentials));
}

Status ReadOptions(const json& object, S3SinkOptions& options) {
  Members members(object, "options.");
  options.region = members.Text("region");
  options.endpoint = members.Text("endpoint");
  return members.Finish();
}

Status ApplyProvider(const Provider& provider, S3SinkOptions& options) {
  options.addressing = provider.addressing;
  options.conflict = provider.conflict;
  options.rewrite_interval = provider.rewrite_interval;
  if (options.endpoint.empty()) {
    if (provider.endpoint == "-") {
      return InvalidArgument("storage: options.endpoint: {} wants it",
                             provider.type);
    }
    std::string endpoint(provider.endpoint);
    const std::size_t place = endpoint.find("{}");
    if (place != std::string::npos) {
      if (options.region.empty()) {
        return InvalidArgument("storage: options.region: {} wants it",
                               provider.type);
      }
      endpoint.replace(place, 2, options.region);
    }
    options.endpoint = endpoint;
  }
  if (!provider.signing_region.empty()) {
    options.region = provider.signing_region;
  }
  return {};
}

}  // namespace

StatusOr<S3SinkOptions> ParseStorageObject(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) {
    return InvalidArgument("storage: is no JSON object");
  }
  Members members(object, "");
  const std::string type = members.Text("type");
  S3SinkOptions options{.bucket = members.Text("location"),
                        .prefix = members.Text("prefix")};
  const json* more = members.Object("options");
  const json* credentials = members.Object("credentials");
  const auto provider =
      std::find_if(kProviders.begin(), kProviders.end(),
                   [&](const Provider& each) { return each.type == type; });
  if (type == "azure") {
    members.Fail("type", "azure: has no S3 interface");
  } else if (provider == kProviders.end()) {
    members.Fail("type", type +
                             ": unknown: want s3, gs, oss, spaces, r2, b2, "
                             "wasabi, minio, ceph or swift");
  }
  if (options.bucket.empty()) members.Fail("location", "is empty");
  HLSREC_RETURN_IF_ERROR(members.Finish());
  while (options.prefix.ends_with('/')) options.prefix.pop_back();
  while (options.prefix.starts_with('/')) options.prefix.erase(0, 1);
  if (more != nullptr) {
    HLSREC_RETURN_IF_ERROR(ReadOptions(*more, options));
  }
  HLSREC_RETURN_IF_ERROR(ApplyProvider(*provider, options));
  if (!options.endpoint.empty()) {
    HLSREC_RETURN_IF_ERROR(sink::ParseEndpoint(options.endpoint)
                               .status()
                               .WithContext("storage: options.endpoint"));
  }
  if (credentials != nullptr) {
    HLSREC_ASSIGN_OR_RETURN(options.credentials, ReadCredentials(*credentials));
  }
  return options;
}

}  // namespace hlsrec
