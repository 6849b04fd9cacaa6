#include "src/net/url.h"

#include <algorithm>
#include <memory>

#include "src/base/status_util.h"
#include "src/net/curl_handles.h"
#include "src/net/http_get.h"

namespace hlsrec::net {
namespace {

struct CurlUrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using CurlUrlPtr = std::unique_ptr<CURLU, CurlUrlDeleter>;

std::string Part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

}  // namespace

std::string UriEncode(std::string_view text, UriPart part) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                       c == '_' || c == '~' ||
                       (c == '/' && part == UriPart::kPath);
    if (plain) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.push_back('%');
    encoded.push_back(kDigits[byte >> 4]);
    encoded.push_back(kDigits[byte & 15]);
  }
  return encoded;
}

StatusOr<std::string> ResolveUrl(const std::string& base,
                                 const std::string& reference) {
  const CurlUrlPtr url(curl_url());
  if (url == nullptr ||
      curl_url_set(url.get(), CURLUPART_URL, base.c_str(), CURLU_PATH_AS_IS) !=
          CURLUE_OK ||
      curl_url_set(url.get(), CURLUPART_URL, reference.c_str(), 0) !=
          CURLUE_OK) {
    return InvalidArgument("{}: no URL", RedactUrl(reference));
  }
  curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
  return Part(url.get(), CURLUPART_URL);
}

std::string OriginOf(const std::string& text) {
  const CurlUrlPtr url(curl_url());
  if (url == nullptr ||
      curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    return {};
  }
  std::string origin = Part(url.get(), CURLUPART_SCHEME) + "://" +
                       Part(url.get(), CURLUPART_HOST) + ":" +
                       Part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::transform(origin.begin(), origin.end(), origin.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return origin;
}

Status CheckBaseUrl(const std::string& text) {
  const std::string shown = RedactUrl(text);
  if (!text.starts_with("http://") && !text.starts_with("https://")) {
    return InvalidArgument("{}: want an http:// or https:// URL", shown);
  }
  const CurlUrlPtr url(curl_url());
  const bool readable =
      url != nullptr && curl_url_set(url.get(), CURLUPART_URL, text.c_str(),
                                     CURLU_PATH_AS_IS) == CURLUE_OK;
  if (!readable || Part(url.get(), CURLUPART_HOST).empty()) {
    return InvalidArgument("{}: is no URL", shown);
  }
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>' &&
           c != '\\';
  });
  if (!plain) {
    return InvalidArgument("{}: write other characters than ASCII as %XX",
                           shown);
  }
  const auto has = [&](CURLUPart part) {
    return !Part(url.get(), part).empty();
  };
  if (has(CURLUPART_USER) || has(CURLUPART_PASSWORD)) {
    return InvalidArgument(
        "{}: user and password in the URL: put them in a file (basic "
        "authorization)",
        shown);
  }
  if (text.find_first_of("?#") != std::string::npos) {
    return InvalidArgument("{}: a query or fragment: nothing can be below it",
                           shown);
  }
  return {};
}

}  // namespace hlsrec::net
