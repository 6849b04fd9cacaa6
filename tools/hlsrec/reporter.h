#ifndef HLSREC_TOOLS_HLSREC_REPORTER_H_
#define HLSREC_TOOLS_HLSREC_REPORTER_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
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
  // How many failures of its output are to be told now.
  std::uint64_t CountDegraded(const Event& event);

  // An output whose puts fail.
  struct Degraded {
    std::optional<std::chrono::steady_clock::time_point> told = {};
    std::uint64_t untold = 0;
  };

  const bool json_;
  const Verbosity verbosity_;
  const bool terminal_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::size_t deleted_ = 0;
  std::map<std::string, Degraded> degraded_;  // by their ids
  LinePrinter printer_;
};

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_REPORTER_H_
