#include "src/check/mp4_boxes.h"

namespace hlsrec::check {

std::optional<Box> ReadBox(ByteSpan bytes, std::size_t offset) {
  ByteReader reader(bytes.subspan(offset));
  const std::uint64_t short_size = reader.U32();
  const ByteSpan type = reader.Take(4);
  if (!reader.ok()) return std::nullopt;
  std::uint64_t size = short_size;
  if (short_size == 1) size = reader.U64();
  if (short_size == 0) size = bytes.size() - offset;
  const std::size_t header = reader.position();
  if (!reader.ok() || size < header || size > bytes.size() - offset) {
    return std::nullopt;
  }
  return Box{
      .type = {reinterpret_cast<const char*>(type.data()), type.size()},
      .offset = offset,
      .size = size,
      .body = bytes.subspan(offset + header, size - header),
  };
}

const Box* BoxList::Find(std::string_view type) const {
  for (const Box& box : boxes) {
    if (box.type == type) return &box;
  }
  return nullptr;
}

BoxList ReadBoxes(ByteSpan bytes) {
  BoxList list;
  std::size_t offset = 0;
  while (offset < bytes.size()) {
    const std::optional<Box> box = ReadBox(bytes, offset);
    if (!box) return list;
    list.boxes.push_back(*box);
    offset += box->size;
  }
  list.whole = true;
  return list;
}

}  // namespace hlsrec::check
