#include "src/base/bytes.h"
#include "src/check/segment_reader.h"
#include "src/check/ts_segment.h"
#include "tests/fuzz/fuzz.h"

// A segment of anyone's: transport stream, packed audio or nothing known.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const hlsrec::ByteSpan bytes(data, size);
  const auto facts = hlsrec::check::ReadTsSegment(bytes);
  hlsrec::fuzz::Require(facts.kind == hlsrec::check::SegmentKind::kMpegTs ||
                            facts.kind == hlsrec::check::SegmentKind::kUnknown,
                        "a transport stream's reader reads one");
  hlsrec::check::ReadTsSegment(bytes, {.map = bytes.first(size / 2)});
  hlsrec::check::ReadSegment(bytes, {});
  return 0;
}
