#ifndef HLSREC_SRC_MANIFEST_LAZY_BODY_H_
#define HLSREC_SRC_MANIFEST_LAZY_BODY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/sink.h"

namespace hlsrec::manifest {

// A text, and behind it so many entries.
struct Part {
  std::string text = {};
  std::size_t entries = 0;
  // The same text for the same number each time, from any thread.
  std::function<std::string(std::size_t)> entry = {};
};

// The parts one after the other, `between` between the entries of a part.
// Entries are rendered once to measure them, and again when they are read: in
// memory is one place for every 128 of them.
std::shared_ptr<const Body> MakeLazyBody(std::vector<Part> parts,
                                         std::string between);

}  // namespace hlsrec::manifest

#endif  // HLSREC_SRC_MANIFEST_LAZY_BODY_H_
