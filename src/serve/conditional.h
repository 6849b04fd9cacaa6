#ifndef HLSREC_SRC_SERVE_CONDITIONAL_H_
#define HLSREC_SRC_SERVE_CONDITIONAL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hlsrec/http_server.h"
#include "src/base/clock.h"

// What RFC 9110 makes of a request for something that is there (sections 13 and
// 14). Pure.
namespace hlsrec::serve {

struct Representation {
  std::string etag = {};  // with its quotes; strong
  std::optional<WallTime> modified = {};
  std::uint64_t size_bytes = 0;
};

struct Selection {
  int status = 200;  // 200, 206, 304, 412, 416
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  // 0 of 304, 412 and 416
};

// Of several ranges all is given, which they all are in; so is it where a range
// is none. If-Range takes a strong ETag or the very date.
Selection Select(const HttpRequest& request, const Representation& there);

// ETag, Last-Modified, Accept-Ranges and Content-Range as they belong.
void AddSelectionFields(const Representation& there, const Selection& selection,
                        HttpResponse& response);

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string HttpDate(WallTime time);

// Whether Accept-Encoding takes gzip.
bool TakesGzip(const HttpRequest& request);

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_CONDITIONAL_H_
