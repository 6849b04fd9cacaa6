#ifndef HLSREC_SRC_NET_URL_H_
#define HLSREC_SRC_NET_URL_H_

#include <string>
#include <string_view>

#include "hlsrec/status.h"

namespace hlsrec::net {

enum class UriPart { kPath, kQuery };

// RFC 3986: all but unreserved characters as %XX with capitals; `/` stays in a
// path.
std::string UriEncode(std::string_view text, UriPart part);

// What `reference` means beside `base`, without a fragment (RFC 3986 section
// 5). kInvalidArgument where either is no URL.
StatusOr<std::string> ResolveUrl(const std::string& base,
                                 const std::string& reference);

// "https://host:443", in lower case and with the port; empty where it is none.
std::string OriginOf(const std::string& url);

// OK for a URL that things can be put below: http(s), with a host, without
// user, password, query and fragment. The message holds no secrets.
Status CheckBaseUrl(const std::string& url);

}  // namespace hlsrec::net

#endif  // HLSREC_SRC_NET_URL_H_
