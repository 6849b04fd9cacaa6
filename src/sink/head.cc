#include "src/sink/head.h"

#include <charconv>

namespace hlsrec::sink {

ObjectInfo InfoOf(const std::string& key,
                  const net::TransferResponse& response) {
  ObjectInfo info{.key = key, .etag = std::string(response.Header("ETag"))};
  const std::string_view length = response.Header("Content-Length");
  std::from_chars(length.data(), length.data() + length.size(),
                  info.size_bytes);
  return info;
}

}  // namespace hlsrec::sink
