#include "src/serve/signed_url.h"

#include <algorithm>

#include "src/base/hash.h"
#include "src/base/status_util.h"
#include "src/net/url.h"
#include "src/playlist/parse_values.h"
#include "src/serve/query.h"

namespace hlsrec::serve {
namespace {

// No part can be taken for another: a number has no line break.
std::string Sign(std::string_view key, std::string_view below,
                 std::string_view expires) {
  const std::string message =
      fmt::format("hlsrec-signed-url-1\n{}\n{}", expires, below);
  return HexDigits(HmacSha256(AsBytes(key), AsBytes(message)));
}

// Clients may send what a URI can't hold, and what would end an attribute of a
// playlist.
std::string EncodeStrange(std::string_view query) {
  std::string encoded;
  for (const char c : query) {
    const bool strange =
        c <= ' ' || c > '~' ||
        std::string_view("\"#<>[\\]^`{|}").find(c) != std::string_view::npos;
    encoded += strange ? fmt::format("%{:02X}", static_cast<unsigned char>(c))
                       : std::string(1, c);
  }
  return encoded;
}

}  // namespace

std::string SignatureOf(std::string_view query) {
  if (!QueryValue(query, "signature")) return {};
  return EncodeStrange(KeepOfQuery(query, {"expires", "below", "signature"}));
}

std::string MakeSignature(std::string_view key, std::string_view below,
                          std::chrono::sys_seconds expires) {
  const std::string seconds =
      std::to_string(expires.time_since_epoch().count());
  return fmt::format("expires={}&below={}&signature={}", seconds,
                     net::UriEncode(below, net::UriPart::kQuery),
                     Sign(key, below, seconds));
}

StatusOr<std::chrono::seconds> CheckSignature(std::string_view key,
                                              std::string_view path,
                                              std::string_view query,
                                              WallTime now) {
  const auto expires = QueryValue(query, "expires");
  const auto below = QueryValue(query, "below");
  const auto signature = QueryValue(query, "signature");
  if (!signature) return NotFound("access: no signature");
  if (!expires || !below ||
      !SameSecret(*signature, Sign(key, *below, *expires))) {
    return PermissionDenied("access: signature: is not valid");
  }
  const auto seconds = playlist::ParseDecimalInteger(*expires);
  const auto present = static_cast<std::uint64_t>(
      std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  if (!seconds || *seconds <= present) {
    return PermissionDenied("access: signature: has expired");
  }
  const bool covers =
      below->ends_with("/") ? path.starts_with(*below) : path == *below;
  if (!covers)
    return PermissionDenied("access: signature: is for another path");
  constexpr std::uint64_t kLongest = std::uint64_t{1} << 40;
  return std::chrono::seconds(std::min(*seconds - present, kLongest));
}

bool SameSecret(std::string_view a, std::string_view b) {
  // What differs in length differs, and its length is no secret.
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |=
        static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

}  // namespace hlsrec::serve
