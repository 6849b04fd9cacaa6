#ifndef HLSREC_TOOLS_HLSREC_REPORTER_H_
#define HLSREC_TOOLS_HLSREC_REPORTER_H_

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "hlsrec/events.h"
#include "hlsrec/pump.h"
#include "hlsrec/recorder.h"
#include "tools/hlsrec/line_printer.h"

namespace hlsrec::tools {

enum class Verbosity { kQuiet, kNormal, kVerbose };

// Tells a person, or with `json` a program, what a recording does: a status
// line on a terminal, log lines elsewhere, one JSON object per event.
//
// Threads. Any. Nobody waits for who reads the reports, Drain() excepted.
class Reporter final : public Observer {
 public:
  Reporter(bool json, Verbosity verbosity);

  void OnEvent(const Event& event) override;
  // A line of its own, above the status line. Errors show when quiet, too.
  void Say(std::string_view text);
  void Error(std::string_view text);
  // Shows `progress()` until StopStatus().
  void StartStatus(std::function<RecordingProgress()> progress);
  void StopStatus();
  // Returns when that many outputs were deleted, or `stop` says so.
  void WaitUntilDeleted(std::size_t outputs, const std::function<bool()>& stop);
  void Summary(const RecordingResult& result, const PumpResult& pumped,
               int exit_code);
  // Returns when all was read, or its reader is gone.
  void Drain() { printer_.Drain(); }

 private:
  using Loss = LinePrinter::Loss;
  [[nodiscard]] bool ShowsPlainly(const Event& event) const;

  const bool json_;
  const Verbosity verbosity_;
  const bool terminal_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::size_t deleted_ = 0;
  LinePrinter printer_;
};

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_REPORTER_H_
