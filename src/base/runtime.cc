#include "hlsrec/runtime.h"

#include <utility>

#include "src/base/runtime_core.h"

// Runtime::Create, which knows the layers above, is in src/record.
namespace hlsrec {

Runtime::Runtime(std::unique_ptr<RuntimeCore> core) : core_(std::move(core)) {}
Runtime::~Runtime() = default;

std::uint64_t Runtime::memory_used_bytes() const {
  return core_->budget()->used();
}

}  // namespace hlsrec
