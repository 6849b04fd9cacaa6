#include "src/base/bytes.h"
#include "src/check/fmp4_init.h"
#include "src/check/fmp4_segment.h"
#include "tests/fuzz/fuzz.h"

// An init section and a segment in one, as in a fragmented file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const hlsrec::ByteSpan bytes(data, size);
  const auto init = hlsrec::check::ReadFmp4Init(bytes);
  const auto facts = hlsrec::check::ReadFmp4Segment(bytes, init);
  hlsrec::fuzz::Require(facts.tracks.size() <= size,
                        "tracks are told by the bytes");
  return 0;
}
