#ifndef HLSREC_SRC_CHECK_MP4_BOXES_H_
#define HLSREC_SRC_CHECK_MP4_BOXES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "src/base/bytes.h"

// Boxes of ISO/IEC 14496-12.
namespace hlsrec::check {

struct Box {
  std::string_view type = {};  // four characters, inside the bytes read
  std::size_t offset = 0;      // of the whole box, in the span read
  std::size_t size = 0;        // of the whole box
  ByteSpan body = {};          // after size and type
};

// The next box at `offset`; none at the end and where the bytes are no box or
// end inside it.
std::optional<Box> ReadBox(ByteSpan bytes, std::size_t offset);

// All boxes side by side in `bytes`, up to the first broken one. `whole` tells
// whether they fill it.
struct BoxList {
  std::vector<Box> boxes = {};
  bool whole = false;

  [[nodiscard]] const Box* Find(std::string_view type) const;
};
BoxList ReadBoxes(ByteSpan bytes);

// A full box's version and flags, and the reader after them.
struct FullBox {
  explicit FullBox(ByteSpan body) : reader(body) {
    const std::uint32_t head = reader.U32();
    version = static_cast<int>(head >> 24);
    flags = head & 0xFFFFFFU;
  }
  ByteReader reader;
  int version = 0;
  std::uint32_t flags = 0;
};

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_MP4_BOXES_H_
