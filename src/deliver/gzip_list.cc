#include "src/deliver/gzip_list.h"

#include <utility>

#include "src/base/gzip.h"
#include "src/base/status_util.h"

namespace hlsrec::deliver {

StatusOr<GzipList::Parts> GzipList::Encode(const Parts& text) {
  const std::size_t shared = text.size() < 2 ? 0 : text.size() - 2;
  const bool grew =
      blocks_.size() <= shared &&
      (blocks_.empty() || blocks_.back().text == text[blocks_.size()]);
  if (!grew) *this = {};
  while (blocks_.size() < shared) {
    const auto& block = text[blocks_.size() + 1];
    HLSREC_ASSIGN_OR_RETURN(DeflatedText deflated, DeflateText(*block));
    crc_ = JoinCrc(crc_, deflated.crc, deflated.text_bytes);
    text_bytes_ += deflated.text_bytes;
    blocks_.push_back({.text = block,
                       .deflated = std::make_shared<const std::string>(
                           std::move(deflated.bytes))});
  }
  Parts member;
  member.reserve(text.size() + 1);
  HLSREC_ASSIGN_OR_RETURN(const DeflatedText first, DeflateText(*text.front()));
  member.push_back(std::make_shared<const std::string>(
      std::string(GzipHeader()) + first.bytes));
  for (const Block& block : blocks_) member.push_back(block.deflated);
  std::uint32_t crc = JoinCrc(first.crc, crc_, text_bytes_);
  std::uint64_t bytes = first.text_bytes + text_bytes_;
  std::string end;
  if (text.size() > 1) {
    HLSREC_ASSIGN_OR_RETURN(DeflatedText last, DeflateText(*text.back()));
    crc = JoinCrc(crc, last.crc, last.text_bytes);
    bytes += last.text_bytes;
    end = std::move(last.bytes);
  }
  member.push_back(
      std::make_shared<const std::string>(end + GzipTrailer(crc, bytes)));
  return member;
}

}  // namespace hlsrec::deliver
