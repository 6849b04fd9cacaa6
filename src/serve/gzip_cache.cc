#include "src/serve/gzip_cache.h"

#include "src/base/gzip.h"
#include "src/serve/body.h"

namespace hlsrec::serve {

std::shared_ptr<const Body> MakeGzip(std::string_view text) {
  const auto deflated = DeflateText(text);
  if (!deflated.ok()) return nullptr;
  return MakeText(std::string(GzipHeader()) + deflated->bytes +
                  GzipTrailer(deflated->crc, deflated->text_bytes));
}

std::shared_ptr<const Body> GzipCache::Get(const std::string& name,
                                           std::string_view text) {
  {
    MutexLock lock(mutex_);
    const auto found = made_.find(name);
    if (found != made_.end()) return found->second;
  }
  // Two may do it at once, and get the same.
  auto body = MakeGzip(text);
  if (body == nullptr) return nullptr;
  MutexLock lock(mutex_);
  // Old versions are not asked for again: which they are, is not worth knowing.
  if (bytes_ + body->size() > kMaxBytes) {
    made_.clear();
    bytes_ = 0;
  }
  if (made_.emplace(name, body).second) bytes_ += body->size();
  return body;
}

}  // namespace hlsrec::serve
