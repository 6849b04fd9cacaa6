#ifndef HLSREC_PAGE_H_
#define HLSREC_PAGE_H_

#include <memory>
#include <string>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/http_server.h"
#include "hlsrec/status.h"

// The page that lists recordings and plays them, in a browser.
namespace hlsrec {

struct PageOptions {
  // Where it is: there itself, with its files below "page/" and the list of
  // recordings beside it in "recordings.json". With both slashes.
  std::string path_prefix = "/";
  // Other servers that recordings are fetched from, since requests are
  // redirected there: "https://bucket.example". The browser refuses others.
  std::vector<std::string> media_origins = {};
};

// Needs nothing from elsewhere: its files are part of the library.
//
// Errors. kInvalidArgument names the bad option.
HLSREC_EXPORT StatusOr<std::shared_ptr<HttpHandler>> MakePage(
    const PageOptions& options = {});

// Whether hls.js was there when hlsrec was built. Without it the page says so,
// and only browsers that know HLS themselves play.
HLSREC_EXPORT bool PageHasPlayer();

}  // namespace hlsrec

#endif  // HLSREC_PAGE_H_
