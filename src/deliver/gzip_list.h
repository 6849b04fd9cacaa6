#ifndef HLSREC_SRC_DELIVER_GZIP_LIST_H_
#define HLSREC_SRC_DELIVER_GZIP_LIST_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/status.h"

namespace hlsrec::deliver {

// A playlist as one gzip member, version after version: what versions share is
// compressed once, so that a version costs as much as its header and its last
// part, however long it is.
//
// Threads. One at a time.
class GzipList {
 public:
  using Parts = std::vector<std::shared_ptr<const std::string>>;

  // The member, in parts, of a text in parts as MediaList::Render() makes them:
  // those between the first and the last are the last version's, and perhaps
  // more. kResourceExhausted where there is no memory.
  StatusOr<Parts> Encode(const Parts& text);

 private:
  struct Block {
    std::shared_ptr<const std::string> text;
    std::shared_ptr<const std::string> deflated;
  };
  std::vector<Block> blocks_;
  // Of all of them.
  std::uint32_t crc_ = 0;
  std::uint64_t text_bytes_ = 0;
};

}  // namespace hlsrec::deliver

#endif  // HLSREC_SRC_DELIVER_GZIP_LIST_H_
