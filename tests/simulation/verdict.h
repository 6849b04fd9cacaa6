#ifndef HLSREC_TESTS_SIMULATION_VERDICT_H_
#define HLSREC_TESTS_SIMULATION_VERDICT_H_

#include <fmt/format.h>

#include <cstdint>
#include <random>
#include <string>
#include <utility>

namespace hlsrec::simulation {

// The same on every machine, which the standard's distributions are not.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  int Below(int limit) {
    return static_cast<int>(engine_() % static_cast<std::uint64_t>(limit));
  }
  bool Percent(int chance) { return Below(100) < chance; }

 private:
  std::mt19937_64 engine_;
};

enum class Trace { kOff, kOn };

// What became of one schedule: the first promise it saw broken, and where
// asked a line per event.
class Verdict {
 public:
  explicit Verdict(Trace trace) : trace_(trace) {}

  [[nodiscard]] bool violated() const { return !violation_.empty(); }
  [[nodiscard]] const std::string& violation() const { return violation_; }

  template <typename... Args>
  void Note(fmt::format_string<Args...> format, Args&&... args) {
    if (trace_ == Trace::kOff) return;
    fmt::print("{}\n", fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void Violate(fmt::format_string<Args...> format, Args&&... args) {
    std::string text = fmt::format(format, std::forward<Args>(args)...);
    Note("VIOLATED {}", text);
    if (violation_.empty()) violation_ = std::move(text);
  }

 private:
  const Trace trace_;
  std::string violation_;
};

}  // namespace hlsrec::simulation

#endif  // HLSREC_TESTS_SIMULATION_VERDICT_H_
