#include "src/check/web_vtt.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "src/playlist/parse_values.h"

namespace hlsrec::check {
namespace {

using playlist::ParseDecimalInteger;

std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// "mm:ss.ttt" or "hh:mm:ss.ttt" in milliseconds.
std::optional<std::uint64_t> ParseTime(std::string_view text) {
  std::uint64_t hours = 0;
  if (std::count(text.begin(), text.end(), ':') == 2) {
    const std::size_t colon = text.find(':');
    const auto value = ParseDecimalInteger(text.substr(0, colon));
    constexpr std::uint64_t kMostHours = 1'000'000;
    if (!value || *value > kMostHours || colon < 2) return std::nullopt;
    hours = *value;
    text.remove_prefix(colon + 1);
  }
  if (text.size() != 9 || text[2] != ':' || text[5] != '.') return std::nullopt;
  const auto minutes = ParseDecimalInteger(text.substr(0, 2));
  const auto seconds = ParseDecimalInteger(text.substr(3, 2));
  const auto millis = ParseDecimalInteger(text.substr(6));
  if (!minutes || !seconds || !millis || *minutes > 59 || *seconds > 59) {
    return std::nullopt;
  }
  return ((hours * 60 + *minutes) * 60 + *seconds) * 1000 + *millis;
}

// "MPEGTS:900000,LOCAL:00:00:00.000", in either order.
bool IsTimestampMap(std::string_view text) {
  bool mpegts = false;
  bool local = false;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view field = Trim(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    const std::size_t colon = std::min(field.find(':'), field.size());
    const std::string_view value =
        field.substr(std::min(colon + 1, field.size()));
    if (field.starts_with("MPEGTS:")) {
      mpegts = ParseDecimalInteger(value).has_value();
    } else if (field.starts_with("LOCAL:")) {
      local = ParseTime(value).has_value();
    }
  }
  return mpegts && local;
}

// "00:01.000 --> 00:04.000 align:start"
bool IsTiming(std::string_view line, std::size_t arrow) {
  const auto start = ParseTime(Trim(line.substr(0, arrow)));
  std::string_view rest = Trim(line.substr(arrow + 3));
  const auto end = ParseTime(
      rest.substr(0, std::min(rest.find_first_of(" \t"), rest.size())));
  return start && end && *start <= *end;
}

}  // namespace

SegmentFacts ReadWebVtt(ByteSpan bytes) {
  SegmentFacts facts{.kind = SegmentKind::kWebVtt, .bytes = bytes.size()};
  const auto error = [&](std::string message) {
    facts.issues.push_back({"R66", IssueLevel::kError, std::move(message)});
  };
  std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                        bytes.size());
  constexpr std::string_view kMap = "X-TIMESTAMP-MAP";
  bool mapped = false;
  bool broken = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = Trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t arrow = line.find("-->");
    if (line.starts_with(kMap) && !mapped) {
      mapped = true;
      const std::size_t value = std::min(kMap.size() + 1, line.size());
      if (!IsTimestampMap(line.substr(value))) {
        error(fmt::format("'{}' does not map a time", line.substr(0, 80)));
      }
    } else if (arrow != std::string_view::npos && !broken &&
               !IsTiming(line, arrow)) {
      broken = true;
      error(fmt::format("'{}' is no cue's time", line.substr(0, 80)));
    }
  }
  if (!mapped) {
    facts.issues.push_back(
        {"R66", IssueLevel::kWarning, "WebVTT without X-TIMESTAMP-MAP"});
  }
  return facts;
}

}  // namespace hlsrec::check
