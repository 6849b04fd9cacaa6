#include "tools/hlsrec/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

using std::chrono::milliseconds;

// Before that nobody can tell how long it will take.
constexpr std::chrono::seconds kGuessAfter{2};

std::uint64_t Percent(const ProgressStep& step) {
  return std::min<std::uint64_t>(
      100, step.done * 100 / std::max<std::uint64_t>(1, step.total));
}

}  // namespace

ProgressStyle ProgressStyleOf(bool json, bool quiet) {
  if (quiet) return ProgressStyle::kNone;
  return json ? ProgressStyle::kJson : ProgressStyle::kText;
}

Progress::Progress(std::string command, ProgressStyle style)
    : command_(std::move(command)),
      style_(style),
      terminal_(::isatty(STDERR_FILENO) == 1) {}

void Progress::Restart() {
  Clear();
  begun_ = Clock::now();
  shown_ = begun_;
  any_ = false;
}

void Progress::Show(const ProgressStep& step) {
  if (style_ == ProgressStyle::kNone) return;
  const bool text = style_ == ProgressStyle::kText;
  const milliseconds pause(!text ? 1000 : terminal_ ? 100 : 10'000);
  const auto now = Clock::now();
  // A bar comes at once, a line of a log when there is something to tell.
  const bool first = text && terminal_ && !any_;
  // Who reads objects need not know when to stop.
  const bool last = !text && step.done == step.total;
  if (!first && !last && now - shown_ < pause) return;
  shown_ = now;
  any_ = true;
  if (text) {
    ShowText(step, now - begun_);
  } else {
    ShowJson(step, now - begun_);
  }
}

void Progress::ShowText(const ProgressStep& step, Clock::duration passed) {
  const std::uint64_t percent = Percent(step);
  std::string text =
      fmt::format("{:>3}% {} of {} {}, {}", percent, step.done, step.total,
                  step.unit, FormatBytes(step.bytes));
  if (step.bytes_total > 0) text += " of " + FormatBytes(step.bytes_total);
  if (passed >= kGuessAfter && step.done > 0 && step.done < step.total) {
    const double rest = std::chrono::duration<double>(passed).count() *
                        static_cast<double>(step.total - step.done) /
                        static_cast<double>(step.done);
    text += ", " +
            FormatClock(std::chrono::microseconds(
                static_cast<std::int64_t>(rest * 1e6))) +
            " left";
  }
  if (!terminal_) return fmt::print(stderr, "{}: {}\n", command_, text);
  constexpr std::uint64_t kWidth = 30;
  const std::uint64_t done = percent * kWidth / 100;
  fmt::print(stderr, "\r[{:#<{}}{:.<{}}] {}\x1b[K", "", done, "", kWidth - done,
             text);
  std::fflush(stderr);
  bar_ = true;
}

void Progress::ShowJson(const ProgressStep& step, Clock::duration passed) {
  nlohmann::ordered_json json = {{"progress", command_},
                                 {"unit", step.unit},
                                 {"done", step.done},
                                 {"total", step.total},
                                 {"bytes", step.bytes}};
  if (step.bytes_total > 0) json["bytes_total"] = step.bytes_total;
  json["elapsed_ms"] = std::chrono::duration_cast<milliseconds>(passed).count();
  fmt::print(stderr, "{}\n", json.dump());
}

void Progress::Clear() {
  if (std::exchange(bar_, false)) fmt::print(stderr, "\r\x1b[K");
}

}  // namespace hlsrec::tools
