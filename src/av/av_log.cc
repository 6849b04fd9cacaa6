#include "src/av/av_log.h"

extern "C" {
#include <libavutil/log.h>
}

#include <array>
#include <atomic>
#include <cstdarg>
#include <memory>
#include <string>
#include <utility>

#include "src/av/url_text.h"

namespace hlsrec::av {
namespace {

// libav's callback takes no user data. A function that was replaced may still
// be running on another thread, so it is never freed; hosts set it once.
std::atomic<const LibavLogFunction*> forward_to = nullptr;

void Forward(void* object, int level, const char* format, va_list arguments) {
  const LibavLogFunction* function = forward_to.load(std::memory_order_acquire);
  if (function == nullptr || level > av_log_get_level()) return;
  // libav prints a line in several calls and keeps the state of it here.
  thread_local int print_prefix = 1;
  thread_local std::array<char, 2048> pending = {};
  thread_local std::size_t used = 0;
  std::array<char, 1024> text = {};
  av_log_format_line2(object, level, format, arguments, text.data(),
                      static_cast<int>(text.size()), &print_prefix);
  for (const char* p = text.data(); *p != '\0'; ++p) {
    if (*p != '\n' && used < pending.size()) {
      pending[used++] = *p;
      continue;
    }
    if (*p == '\n' && used > 0) {
      (*function)(level, RedactUrlsIn({pending.data(), used}));
      used = 0;
    }
  }
}

}  // namespace

void ApplyLibavLogging(LibavLog logging, LibavLogFunction function) {
  if (logging == LibavLog::kLeave) return;
  if (logging == LibavLog::kSilence || !function) {
    av_log_set_level(AV_LOG_QUIET);
    return;
  }
  auto owned = std::make_unique<const LibavLogFunction>(std::move(function));
  forward_to.store(owned.release(), std::memory_order_release);
  av_log_set_callback(&Forward);
}

}  // namespace hlsrec::av
