// S3SinkOptions as a URL.
#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "hlsrec/s3_sink.h"
#include "src/base/status_util.h"
#include "src/net/http_get.h"
#include "src/net/sigv4.h"
#include "src/sink/s3_address.h"

namespace hlsrec {
namespace {

using net::UriPart;

constexpr std::string_view kScheme = "s3://";

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

StatusOr<std::string> Decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? DigitOf(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? DigitOf(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return InvalidArgument("a `%` without two digits: write %25");
    }
    decoded.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  return decoded;
}

Status SetParameter(S3SinkOptions& options, const std::string& name,
                    const std::string& value) {
  const auto bad = [&](std::string_view want) {
    return InvalidArgument("{}: {}: want {}", name, value, want);
  };
  if (name == "endpoint") {
    HLSREC_RETURN_IF_ERROR(
        sink::ParseEndpoint(value).status().WithContext(name));
    options.endpoint = value;
  } else if (name == "region") {
    options.region = value;
  } else if (name == "style") {
    if (value != "path" && value != "virtual") return bad("path or virtual");
    options.addressing =
        value == "path" ? S3Addressing::kPath : S3Addressing::kVirtualHost;
  } else if (name == "conflict") {
    if (value != "if-none-match" && value != "look-first") {
      return bad("if-none-match or look-first");
    }
    options.conflict = value == "look-first" ? S3Conflict::kLookFirst
                                             : S3Conflict::kIfNoneMatch;
  } else if (name == "acl") {
    options.canned_acl = value;
  } else if (name == "class") {
    options.storage_class = value;
  } else if (name == "rewrite_ms") {
    int milliseconds = 0;
    const char* end = value.data() + value.size();
    const auto parsed = std::from_chars(value.data(), end, milliseconds);
    if (parsed.ec != std::errc() || parsed.ptr != end || milliseconds < 0) {
      return bad("milliseconds");
    }
    options.rewrite_interval = std::chrono::milliseconds(milliseconds);
  } else {
    // Its value might be a key.
    return InvalidArgument(
        "{}: unknown: want endpoint, region, style, conflict, acl, class or "
        "rewrite_ms",
        name);
  }
  return {};
}

}  // namespace

StatusOr<S3SinkOptions> ParseS3Url(std::string_view url) {
  if (!url.starts_with(kScheme)) {
    return InvalidArgument("s3 url: {}: want s3://bucket/prefix",
                           net::RedactUrl(url));
  }
  std::string_view rest = url.substr(kScheme.size());
  const std::size_t query_at = std::min(rest.find('?'), rest.size());
  std::string_view query = rest.substr(std::min(query_at + 1, rest.size()));
  rest = rest.substr(0, query_at);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view bucket = rest.substr(0, slash);
  if (bucket.find_first_of("@:") != std::string_view::npos) {
    return InvalidArgument(
        "s3 url: holds a user or a port: credentials are given apart, the "
        "server as ?endpoint=");
  }
  S3SinkOptions options{.bucket = std::string(bucket)};
  if (bucket.empty()) return InvalidArgument("s3 url: names no bucket");
  StatusOr<std::string> prefix =
      Decode(rest.substr(std::min(slash + 1, rest.size())));
  if (!prefix.ok()) return prefix.status().WithContext("s3 url: prefix");
  options.prefix = *std::move(prefix);
  while (options.prefix.ends_with('/')) options.prefix.pop_back();
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    const std::string name(parameter.substr(0, equals));
    const StatusOr<std::string> value =
        Decode(parameter.substr(std::min(equals + 1, parameter.size())));
    if (!value.ok()) return value.status().WithContext("s3 url: " + name);
    HLSREC_RETURN_IF_ERROR(
        SetParameter(options, name, *value).WithContext("s3 url"));
  }
  return options;
}

std::string MakeS3Url(const S3SinkOptions& options) {
  std::string url = std::string(kScheme) + options.bucket;
  std::string_view prefix = options.prefix;
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (!prefix.empty()) url += "/" + net::UriEncode(prefix, UriPart::kPath);
  char separator = '?';
  const auto add = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    url += std::exchange(separator, '&');
    url += name;
    url += '=';
    // Slashes and colons mean nothing in a query: people read this.
    for (const char c : value) {
      url += c == ':' || c == '/'
                 ? std::string(1, c)
                 : net::UriEncode(std::string_view(&c, 1), UriPart::kQuery);
    }
  };
  add("endpoint", options.endpoint);
  add("region", options.region);
  if (options.addressing != S3Addressing::kAutomatic) {
    add("style",
        options.addressing == S3Addressing::kPath ? "path" : "virtual");
  }
  if (options.conflict == S3Conflict::kLookFirst) add("conflict", "look-first");
  add("acl", options.canned_acl);
  add("class", options.storage_class);
  if (options.rewrite_interval.count() > 0) {
    add("rewrite_ms", std::to_string(options.rewrite_interval.count()));
  }
  return url;
}

}  // namespace hlsrec
