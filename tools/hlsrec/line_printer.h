#ifndef HLSREC_TOOLS_HLSREC_LINE_PRINTER_H_
#define HLSREC_TOOLS_HLSREC_LINE_PRINTER_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace hlsrec::tools {

// Writes lines in the order they came, on a thread of its own: a reader that
// does not read holds up nobody else. A status line may stand below them.
//
// Threads. Any.
// Lifetime. Destroying it waits until all is written.
class LinePrinter {
 public:
  enum class Loss {
    kNever,
    kAllowed,  // when too many wait the oldest of these are dropped, and
               // counted
  };

  LinePrinter();
  ~LinePrinter();
  LinePrinter(const LinePrinter&) = delete;
  LinePrinter& operator=(const LinePrinter&) = delete;

  // Does not wait.
  void Print(std::FILE* file, std::string text, Loss loss);
  // Shows `line()` at the end of standard error, anew twice a second.
  void ShowStatus(std::function<std::string()> line);
  // `line` is not called any more.
  void HideStatus();
  // Waits until all is written.
  void Drain();
  [[nodiscard]] std::uint64_t dropped();

 private:
  struct Line {
    std::FILE* file = nullptr;
    std::string text = {};
    Loss loss = Loss::kNever;
  };
  void Run();
  void Write(const std::deque<Line>& lines);
  void WriteStatus();
  void ClearStatus();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable written_;
  std::deque<Line> lines_;
  std::size_t droppable_ = 0;
  std::uint64_t dropped_ = 0;
  bool writing_ = false;
  bool stopping_ = false;
  bool has_status_ = false;

  std::mutex status_mutex_;
  std::function<std::string()> status_;
  bool status_shown_ = false;  // the thread's own

  std::thread thread_;
};

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_LINE_PRINTER_H_
