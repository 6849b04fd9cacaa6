#ifndef HLSREC_SRC_AV_URL_TEXT_H_
#define HLSREC_SRC_AV_URL_TEXT_H_

#include <optional>
#include <string>
#include <string_view>

namespace hlsrec::av {

// As <cctype> has them in the "C" locale, whatever the host has set.
inline bool IsAsciiDigit(char c) { return c >= '0' && c <= '9'; }
inline char AsciiLower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
inline bool IsAsciiAlnum(char c) {
  const char lower = AsciiLower(c);
  return IsAsciiDigit(c) || (lower >= 'a' && lower <= 'z');
}

// "rtmp" of "rtmp://host/app"; in lower case; empty for a path.
std::string UrlScheme(std::string_view url);

// `url` without credentials, query and fragment; a path stays as it is.
std::string RedactedUrl(std::string_view url);

// The same for every URL inside a line of text.
std::string RedactUrlsIn(std::string_view line);

// Takes `name` out of the URL's query; its value, or none where it is absent.
std::optional<std::string> TakeQueryParameter(std::string& url,
                                              std::string_view name);

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_URL_TEXT_H_
