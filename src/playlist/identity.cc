#include "hlsrec/identity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "src/base/status_util.h"

namespace hlsrec {
namespace {

struct TextField {
  std::string_view name;
  std::string RecordingIdentity::*member;
};

constexpr std::array<TextField, 8> kTexts = {{
    {"room_id", &RecordingIdentity::room_id},
    {"session_id", &RecordingIdentity::session_id},
    {"peer_id", &RecordingIdentity::peer_id},
    {"stream_id", &RecordingIdentity::stream_id},
    {"track_id", &RecordingIdentity::track_id},
    {"start_date", &RecordingIdentity::start_date},
    {"prefix", &RecordingIdentity::prefix},
    {"location", &RecordingIdentity::location},
}};

template <typename T>
std::optional<T> Number(std::string_view text) {
  T value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end ||
      value < 0) {
    return std::nullopt;
  }
  return value;
}

template <typename T>
Status SetNumber(std::string_view name, std::string_view text,
                 std::optional<T>& value) {
  const std::optional<T> number = Number<T>(text);
  if (!number) {
    return InvalidArgument("identity.{}: `{}`: want a number from 0", name,
                           text);
  }
  value = number;
  return {};
}

bool IsDay(std::string_view text) {
  const auto number = Number<int>(text);
  if (text.size() != 8 || !number) return false;
  const std::chrono::year_month_day day(
      std::chrono::year(*number / 10000),
      std::chrono::month(static_cast<unsigned>(*number / 100 % 100)),
      std::chrono::day(static_cast<unsigned>(*number % 100)));
  return day.ok();
}

bool IsOf(std::string_view text, bool (*bad)(unsigned char)) {
  return std::none_of(text.begin(), text.end(), [bad](char c) {
    return bad(static_cast<unsigned char>(c));
  });
}

bool BreaksPath(unsigned char c) { return c < 0x20 || c == 0x7f || c == '\\'; }

bool BreaksLevel(unsigned char c) { return BreaksPath(c) || c == '/'; }

}  // namespace

std::vector<std::string> IdentityFieldNames() {
  return {"room_id",     "session_id", "peer_id",  "stream_id", "track_id",
          "layer_index", "start_date", "epoch_ms", "prefix",    "location"};
}

std::string IdentityField(const RecordingIdentity& identity,
                          std::string_view name) {
  const auto text = [](const auto& number) {
    return number ? fmt::format("{}", *number) : std::string();
  };
  if (name == "layer_index") return text(identity.layer_index);
  if (name == "epoch_ms") return text(identity.epoch_ms);
  for (const TextField& field : kTexts) {
    if (field.name == name) return identity.*field.member;
  }
  return {};
}

Status SetIdentityField(RecordingIdentity& identity, std::string_view name,
                        std::string_view value) {
  if (name == "layer_index") {
    return SetNumber(name, value, identity.layer_index);
  }
  if (name == "epoch_ms") return SetNumber(name, value, identity.epoch_ms);
  const auto* const field =
      std::find_if(kTexts.begin(), kTexts.end(),
                   [&](const TextField& text) { return text.name == name; });
  if (field == kTexts.end()) {
    return InvalidArgument("identity.{}: is no field: there are {}", name,
                           fmt::join(IdentityFieldNames(), ", "));
  }
  identity.*field->member = std::string(value);
  return CheckIdentity(identity);
}

Status CheckIdentity(const RecordingIdentity& identity) {
  for (const TextField& field : kTexts) {
    const std::string& text = identity.*field.member;
    const bool levels = field.name == "prefix";
    if (!IsOf(text, levels ? &BreaksPath : &BreaksLevel)) {
      return InvalidArgument(
          "identity.{}: `{}`: can't hold {}`\\` or control characters: it "
          "becomes part of a path",
          field.name, text, levels ? "" : "`/`, ");
    }
  }
  if (!identity.start_date.empty() && !IsDay(identity.start_date)) {
    return InvalidArgument("identity.start_date: `{}`: want YYYYMMDD",
                           identity.start_date);
  }
  if (identity.layer_index.value_or(0) < 0) {
    return InvalidArgument("identity.layer_index: {}: is negative",
                           *identity.layer_index);
  }
  if (identity.epoch_ms.value_or(0) < 0) {
    return InvalidArgument("identity.epoch_ms: {}: is negative",
                           *identity.epoch_ms);
  }
  return {};
}

}  // namespace hlsrec
