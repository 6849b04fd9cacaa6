// What an HTTP sink takes for options, and credentials from files.
#include <algorithm>
#include <array>
#include <utility>

#include "src/base/base64.h"
#include "src/base/file.h"
#include "src/base/status_util.h"
#include "src/net/header_text.h"
#include "src/net/http_get.h"
#include "src/net/url.h"
#include "src/sink/http_sink.h"

namespace hlsrec::sink {
namespace {

constexpr std::uint64_t kMostFileBytes = std::uint64_t{4} << 20;

Status CheckFile(std::string_view field, const std::string& path) {
  if (path.empty()) return {};
  const auto bytes = PosixFileSystem().ReadFile(path, kMostFileBytes);
  if (bytes.ok()) return {};
  return InvalidArgument("{}: {}", field, bytes.status().message());
}

Status CheckHeaders(const HttpSinkOptions& options) {
  struct Reserved {
    std::string_view name;
    std::string_view why;
  };
  constexpr std::array kReserved = {
      Reserved{"Authorization", "use `authorization`"},
      Reserved{"Cache-Control", "use `cache_control`"},
      Reserved{"Connection", "is the sink's"},
      Reserved{"Content-Length", "is the sink's"},
      Reserved{"Content-Type", "is the object's"},
      Reserved{"Expect", "is the sink's"},
      Reserved{"Host", "is the URL's"},
      Reserved{"If-None-Match", "use `conflict`"},
      Reserved{"TE", "is the sink's"},
      Reserved{"Transfer-Encoding", "is the sink's"},
      Reserved{"Upgrade", "is the sink's"},
  };
  for (const auto& [name, value] : options.headers) {
    if (!net::IsToken(name)) {
      return InvalidArgument("headers: a name: bad character");
    }
    if (!net::IsFieldValue(value)) {
      return InvalidArgument("headers: {}: a control character in its value",
                             name);
    }
    const auto* reserved = std::find_if(
        kReserved.begin(), kReserved.end(), [&name = name](const Reserved& r) {
          return net::EqualsIgnoringCase(r.name, name);
        });
    if (reserved != kReserved.end()) {
      return InvalidArgument("headers: {}: {}", name, reserved->why);
    }
  }
  const HttpCacheControl& cache = options.cache_control;
  for (const std::string* value :
       {&cache.segments, &cache.live_playlists, &cache.ended_playlists}) {
    if (!net::IsFieldValue(*value)) {
      return InvalidArgument("cache_control: a control character");
    }
  }
  return {};
}

Status CheckProxy(const std::string& proxy) {
  if (proxy.empty()) return {};
  for (const std::string_view scheme :
       {"http://", "https://", "socks5://", "socks5h://"}) {
    if (proxy.starts_with(scheme)) return {};
  }
  // What has no scheme can't be shown without its password.
  return InvalidArgument("proxy: want an http://, https:// or socks5h:// URL");
}

}  // namespace

StatusOr<std::string> ReadSecretFile(const std::string& path) {
  constexpr std::uint64_t kMost = 65536;
  HLSREC_ASSIGN_OR_RETURN(const std::string text,
                          PosixFileSystem().ReadFile(path, kMost));
  const std::string secret(net::Trim(text));
  if (secret.empty()) return InvalidArgument("{}: is empty", path);
  if (!net::IsFieldValue(secret)) {
    return InvalidArgument("{}: more than one line, or a control character",
                           path);
  }
  return secret;
}

Status CheckHttpOptions(const HttpSinkOptions& options) {
  HLSREC_RETURN_IF_ERROR(
      net::CheckBaseUrl(options.base_url).WithContext("base_url"));
  HLSREC_RETURN_IF_ERROR(CheckHeaders(options));
  HLSREC_RETURN_IF_ERROR(CheckProxy(options.proxy));
  HLSREC_RETURN_IF_ERROR(CheckFile("ca_file", options.ca_file));
  HLSREC_RETURN_IF_ERROR(
      CheckFile("client_certificate_file", options.client_certificate_file));
  HLSREC_RETURN_IF_ERROR(CheckFile("client_key_file", options.client_key_file));
  if (options.connect_timeout < std::chrono::milliseconds(1)) {
    return InvalidArgument("connect_timeout: want 1 ms or more");
  }
  if (options.stall_timeout < std::chrono::seconds(1)) {
    return InvalidArgument("stall_timeout: want 1 s or more");
  }
  return {};
}

}  // namespace hlsrec::sink

namespace hlsrec {

std::function<StatusOr<std::string>()> BearerTokenFile(std::string path) {
  return [path = std::move(path)]() -> StatusOr<std::string> {
    HLSREC_ASSIGN_OR_RETURN(const std::string token,
                            sink::ReadSecretFile(path));
    return "Bearer " + token;
  };
}

std::function<StatusOr<std::string>()> BasicAuthFile(std::string path) {
  return [path = std::move(path)]() -> StatusOr<std::string> {
    HLSREC_ASSIGN_OR_RETURN(const std::string pair, sink::ReadSecretFile(path));
    if (pair.find(':') == std::string::npos) {
      return InvalidArgument("{}: want user:password", path);
    }
    return "Basic " + Base64(pair);
  };
}

}  // namespace hlsrec
