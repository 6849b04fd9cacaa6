#ifndef HLSREC_SRC_SERVE_GZIP_CACHE_H_
#define HLSREC_SRC_SERVE_GZIP_CACHE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "hlsrec/sink.h"
#include "src/base/mutex.h"

namespace hlsrec::serve {

// As gzip; null where there is no memory for it.
std::shared_ptr<const Body> MakeGzip(std::string_view text);

// Playlists as gzip, each compressed once for all who ask for it.
//
// Threads. Any.
class GzipCache {
 public:
  // `name` is of this very text: its ETag.
  std::shared_ptr<const Body> Get(const std::string& name,
                                  std::string_view text);

 private:
  // A busy server's live lists, or a few that are very long.
  static constexpr std::uint64_t kMaxBytes = std::uint64_t{32} << 20;

  Mutex mutex_;
  std::map<std::string, std::shared_ptr<const Body>> made_
      ABSL_GUARDED_BY(mutex_);
  std::uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_GZIP_CACHE_H_
