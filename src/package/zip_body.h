#ifndef HLSREC_SRC_PACKAGE_ZIP_BODY_H_
#define HLSREC_SRC_PACKAGE_ZIP_BODY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hlsrec/sink.h"
#include "hlsrec/status.h"

namespace hlsrec::package {

struct ZipEntry {
  std::string name = {};  // UTF-8, `/` between levels
  std::uint64_t size = 0;
  // Its bytes; asked for when they are needed, and held until the next entry's
  // are. kDataLoss follows where it has not `size` bytes.
  std::function<StatusOr<std::shared_ptr<const Body>>()> open = {};
  // CRC-32 of it, where it is known.
  std::optional<std::uint32_t> crc = {};
};

// A ZIP archive of stored entries, with zip64 where it needs that. Its size is
// known at once. What is in memory is a few bytes for each entry, and what the
// open entry holds. An entry is read for its CRC-32 before its header is given,
// and then once more: so that also those can unpack it who read from the front.
// The same entries give the same bytes.
//
// `on_entry` is told of each entry that was read to its end, on the thread that
// reads.
//
// Errors. kInvalidArgument for a name that is too long, empty or given twice.
StatusOr<std::shared_ptr<const Body>> MakeZipBody(
    std::vector<ZipEntry> entries,
    std::function<void(std::size_t entry)> on_entry = {});

}  // namespace hlsrec::package

#endif  // HLSREC_SRC_PACKAGE_ZIP_BODY_H_
