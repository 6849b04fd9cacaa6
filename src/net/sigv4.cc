#include "src/net/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "src/base/bytes.h"
#include "src/base/hash.h"

namespace hlsrec::net {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

// Not the locale's idea of letters.
char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Without spaces around it, runs of spaces inside as one.
std::string Squeeze(std::string_view value) {
  std::string text;
  for (const char c : value) {
    const bool space = c == ' ' || c == '\t';
    if (space && (text.empty() || text.back() == ' ')) continue;
    text.push_back(space ? ' ' : c);
  }
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

// Sorted by name; several of one name are one, with commas.
std::map<std::string, std::string> HeadersToSign(const SigV4Request& request) {
  std::map<std::string, std::string> headers = {{"host", request.host}};
  for (const HttpHeader& header : request.headers) {
    std::string name = header.name;
    std::transform(name.begin(), name.end(), name.begin(), Lower);
    const auto [place, added] = headers.try_emplace(std::move(name));
    if (!added) place->second += ',';
    place->second += Squeeze(header.value);
  }
  return headers;
}

std::string SignedHeaders(const SigV4Request& request) {
  std::string names;
  for (const auto& [name, value] : HeadersToSign(request)) {
    if (!names.empty()) names += ';';
    names += name;
  }
  return names;
}

std::string Date(const SigV4Scope& scope) {
  return SigV4Time(scope.time).substr(0, 8);
}

std::string ScopeText(const SigV4Scope& scope) {
  return fmt::format("{}/{}/{}/aws4_request", Date(scope), scope.region,
                     scope.service);
}

std::string CanonicalQuery(const QueryParameters& query) {
  QueryParameters encoded;
  encoded.reserve(query.size());
  for (const auto& [name, value] : query) {
    encoded.emplace_back(UriEncode(name, UriPart::kQuery),
                         UriEncode(value, UriPart::kQuery));
  }
  std::sort(encoded.begin(), encoded.end());
  std::string text;
  for (const auto& [name, value] : encoded) {
    if (!text.empty()) text += '&';
    text += name;
    text += '=';
    text += value;
  }
  return text;
}

}  // namespace

std::string RequestTarget(std::string_view path, const QueryParameters& query) {
  std::string target = UriEncode(path, UriPart::kPath);
  if (!query.empty()) target += "?" + CanonicalQuery(query);
  return target;
}

std::string SigV4Time(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  return fmt::format(
      "{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string CanonicalRequest(const SigV4Request& request) {
  std::string text = fmt::format("{}\n{}\n{}\n", request.method,
                                 UriEncode(request.path, UriPart::kPath),
                                 CanonicalQuery(request.query));
  for (const auto& [name, value] : HeadersToSign(request)) {
    text += fmt::format("{}:{}\n", name, value);
  }
  text += fmt::format("\n{}\n{}", SignedHeaders(request), request.payload_hash);
  return text;
}

std::string StringToSign(std::string_view canonical_request,
                         const SigV4Scope& scope) {
  return fmt::format("{}\n{}\n{}\n{}", kAlgorithm, SigV4Time(scope.time),
                     ScopeText(scope), Sha256Hex(AsBytes(canonical_request)));
}

std::string SigV4Signature(std::string_view string_to_sign,
                           std::string_view secret_access_key,
                           const SigV4Scope& scope) {
  const std::string secret = "AWS4" + std::string(secret_access_key);
  Bytes key = HmacSha256(AsBytes(secret), AsBytes(Date(scope)));
  key = HmacSha256(key, AsBytes(scope.region));
  key = HmacSha256(key, AsBytes(scope.service));
  key = HmacSha256(key, AsBytes("aws4_request"));
  return HexDigits(HmacSha256(key, AsBytes(string_to_sign)));
}

std::vector<HttpHeader> SignRequest(SigV4Request request,
                                    const Credentials& credentials,
                                    const SigV4Scope& scope) {
  request.headers.push_back({"x-amz-date", SigV4Time(scope.time)});
  if (!credentials.session_token.empty()) {
    request.headers.push_back(
        {"x-amz-security-token", credentials.session_token});
  }
  const std::string signature =
      SigV4Signature(StringToSign(CanonicalRequest(request), scope),
                     credentials.secret_access_key, scope);
  std::string authorization =
      fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}",
                  kAlgorithm, credentials.access_key_id, ScopeText(scope),
                  SignedHeaders(request), signature);
  request.headers.push_back({"Authorization", std::move(authorization)});
  return std::move(request.headers);
}

std::string PresignedTarget(SigV4Request request,
                            const Credentials& credentials,
                            const SigV4Scope& scope,
                            std::chrono::seconds expires_after) {
  request.payload_hash = kUnsignedPayload;
  QueryParameters& query = request.query;
  query.emplace_back("X-Amz-Algorithm", kAlgorithm);
  query.emplace_back("X-Amz-Credential",
                     credentials.access_key_id + "/" + ScopeText(scope));
  query.emplace_back("X-Amz-Date", SigV4Time(scope.time));
  query.emplace_back("X-Amz-Expires", std::to_string(expires_after.count()));
  query.emplace_back("X-Amz-SignedHeaders", SignedHeaders(request));
  if (!credentials.session_token.empty()) {
    query.emplace_back("X-Amz-Security-Token", credentials.session_token);
  }
  const std::string signature =
      SigV4Signature(StringToSign(CanonicalRequest(request), scope),
                     credentials.secret_access_key, scope);
  return RequestTarget(request.path, query) + "&X-Amz-Signature=" + signature;
}

}  // namespace hlsrec::net
