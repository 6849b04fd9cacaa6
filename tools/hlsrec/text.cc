#include "tools/hlsrec/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace hlsrec::tools {
namespace {

struct Unit {
  std::string_view name;
  double milliseconds;
};
constexpr std::array<Unit, 5> kUnits = {{{"ms", 1},
                                         {"s", 1000},
                                         {"m", 60'000},
                                         {"h", 3'600'000},
                                         {"d", 86'400'000}}};

std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute =
          diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

}  // namespace

StatusOr<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  const Status bad(
      StatusCode::kInvalidArgument,
      fmt::format("`{}` is no duration: write 10, 1.5s, 500ms, 2m or 1h30m",
                  text));
  double total = 0;
  std::string_view rest = text;
  if (rest.empty()) return bad;
  while (!rest.empty()) {
    std::size_t digits = 0;
    double value = 0;
    double scale = 0;
    for (; digits < rest.size(); ++digits) {
      const char c = rest[digits];
      if (c == '.' && scale == 0) {
        scale = 1;
      } else if (c >= '0' && c <= '9') {
        value = value * 10 + (c - '0');
        scale *= 10;
      } else {
        break;
      }
    }
    if (digits == 0 || rest.substr(0, digits) == ".") return bad;
    if (scale > 0) value /= scale;
    rest.remove_prefix(digits);
    if (rest.empty()) {
      total += value * 1000;
      break;
    }
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (!rest.starts_with(candidate.name)) continue;
      if (unit == nullptr || candidate.name.size() > unit->name.size()) {
        unit = &candidate;
      }
    }
    if (unit == nullptr) return bad;
    total += value * unit->milliseconds;
    rest.remove_prefix(unit->name.size());
  }
  constexpr double kMost = 1e15;
  if (!(total <= kMost)) return bad;
  return std::chrono::milliseconds(std::llround(total));
}

StatusOr<std::uint64_t> ParseBytes(std::string_view text) {
  const std::string given(text);
  const auto bad = [&given] {
    return Status(StatusCode::kInvalidArgument,
                  fmt::format("`{}`: want a size, as in 500M or 20G", given));
  };
  if (text.ends_with('B')) text.remove_suffix(1);
  double factor = 1;
  constexpr std::string_view kPrefixes = "kMGT";
  if (!text.empty()) {
    const char unit = text.back() == 'K' ? 'k' : text.back();
    if (const std::size_t power = kPrefixes.find(unit);
        power != std::string_view::npos) {
      for (std::size_t i = 0; i <= power; ++i) factor *= 1000;
      text.remove_suffix(1);
    }
  }
  double number = 0;
  const char* end = text.data() + text.size();
  const auto read =
      std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (read.ec != std::errc() || read.ptr != end || number < 0 ||
      number * factor > 1e18) {
    return bad();
  }
  return static_cast<std::uint64_t>(number * factor);
}

std::string FormatBytes(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kNames = {"B", "kB", "MB", "GB",
                                                      "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1000 && unit + 1 < kNames.size()) {
    value /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes)
                   : fmt::format("{:.1f} {}", value, kNames[unit]);
}

std::string FormatClock(std::chrono::microseconds duration) {
  const auto seconds = duration.count() / 1'000'000;
  return fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60,
                     seconds % 60);
}

Status BadFlag(std::string_view flag, std::string_view why) {
  return {StatusCode::kInvalidArgument, fmt::format("{}: {}", flag, why)};
}

std::string Suggest(std::string_view word,
                    const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(word.size() / 3, 1) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = Distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace hlsrec::tools
