#ifndef HLSREC_SRC_CHECK_FETCH_H_
#define HLSREC_SRC_CHECK_FETCH_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "hlsrec/status.h"
#include "src/base/bytes.h"
#include "src/net/http_get.h"
#include "src/playlist/model.h"

namespace hlsrec::check {

struct Fetched {
  std::string bytes = {};
  std::string content_type = {};      // empty for files
  std::string content_encoding = {};  // what it was decoded from
  // As net::HttpResponse.
  std::optional<std::chrono::seconds> fresh_for = {};
  int http_version = 0;  // 0 for files
};

// Reads what a playlist names: local files and http(s) URLs.
//
// Threads. One at a time. Blocking. Yes.
class Fetcher {
 public:
  explicit Fetcher(std::chrono::milliseconds timeout) : timeout_(timeout) {}

  // All of it, or of the range. kResourceExhausted above `max_bytes`,
  // kDataLoss where the object ends before the range does.
  StatusOr<Fetched> Get(const std::string& location, std::uint64_t max_bytes,
                        const std::optional<playlist::ByteRange>& range = {});
  // What there is of the range: less where the object ends before it does.
  StatusOr<Fetched> GetSome(const std::string& location,
                            const playlist::ByteRange& range);
  // OK where it could be read, without reading it.
  Status Probe(const std::string& location);

  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  enum class Extent { kWhole, kSome };
  StatusOr<Fetched> Read(const std::string& location, std::uint64_t max_bytes,
                         const std::optional<playlist::ByteRange>& range,
                         Extent extent);
  StatusOr<Fetched> GetUrl(const std::string& url, std::uint64_t max_bytes,
                           const std::optional<playlist::ByteRange>& range,
                           Extent extent);
  net::HttpReader& http();

  const std::chrono::milliseconds timeout_;
  std::unique_ptr<net::HttpReader> http_;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_FETCH_H_
