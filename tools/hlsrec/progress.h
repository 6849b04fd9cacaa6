#ifndef HLSREC_TOOLS_HLSREC_PROGRESS_H_
#define HLSREC_TOOLS_HLSREC_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <string>

namespace hlsrec::tools {

enum class ProgressStyle {
  kNone,
  kText,  // a bar on a terminal, else a line every ten seconds
  kJson,  // an object every second, and when all is done
};

struct ProgressStep {
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::string unit = {};  // "objects"
  std::uint64_t bytes = 0;
  std::uint64_t bytes_total = 0;  // 0: not known
};

// How far long work is, on standard error.
//
// Threads. One.
class Progress {
 public:
  Progress(std::string command, ProgressStyle style);
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Often: most calls show nothing.
  void Show(const ProgressStep& step);
  // Before something else is printed, and when it is over: the bar goes.
  void Clear();
  // Other work begins.
  void Restart();

 private:
  using Clock = std::chrono::steady_clock;
  void ShowText(const ProgressStep& step, Clock::duration passed);
  void ShowJson(const ProgressStep& step, Clock::duration passed);

  const std::string command_;
  const ProgressStyle style_;
  const bool terminal_;
  Clock::time_point begun_ = Clock::now();
  Clock::time_point shown_ = begun_;
  bool any_ = false;
  bool bar_ = false;
};

// What `--json` and `--quiet` ask for.
ProgressStyle ProgressStyleOf(bool json, bool quiet);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_PROGRESS_H_
