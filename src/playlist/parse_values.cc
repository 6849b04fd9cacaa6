#include "src/playlist/parse_values.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

namespace hlsrec::playlist {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes exactly `count` digits off the front.
std::optional<int> TakeDigits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!IsDigit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// Up to six digits of a fraction, scaled to a million; the seventh rounds.
std::int64_t FractionMicroseconds(std::string_view digits) {
  std::int64_t value = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    value = value * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  }
  if (digits.size() > 6 && digits[6] >= '5') ++value;
  return value;
}

std::optional<std::chrono::minutes> TakeZone(std::string_view& text) {
  if (TakeChar(text, 'Z') || TakeChar(text, 'z')) {
    return std::chrono::minutes(0);
  }
  const bool negative = !text.empty() && text.front() == '-';
  if (!negative && (text.empty() || text.front() != '+')) return std::nullopt;
  text.remove_prefix(1);
  const std::optional<int> hours = TakeDigits(text, 2);
  if (!hours) return std::nullopt;
  TakeChar(text, ':');
  const int minutes = TakeDigits(text, 2).value_or(0);
  const auto offset = std::chrono::minutes(*hours * 60 + minutes);
  return negative ? -offset : offset;
}

bool IsAttributeNameChar(char c) {
  return (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '-';
}

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

// Takes a quoted or bare value off the front, up to the next comma.
Attribute TakeAttributeValue(std::string_view& text,
                             std::vector<std::string>& problems,
                             std::string_view name) {
  Attribute attribute{.name = std::string(name)};
  if (!text.empty() && text.front() == ' ') {
    problems.push_back(fmt::format("blank before the value of {}", name));
    text = TrimBlanks(text);
  }
  if (TakeChar(text, '"')) {
    attribute.quoted = true;
    const std::size_t end = text.find('"');
    attribute.value = std::string(text.substr(0, end));
    if (end == std::string_view::npos) {
      problems.push_back(fmt::format("the quotes of {} do not end", name));
      text = {};
      return attribute;
    }
    text.remove_prefix(end + 1);
    const std::size_t comma = std::min(text.find(','), text.size());
    if (!TrimBlanks(text.substr(0, comma)).empty()) {
      problems.push_back(fmt::format("text after the quotes of {}", name));
    }
    text.remove_prefix(comma);
    return attribute;
  }
  const std::size_t comma = std::min(text.find(','), text.size());
  attribute.value = std::string(TrimBlanks(text.substr(0, comma)));
  if (attribute.value.empty()) {
    problems.push_back(fmt::format("{} has no value", name));
  } else if (attribute.value.find_first_of("\" \t") != std::string::npos) {
    problems.push_back(
        fmt::format("{} has a blank or a quote in an unquoted value", name));
  }
  text.remove_prefix(comma);
  return attribute;
}

}  // namespace

std::optional<std::uint64_t> ParseDecimalInteger(std::string_view text) {
  if (text.empty() || !IsDigit(text.front())) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::chrono::microseconds> ParseDecimalSeconds(
    std::string_view text, Sign sign) {
  const bool negative = sign == Sign::kAllowed && TakeChar(text, '-');
  const std::size_t dot = std::min(text.find('.'), text.size());
  const std::string_view fraction = text.substr(std::min(dot + 1, text.size()));
  const std::optional<std::uint64_t> whole =
      dot == 0 ? 0 : ParseDecimalInteger(text.substr(0, dot));
  constexpr std::uint64_t kMaxSeconds = 1'000'000'000'000;
  if (!whole || *whole > kMaxSeconds) return std::nullopt;
  if (dot == 0 && fraction.empty()) return std::nullopt;
  if (!std::all_of(fraction.begin(), fraction.end(), IsDigit)) {
    return std::nullopt;
  }
  const std::int64_t value = static_cast<std::int64_t>(*whole) * 1'000'000 +
                             FractionMicroseconds(fraction);
  return std::chrono::microseconds(negative ? -value : value);
}

std::optional<DateTime> ParseDateTime(std::string_view text) {
  DateTime result{.text = std::string(text)};
  const auto year = TakeDigits(text, 4);
  TakeChar(text, '-');
  const auto month = TakeDigits(text, 2);
  TakeChar(text, '-');
  const auto day = TakeDigits(text, 2);
  if (!year || !month || !day) return std::nullopt;
  if (!TakeChar(text, 'T') && !TakeChar(text, 't')) return std::nullopt;
  const auto hour = TakeDigits(text, 2);
  TakeChar(text, ':');
  const auto minute = TakeDigits(text, 2);
  TakeChar(text, ':');
  const auto second = TakeDigits(text, 2);
  if (!hour || !minute || !second) return std::nullopt;
  if (*hour > 24 || *minute > 59 || *second > 60) return std::nullopt;
  std::int64_t microseconds = 0;
  if (TakeChar(text, '.') || TakeChar(text, ',')) {
    const auto* end = std::find_if_not(text.begin(), text.end(), IsDigit);
    const auto count = static_cast<std::size_t>(end - text.begin());
    microseconds = FractionMicroseconds(text.substr(0, count));
    text.remove_prefix(count);
    result.has_fraction = count > 0;
  }
  if (!text.empty()) {
    result.zone = TakeZone(text);
    if (!result.zone || !text.empty()) return std::nullopt;
  }
  const std::chrono::year_month_day date(
      std::chrono::year(*year),
      std::chrono::month(static_cast<unsigned>(*month)),
      std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  result.time = std::chrono::sys_days(date) + std::chrono::hours(*hour) +
                std::chrono::minutes(*minute) + std::chrono::seconds(*second) +
                std::chrono::microseconds(microseconds) -
                result.zone.value_or(std::chrono::minutes(0));
  return result;
}

std::optional<Resolution> ParseResolution(std::string_view text) {
  const std::size_t x = text.find('x');
  if (x == std::string_view::npos) return std::nullopt;
  const auto width = ParseDecimalInteger(text.substr(0, x));
  const auto height = ParseDecimalInteger(text.substr(x + 1));
  constexpr std::uint64_t kMax = std::numeric_limits<int>::max();
  if (!width || !height || *width > kMax || *height > kMax) {
    return std::nullopt;
  }
  return Resolution{.width = static_cast<int>(*width),
                    .height = static_cast<int>(*height)};
}

std::optional<ByteRange> ParseByteRange(std::string_view text) {
  const std::size_t at = text.find('@');
  const auto length = ParseDecimalInteger(text.substr(0, at));
  if (!length) return std::nullopt;
  ByteRange range{.length = *length};
  if (at != std::string_view::npos) {
    const auto offset = ParseDecimalInteger(text.substr(at + 1));
    if (!offset) return std::nullopt;
    range.offset = *offset;
    range.offset_written = true;
  }
  return range;
}

AttributeList ParseAttributeList(std::string_view text,
                                 std::vector<std::string>& problems) {
  // Names are looked up one by one: a list without end would take its square.
  constexpr std::size_t kMaxAttributes = 500;
  AttributeList list;
  while (!text.empty()) {
    if (list.attributes.size() == kMaxAttributes) {
      problems.push_back(
          fmt::format("more than {} attributes", kMaxAttributes));
      break;
    }
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) {
      problems.push_back(fmt::format("no '=' in '{}'", text.substr(0, 40)));
      break;
    }
    std::string_view name = text.substr(0, equals);
    if (TrimBlanks(name) != name) {
      problems.push_back(
          fmt::format("blank beside the name {}", TrimBlanks(name)));
      name = TrimBlanks(name);
    }
    if (name.empty() ||
        !std::all_of(name.begin(), name.end(), IsAttributeNameChar)) {
      problems.push_back(fmt::format("attribute name '{}' is not of A-Z 0-9 -",
                                     name.substr(0, 40)));
    }
    text.remove_prefix(equals + 1);
    if (list.Find(name) != nullptr) {
      problems.push_back(fmt::format("{} is given twice", name));
    }
    list.attributes.push_back(TakeAttributeValue(text, problems, name));
    if (TakeChar(text, ',') && text.empty()) {
      problems.emplace_back("the list ends in a comma");
    }
  }
  return list;
}

bool IsUtf8(std::string_view text) {
  std::size_t i = 0;
  const auto byte = [&](std::size_t at) {
    return static_cast<unsigned char>(text[at]);
  };
  while (i < text.size()) {
    const unsigned char lead = byte(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t count = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() - i < count) return false;
    for (std::size_t k = 1; k < count; ++k) {
      if ((byte(i + k) & 0xC0U) != 0x80) return false;
    }
    const unsigned char second = byte(i + 1);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
      return false;
    }
    i += count;
  }
  return true;
}

}  // namespace hlsrec::playlist
