#include "tools/hlsrec/s3_delivery.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "hlsrec/credentials.h"
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

void AddS3Access(CLI::App& app, S3Delivery& s3, const std::string& group) {
  app.add_option("--storage", s3.storage_files,
                 "JSON file that describes a bucket as 100ms does, keys "
                 "included; may be repeated")
      ->allow_extra_args(false)
      ->type_name("FILE")
      ->group(group);
}

void AddS3Delivery(CLI::App& app, S3Delivery& s3) {
  AddS3Access(app, s3, "Buckets as outputs");
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

}  // namespace hlsrec::tools
