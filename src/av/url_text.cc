#include "src/av/url_text.h"

#include <algorithm>
#include <cstddef>

#include "hlsrec/source.h"

namespace hlsrec::av {
namespace {

constexpr std::string_view kSeparator = "://";

bool IsSchemeCharacter(char c) {
  return IsAsciiAlnum(c) || c == '+' || c == '-' || c == '.';
}

bool IsPort(std::string_view text) {
  return std::all_of(text.begin(), text.end(), IsAsciiDigit);
}

// Where the authority ends. A password with `/`, `?` or `#` in it is not what
// RFC 3986 allows but is what people type: what looks like `user:pa` goes on to
// the `@`.
std::size_t AuthorityEnd(std::string_view rest) {
  std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, end);
  const std::size_t colon = authority.rfind(':');
  const bool is_address = !authority.empty() && authority.front() == '[';
  if (colon == std::string_view::npos || is_address ||
      IsPort(authority.substr(colon + 1)) ||
      authority.find('@') != std::string_view::npos) {
    return end;
  }
  const std::size_t at = rest.find('@', end);
  if (at == std::string_view::npos) return end;
  return std::min(rest.find_first_of("/?#", at), rest.size());
}

}  // namespace

std::string UrlScheme(std::string_view url) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos || colon == 0 ||
      !std::all_of(url.begin(),
                   url.begin() + static_cast<std::ptrdiff_t>(colon),
                   IsSchemeCharacter)) {
    return {};
  }
  std::string scheme(url.substr(0, colon));
  std::transform(scheme.begin(), scheme.end(), scheme.begin(), AsciiLower);
  return scheme;
}

std::string RedactedUrl(std::string_view url) {
  const std::size_t separator = url.find(kSeparator);
  if (separator == std::string_view::npos) return std::string(url);
  const std::size_t start = separator + kSeparator.size();
  const std::string_view rest = url.substr(start);
  const std::size_t authority_end = AuthorityEnd(rest);
  std::string_view authority = rest.substr(0, authority_end);
  std::string_view path = rest.substr(authority_end);
  path = path.substr(0, path.find_first_of("?#"));

  std::string redacted(url.substr(0, start));
  const std::size_t at = authority.rfind('@');
  // "udp://@239.0.0.1:5000" is how multicast is written: nothing secret there.
  if (at != std::string_view::npos) {
    redacted += at == 0 ? "@" : "***@";
    authority = authority.substr(at + 1);
  }
  return redacted.append(authority).append(path);
}

std::string RedactUrlsIn(std::string_view line) {
  std::string redacted;
  while (!line.empty()) {
    const std::size_t separator = line.find(kSeparator);
    if (separator == std::string_view::npos) break;
    std::size_t begin = separator;
    while (begin > 0 && IsSchemeCharacter(line[begin - 1])) --begin;
    const std::size_t end =
        std::min(line.find_first_of(" \t'\"<>", separator), line.size());
    redacted += line.substr(0, begin);
    redacted += RedactedUrl(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
  return redacted.append(line);
}

std::optional<std::string> TakeQueryParameter(std::string& url,
                                              std::string_view name) {
  const std::size_t question = url.find('?');
  if (question == std::string::npos) return std::nullopt;
  std::size_t begin = question + 1;
  while (begin < url.size()) {
    const std::size_t end = std::min(url.find('&', begin), url.size());
    const std::string part = url.substr(begin, end - begin);
    const std::size_t equals = std::min(part.find('='), part.size());
    if (std::string_view(part).substr(0, equals) == name) {
      url.erase(begin, end == url.size() ? end - begin : end - begin + 1);
      if (!url.empty() && (url.back() == '&' || url.back() == '?')) {
        url.pop_back();
      }
      return equals == part.size() ? std::string("1") : part.substr(equals + 1);
    }
    begin = end + 1;
  }
  return std::nullopt;
}

}  // namespace hlsrec::av

namespace hlsrec {

std::string RedactUrl(const std::string& url) { return av::RedactedUrl(url); }

}  // namespace hlsrec
