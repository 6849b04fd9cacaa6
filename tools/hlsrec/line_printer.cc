#include "tools/hlsrec/line_printer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace hlsrec::tools {
namespace {

// Some minutes of a recording, and about a megabyte.
constexpr std::size_t kMaxDroppable = 4096;
constexpr std::chrono::milliseconds kStatusInterval(500);

}  // namespace

LinePrinter::LinePrinter() : thread_([this] { Run(); }) {}

LinePrinter::~LinePrinter() {
  HideStatus();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void LinePrinter::Print(std::FILE* file, std::string text, Loss loss) {
  {
    const std::lock_guard lock(mutex_);
    if (loss == Loss::kAllowed && ++droppable_ > kMaxDroppable) {
      // There is one: so many wait.
      lines_.erase(std::find_if(
          lines_.begin(), lines_.end(),
          [](const Line& line) { return line.loss == Loss::kAllowed; }));
      --droppable_;
      ++dropped_;
    }
    lines_.push_back({.file = file, .text = std::move(text), .loss = loss});
  }
  wake_.notify_all();
}

void LinePrinter::ShowStatus(std::function<std::string()> line) {
  {
    const std::lock_guard status_lock(status_mutex_);
    status_ = std::move(line);
  }
  const std::lock_guard lock(mutex_);
  has_status_ = true;
  wake_.notify_all();
}

void LinePrinter::HideStatus() {
  {
    const std::lock_guard status_lock(status_mutex_);
    status_ = nullptr;
  }
  const std::lock_guard lock(mutex_);
  has_status_ = false;
}

void LinePrinter::Drain() {
  std::unique_lock lock(mutex_);
  written_.wait(lock, [this] { return lines_.empty() && !writing_; });
}

std::uint64_t LinePrinter::dropped() {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void LinePrinter::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto due = [this] {
      return !lines_.empty() || stopping_ || (has_status_ && !status_shown_);
    };
    if (has_status_) {
      wake_.wait_for(lock, kStatusInterval, due);
    } else {
      wake_.wait(lock, due);
    }
    if (stopping_ && lines_.empty()) break;
    const std::deque<Line> lines = std::exchange(lines_, {});
    droppable_ = 0;
    writing_ = true;
    lock.unlock();
    Write(lines);
    WriteStatus();
    lock.lock();
    writing_ = false;
    written_.notify_all();
  }
  lock.unlock();
  ClearStatus();
}

void LinePrinter::Write(const std::deque<Line>& lines) {
  for (const Line& line : lines) {
    ClearStatus();
    fmt::print(line.file, "{}\n", line.text);
    std::fflush(line.file);
  }
}

void LinePrinter::WriteStatus() {
  std::string text;
  {
    const std::lock_guard lock(status_mutex_);
    if (status_) text = status_();
  }
  if (text.empty()) return ClearStatus();
  fmt::print(stderr, "\r\033[K{}", text);
  std::fflush(stderr);
  status_shown_ = true;
}

void LinePrinter::ClearStatus() {
  if (!std::exchange(status_shown_, false)) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
}

}  // namespace hlsrec::tools
