#include <string>
#include <string_view>

#include "hlsrec/path_template.h"
#include "tests/fuzz/fuzz.h"

namespace {

// A level that leaves its folder, or is none.
bool LeavesRoot(std::string_view key) {
  while (true) {
    const std::size_t slash = key.find('/');
    const std::string_view level = key.substr(0, slash);
    if (level.empty() || level == "." || level == "..") return true;
    if (slash == std::string_view::npos) return false;
    key.remove_prefix(slash + 1);
  }
}

}  // namespace

// The template up to the first zero byte; behind it the value of all fields.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = all.find('\0');
  const auto parsed =
      hlsrec::PathTemplate::Parse(all.substr(0, zero), {"user"});
  if (!parsed.ok()) {
    hlsrec::fuzz::Require(!parsed.status().message().empty(),
                          "a refusal says why");
    return 0;
  }
  const std::string value(
      zero == std::string_view::npos ? "x" : all.substr(zero + 1));
  hlsrec::PathFields fields;
  fields.stream = fields.session = fields.rendition = value;
  fields.hash = fields.extension = value;
  fields.user["user"] = value;
  fields.sequence = size * 1000003;
  fields.time = fields.segment_time = std::chrono::system_clock::time_point(
      std::chrono::milliseconds(1'700'000'000'123));
  fields.height = 720;
  fields.kbps = 2500;
  fields.layer = 1;
  const auto key = parsed->Expand(fields);
  if (!key.ok()) return 0;
  hlsrec::fuzz::Require(!key->empty() && key->size() <= 1024,
                        "a key has 1 to 1,024 bytes");
  hlsrec::fuzz::Require(!LeavesRoot(*key), "no key leaves the root");
  return 0;
}
