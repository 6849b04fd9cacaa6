#include "src/sink/s3_address.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "src/base/status_util.h"
#include "src/net/header_text.h"
#include "src/net/http_get.h"

namespace hlsrec::sink {
namespace {

constexpr std::uint64_t kMinPartBytes = std::uint64_t{5} << 20;
constexpr std::uint64_t kMaxPutBytes = std::uint64_t{5} << 30;

bool IsLowerAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// A certificate for *.host covers one more level only, so that dots are out.
bool IsHostLabel(std::string_view bucket) {
  return bucket.size() >= 3 && bucket.size() <= 63 &&
         IsLowerAlphanumeric(bucket.front()) &&
         IsLowerAlphanumeric(bucket.back()) &&
         std::all_of(bucket.begin(), bucket.end(),
                     [](char c) { return IsLowerAlphanumeric(c) || c == '-'; });
}

bool IsBucketName(std::string_view bucket) {
  return !bucket.empty() && bucket.size() <= 255 && bucket != "." &&
         bucket != ".." &&
         std::all_of(bucket.begin(), bucket.end(), [](char c) {
           return IsLowerAlphanumeric(c) || (c >= 'A' && c <= 'Z') ||
                  c == '-' || c == '.' || c == '_';
         });
}

bool IsRegion(std::string_view region) {
  return std::all_of(region.begin(), region.end(), [](char c) {
    return IsLowerAlphanumeric(c) || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
  });
}

Status CheckFields(const S3SinkOptions& options) {
  const auto bad = [](std::string_view what) {
    return InvalidArgument("s3 sink: {}: holds control characters", what);
  };
  const S3CacheControl& cache = options.cache_control;
  for (const std::string* value :
       {&cache.segments, &cache.live_playlists, &cache.ended_playlists}) {
    if (!net::IsFieldValue(*value)) return bad("cache_control");
  }
  std::set<std::string> seen;
  for (const auto& [name, value] : options.metadata) {
    if (!net::IsToken(name)) {
      return InvalidArgument("s3 sink: metadata: {}: is no header name", name);
    }
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (!seen.insert(lower).second) {
      return InvalidArgument("s3 sink: metadata: {}: is there twice", name);
    }
    const bool ascii = std::all_of(value.begin(), value.end(), [](char c) {
      return c >= 0x20 && c < 0x7f;
    });
    if (value.empty() || !ascii || net::Trim(value) != value) {
      return InvalidArgument(
          "s3 sink: metadata: {}: want printable ASCII, not empty, without "
          "spaces around it",
          name);
    }
  }
  if (options.tags.size() > 10) {
    return InvalidArgument("s3 sink: tags: {}: want 10 at most",
                           options.tags.size());
  }
  for (const auto& [name, value] : options.tags) {
    if (name.empty()) return InvalidArgument("s3 sink: tags: one has no name");
  }
  return {};
}

Status CheckAcl(const std::string& acl) {
  static constexpr std::string_view kAcls[] = {"",
                                               "private",
                                               "public-read",
                                               "public-read-write",
                                               "authenticated-read",
                                               "aws-exec-read",
                                               "bucket-owner-read",
                                               "bucket-owner-full-control"};
  if (std::find(std::begin(kAcls), std::end(kAcls), acl) != std::end(kAcls)) {
    return {};
  }
  return InvalidArgument("s3 sink: canned_acl: {}: is none of S3's", acl);
}

Status CheckSizes(const S3SinkOptions& options) {
  if (options.part_bytes < kMinPartBytes || options.part_bytes > kMaxPutBytes) {
    return InvalidArgument("s3 sink: part_bytes: {}: want 5 MiB to 5 GiB",
                           options.part_bytes);
  }
  if (options.multipart_threshold_bytes > kMaxPutBytes) {
    return InvalidArgument(
        "s3 sink: multipart_threshold_bytes: {}: want 5 GiB at most",
        options.multipart_threshold_bytes);
  }
  if (options.connect_timeout.count() <= 0) {
    return InvalidArgument("s3 sink: connect_timeout: want more than 0");
  }
  if (options.stall_timeout.count() <= 0) {
    return InvalidArgument("s3 sink: stall_timeout: want more than 0");
  }
  return {};
}

}  // namespace

std::string S3Address::PathOf(std::string_view key) const {
  if (key.empty()) return path;
  return path.ends_with('/') ? path + std::string(key)
                             : path + "/" + std::string(key);
}

StatusOr<S3Address> ParseEndpoint(std::string_view endpoint) {
  const auto bad = [endpoint](std::string_view why) {
    return InvalidArgument("{}: {}", net::RedactUrl(endpoint), why);
  };
  S3Address address;
  const std::size_t colon = endpoint.find("://");
  address.scheme = std::string(
      endpoint.substr(0, colon == std::string_view::npos ? 0 : colon));
  if (address.scheme != "http" && address.scheme != "https") {
    return bad("want http:// or https://");
  }
  if (endpoint.find_first_of("?#") != std::string_view::npos) {
    return bad("holds a query");
  }
  if (!std::all_of(endpoint.begin(), endpoint.end(), [](char c) {
        return c > 0x20 && c < 0x7f && c != '%' && c != '\\';
      })) {
    return bad("holds characters that a URL has not, or encoded ones");
  }
  std::string_view rest = endpoint.substr(colon + 3);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view host = rest.substr(0, slash);
  rest.remove_prefix(slash);
  while (rest.ends_with('/')) rest.remove_suffix(1);
  address.path = std::string(rest) + "/";
  if (host.find('@') != std::string_view::npos) {
    return bad("holds a user: credentials are given apart");
  }
  const std::size_t end = host.starts_with('[') ? host.find(']') : 0;
  const std::size_t port =
      host.find(':', end == std::string_view::npos ? 0 : end);
  if (port != std::string_view::npos) {
    int number = 0;
    const std::string_view text = host.substr(port + 1);
    const auto [stop, error] =
        std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || stop != text.data() + text.size() ||
        number < 1 || number > 65535) {
      return bad("has no valid port");
    }
    if (number == (address.scheme == "https" ? 443 : 80)) {
      host = host.substr(0, port);
    }
  }
  if (host.empty() || host.front() == ':') return bad("names no host");
  address.host = std::string(host);
  return address;
}

S3Address AddressOf(const S3SinkOptions& options, const std::string& region) {
  S3Address address;
  const bool amazon = options.endpoint.empty();
  if (amazon) {
    address.scheme = "https";
    address.host = fmt::format("s3.{}.amazonaws.com{}", region,
                               region.starts_with("cn-") ? ".cn" : "");
    address.path = "/";
  } else {
    address = ParseEndpoint(options.endpoint).value();
  }
  const bool in_host = options.addressing == S3Addressing::kVirtualHost ||
                       (options.addressing == S3Addressing::kAutomatic &&
                        amazon && IsHostLabel(options.bucket));
  if (in_host) {
    address.host = options.bucket + "." + address.host;
  } else {
    address.path += options.bucket;
  }
  return address;
}

Status CheckS3Options(const S3SinkOptions& options) {
  if (options.bucket.empty()) {
    return InvalidArgument("s3 sink: bucket: is empty");
  }
  if (!IsBucketName(options.bucket)) {
    return InvalidArgument("s3 sink: bucket: {}: is no name of a bucket",
                           options.bucket);
  }
  if (!options.prefix.empty()) {
    std::string_view prefix = options.prefix;
    if (prefix.ends_with('/')) prefix.remove_suffix(1);
    if (!CheckKey(prefix).ok()) {
      return InvalidArgument(
          "s3 sink: prefix: {}: want names between single `/`, no `.` or `..`",
          options.prefix);
    }
  }
  if (!options.endpoint.empty()) {
    HLSREC_RETURN_IF_ERROR(ParseEndpoint(options.endpoint)
                               .status()
                               .WithContext("s3 sink: endpoint"));
  }
  if (!IsRegion(options.region)) {
    return InvalidArgument("s3 sink: region: {}: is no name of a region",
                           options.region);
  }
  if (options.addressing == S3Addressing::kVirtualHost &&
      !IsHostLabel(options.bucket)) {
    return InvalidArgument(
        "s3 sink: addressing: bucket {} can't be part of a host name",
        options.bucket);
  }
  if (options.credentials == nullptr) {
    return InvalidArgument("s3 sink: credentials: is null");
  }
  HLSREC_RETURN_IF_ERROR(CheckAcl(options.canned_acl));
  if (!options.storage_class.empty() && !net::IsToken(options.storage_class)) {
    return InvalidArgument("s3 sink: storage_class: {}: is no name of one",
                           options.storage_class);
  }
  HLSREC_RETURN_IF_ERROR(CheckFields(options));
  return CheckSizes(options);
}

}  // namespace hlsrec::sink
