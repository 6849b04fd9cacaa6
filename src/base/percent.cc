#include "src/base/percent.h"

namespace hlsrec {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Of an escape at the beginning; negative: it is broken.
int ByteOf(std::string_view text) {
  if (text.size() < 3) return -1;
  const int high = HexValue(text[1]);
  const int low = HexValue(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// Whether no escape was broken.
bool Decode(std::string_view text, std::string& decoded) {
  bool sound = true;
  decoded.reserve(text.size());
  while (!text.empty()) {
    const int byte = text.front() == '%' ? ByteOf(text) : -1;
    sound = sound && (byte >= 0 || text.front() != '%');
    decoded += byte < 0 ? text.front() : static_cast<char>(byte);
    text.remove_prefix(byte < 0 ? 1 : 3);
  }
  return sound;
}

}  // namespace

std::optional<std::string> DecodePercent(std::string_view text) {
  std::string decoded;
  if (!Decode(text, decoded)) return std::nullopt;
  return decoded;
}

std::string DecodePercentLeniently(std::string_view text) {
  std::string decoded;
  Decode(text, decoded);
  return decoded;
}

}  // namespace hlsrec
