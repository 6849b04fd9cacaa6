#include "src/serve/conditional.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "src/net/header_text.h"
#include "src/sink/s3_client.h"

namespace hlsrec::serve {
namespace {

constexpr std::uint64_t kNoNumber = ~std::uint64_t{0};

// The first element of a list, which loses it. A quoted string may hold commas.
std::string_view TakeElement(std::string_view& list) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < list.size(); ++end) {
    if (list[end] == '"') quoted = !quoted;
    if (list[end] == ',' && !quoted) break;
  }
  const std::string_view element = net::Trim(list.substr(0, end));
  list.remove_prefix(std::min(list.size(), end + 1));
  return element;
}

// Weak comparison: ours are strong, a cache may have made it weak.
bool NamesETag(std::string_view list, std::string_view etag) {
  while (!list.empty()) {
    std::string_view element = TakeElement(list);
    if (element.starts_with("W/")) element.remove_prefix(2);
    if (element == "*" || element == etag) return true;
  }
  return false;
}

std::optional<WallTime> Seconds(const std::optional<WallTime>& time) {
  if (!time) return std::nullopt;
  return std::chrono::floor<std::chrono::seconds>(*time);
}

bool NotModified(const HttpRequest& request, const Representation& there) {
  const std::string_view none_match = request.Header("If-None-Match");
  if (!none_match.empty()) return NamesETag(none_match, there.etag);
  const auto since = sink::ParseHttpDate(request.Header("If-Modified-Since"));
  return since && there.modified && *Seconds(there.modified) <= *since;
}

bool RangeStillMeant(const HttpRequest& request, const Representation& there) {
  const std::string_view condition = request.Header("If-Range");
  if (condition.empty()) return true;
  if (condition.front() == '"') return condition == there.etag;
  const auto date = sink::ParseHttpDate(condition);
  return date && there.modified && *Seconds(there.modified) == *date;
}

std::uint64_t Number(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  return parsed.ec == std::errc() && parsed.ptr == end ? number : kNoNumber;
}

// Status 200 where it is no range that we know.
Selection SelectRange(std::string_view header, std::uint64_t size) {
  const Selection all{.status = 200, .offset = 0, .length = size};
  constexpr std::string_view kUnit = "bytes=";
  if (header.size() < kUnit.size() ||
      !net::EqualsIgnoringCase(header.substr(0, kUnit.size()), kUnit)) {
    return all;
  }
  const std::string_view range = net::Trim(header.substr(kUnit.size()));
  const std::size_t dash = range.find('-');
  if (dash == range.npos || range.find(',') != range.npos) return all;
  const std::string_view first = net::Trim(range.substr(0, dash));
  const std::string_view last = net::Trim(range.substr(dash + 1));
  const std::uint64_t from = Number(first);
  const std::uint64_t to = Number(last);
  if ((!first.empty() && from == kNoNumber) ||
      (!last.empty() && to == kNoNumber) || (first.empty() && last.empty())) {
    return all;
  }
  const Selection none{.status = 416};
  if (first.empty()) {  // so many at the end
    if (to == 0 || size == 0) return none;
    const std::uint64_t length = std::min(to, size);
    return {.status = 206, .offset = size - length, .length = length};
  }
  if (!last.empty() && to < from) return all;
  if (from >= size) return none;
  const std::uint64_t end = last.empty() ? size - 1 : std::min(to, size - 1);
  return {.status = 206, .offset = from, .length = end - from + 1};
}

}  // namespace

Selection Select(const HttpRequest& request, const Representation& there) {
  const std::string_view match = request.Header("If-Match");
  if (!match.empty() && !NamesETag(match, there.etag)) return {.status = 412};
  if (NotModified(request, there)) return {.status = 304};
  const std::string_view range = request.Header("Range");
  if (range.empty() || request.method != "GET" ||
      !RangeStillMeant(request, there)) {
    return {.length = there.size_bytes};
  }
  return SelectRange(range, there.size_bytes);
}

void AddSelectionFields(const Representation& there, const Selection& selection,
                        HttpResponse& response) {
  const auto add = [&response](std::string name, std::string value) {
    response.headers.push_back(
        {.name = std::move(name), .value = std::move(value)});
  };
  if (!there.etag.empty()) add("ETag", there.etag);
  if (there.modified) add("Last-Modified", HttpDate(*there.modified));
  if (selection.status == 304 || selection.status == 412) return;
  add("Accept-Ranges", "bytes");
  if (selection.status == 206) {
    add("Content-Range",
        fmt::format("bytes {}-{}/{}", selection.offset,
                    selection.offset + selection.length - 1, there.size_bytes));
  } else if (selection.status == 416) {
    add("Content-Range", fmt::format("bytes */{}", there.size_bytes));
  }
}

std::string HttpDate(WallTime time) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun",
      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{days};
  const std::chrono::hh_mm_ss clock{
      std::chrono::floor<std::chrono::seconds>(time - days)};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     kDays.at(std::chrono::weekday{days}.c_encoding()),
                     static_cast<unsigned>(date.day()),
                     kMonths.at(static_cast<unsigned>(date.month()) - 1),
                     static_cast<int>(date.year()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

bool TakesGzip(const HttpRequest& request) {
  std::string_view list = request.Header("Accept-Encoding");
  while (!list.empty()) {
    const std::string_view element = TakeElement(list);
    const std::size_t semicolon = element.find(';');
    if (!net::EqualsIgnoringCase(net::Trim(element.substr(0, semicolon)),
                                 "gzip")) {
      continue;
    }
    if (semicolon == element.npos) return true;
    const std::string_view quality = net::Trim(element.substr(semicolon + 1));
    return quality.find_first_of("123456789") != quality.npos;
  }
  return false;
}

}  // namespace hlsrec::serve
