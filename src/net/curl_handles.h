#ifndef HLSREC_SRC_NET_CURL_HANDLES_H_
#define HLSREC_SRC_NET_CURL_HANDLES_H_

#include <curl/curl.h>

#include <memory>
#include <string_view>

#include "hlsrec/status.h"

// libcurl's handles as owners, and its errors as ours. Nothing outside src/net
// includes this.
namespace hlsrec::net {

struct CurlEasyDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using CurlEasyPtr = std::unique_ptr<CURL, CurlEasyDeleter>;

struct CurlMultiDeleter {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
using CurlMultiPtr = std::unique_ptr<CURLM, CurlMultiDeleter>;

struct CurlListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlListPtr = std::unique_ptr<curl_slist, CurlListDeleter>;

// The one place where a CURLcode becomes a Status. `detail` is what libcurl
// wrote to CURLOPT_ERRORBUFFER, may be empty.
Status CurlStatus(CURLcode code, std::string_view detail,
                  std::string_view context);

}  // namespace hlsrec::net

#endif  // HLSREC_SRC_NET_CURL_HANDLES_H_
