#include "tools/hlsrec/s3_delivery.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <future>
#include <sstream>
#include <utility>

#include "hlsrec/credentials.h"
#include "tools/hlsrec/exit_codes.h"
#include "tools/hlsrec/served_url.h"
#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

std::optional<std::string> FromEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

Status AddPairs(const std::string& flag, const std::vector<std::string>& texts,
                Pairs& pairs) {
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return {StatusCode::kInvalidArgument,
              fmt::format("{}: {}: want NAME=VALUE", flag, text)};
    }
    pairs.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return {};
}

StatusOr<S3SinkOptions> ReadStorageFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    return Status(StatusCode::kInvalidArgument,
                  fmt::format("--storage: {}: can't be read", path));
  }
  StatusOr<S3SinkOptions> options = ParseStorageObject(text.str());
  if (!options.ok()) {
    return options.status().WithContext("--storage: " + path);
  }
  return options;
}

}  // namespace

void AddS3Delivery(CLI::App& app, S3Delivery& s3) {
  app.add_option("--storage", s3.storage_files,
                 "JSON file that describes a bucket as 100ms does, keys "
                 "included; may be repeated")
      ->allow_extra_args(false)
      ->type_name("FILE")
      ->group("Buckets as outputs");
}

void AddS3Objects(CLI::App& app, S3Delivery& s3) {
  const auto add = [&app](const char* flag, std::vector<std::string>& values,
                          const char* text) {
    app.add_option(flag, values, text)
        ->allow_extra_args(false)
        ->type_name("NAME=VALUE")
        ->group("Buckets as outputs");
  };
  add("--metadata", s3.metadata,
      "Metadata of every object: x-amz-meta-NAME; may be repeated");
  add("--tag", s3.tags, "Tag of every object; may be repeated");
}

bool IsS3Url(std::string_view output) { return output.starts_with("s3://"); }

SplitOutput SplitParameters(const std::string& output) {
  const std::size_t query = IsS3Url(output)
                                ? std::min(output.find('?'), output.size())
                                : output.size();
  return {.path = output.substr(0, query), .parameters = output.substr(query)};
}

StatusOr<std::vector<std::string>> StorageOutputs(const S3Delivery& s3) {
  std::vector<std::string> outputs;
  for (const std::string& path : s3.storage_files) {
    const auto options = ReadStorageFile(path);
    if (!options.ok()) return options.status();
    outputs.push_back(MakeS3Url(*options));
  }
  return outputs;
}

StatusOr<std::shared_ptr<S3Sink>> OpenS3Output(
    const std::shared_ptr<Runtime>& runtime, const S3Delivery& s3,
    const HttpDelivery& http, const std::string& url) {
  StatusOr<S3SinkOptions> options = ParseS3Url(url);
  if (!options.ok()) return options.status();
  for (const std::string& path : s3.storage_files) {
    const auto described = ReadStorageFile(path);
    if (!described.ok()) return described.status();
    if (described->endpoint == options->endpoint &&
        described->bucket == options->bucket) {
      options->credentials = described->credentials;
    }
  }
  if (options->credentials == nullptr) {
    options->credentials = AwsCredentials(runtime, FromEnvironment);
  }
  if (options->region.empty()) options->region = AwsRegion(FromEnvironment);
  for (Status status : {AddPairs("--metadata", s3.metadata, options->metadata),
                        AddPairs("--tag", s3.tags, options->tags),
                        SetCacheControl(http, options->cache_control)}) {
    if (!status.ok()) return status;
  }
  options->ca_file = http.ca_file;
  options->proxy = http.proxy;
  return OpenS3Sink(runtime, *options);
}

int RunPresign(const PresignCommand& command) {
  const auto fail = [](int code, const Status& status) {
    fmt::print(stderr, "hlsrec: {}\n", status.message());
    return code;
  };
  const auto expires = ParseDuration(command.expires);
  if (!expires.ok()) {
    return fail(kUsage, expires.status().WithContext("--expires"));
  }
  if (!command.signing_key_file.empty()) {
    const auto url = SignServedUrl(command, *expires);
    if (!url.ok()) return fail(kUsage, url.status());
    fmt::print("{}\n", url->url);
    // What it opens is not always what it names.
    fmt::print(stderr, "hlsrec: presign: {}\n", url->opens);
    return kComplete;
  }
  // The bucket's own sink: the key is all of the path.
  StatusOr<S3SinkOptions> object = ParseS3Url(command.url);
  if (!object.ok()) return fail(kUsage, object.status());
  const std::string key = std::exchange(object->prefix, "");
  auto runtime = Runtime::Create();
  if (!runtime.ok()) return fail(kUsage, runtime.status());
  const auto sink =
      OpenS3Output(*runtime, command.s3, command.http, MakeS3Url(*object));
  if (!sink.ok()) return fail(kUsage, sink.status());
  std::promise<StatusOr<std::string>> promise;
  auto answer = promise.get_future();
  (*sink)->PresignGet(key, std::chrono::floor<std::chrono::seconds>(*expires),
                      [&promise](StatusOr<std::string> url) {
                        promise.set_value(std::move(url));
                      });
  const StatusOr<std::string> url = answer.get();
  if (!url.ok()) {
    return fail(url.status().code() == StatusCode::kInvalidArgument
                    ? kUsage
                    : kStorageRefused,
                url.status());
  }
  fmt::print("{}\n", *url);
  return kComplete;
}

}  // namespace hlsrec::tools
