#ifndef HLSREC_TOOLS_HLSREC_REPORTER_H_
#define HLSREC_TOOLS_HLSREC_REPORTER_H_

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "hlsrec/events.h"
#include "hlsrec/pump.h"
#include "hlsrec/recorder.h"

namespace hlsrec::tools {

enum class Verbosity { kQuiet, kNormal, kVerbose };

// Tells a person, or with `json` a program, what a recording does: a status
// line on a terminal, log lines elsewhere, one JSON object per event.
//
// Threads. Any.
class Reporter final : public Observer {
 public:
  Reporter(bool json, Verbosity verbosity);
  ~Reporter() override;

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

 private:
  void Print(std::FILE* file, std::string_view text);
  void StatusLoop();
  [[nodiscard]] bool ShowsPlainly(const Event& event) const;

  const bool json_;
  const Verbosity verbosity_;
  const bool terminal_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::function<RecordingProgress()> progress_;
  bool running_ = false;
  bool status_shown_ = false;
  std::size_t deleted_ = 0;
  std::thread thread_;
};

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_REPORTER_H_
