#include "hlsrec/path_template.h"

#include <algorithm>
#include <array>
#include <utility>

#include "src/base/status_util.h"

namespace hlsrec {
namespace {

constexpr std::size_t kMaxKeyBytes = 1024;
constexpr std::array<std::string_view, 14> kFields = {
    "stream",       "session", "rendition", "ext", "hash",
    "height",       "kbps",    "layer",     "seq", "time",
    "segment_time", "epoch_s", "epoch_ms",  "run"};
constexpr std::array<std::string_view, 9> kIdentityFields = {
    "room_id",     "session_id", "peer_id", "stream_id", "track_id",
    "layer_index", "start_date", "prefix",  "location"};
constexpr std::string_view kTimeLetters = "YmdHMSjLs%";
constexpr std::string_view kDefaultTime = "%Y%m%dT%H%M%SZ";

bool IsBuiltIn(std::string_view name) {
  return std::find(kFields.begin(), kFields.end(), name) != kFields.end();
}

bool IsOfIdentity(std::string_view name) {
  return std::find(kIdentityFields.begin(), kIdentityFields.end(), name) !=
         kIdentityFields.end();
}

bool IsFieldName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_';
  });
}

std::string KnownFields(const std::vector<std::string>& user_fields) {
  std::string text;
  for (const std::string_view name : kFields) {
    text += fmt::format("{}{{{}}}", text.empty() ? "" : " ", name);
  }
  for (const std::string_view name : kIdentityFields) {
    text += fmt::format(" {{{}}}", name);
  }
  for (const std::string& name : user_fields)
    text += fmt::format(" {{{}}}", name);
  return text;
}

// One level of a path may hold anything but what would end it, climb out of it
// or make it invisible.
std::string EscapeValue(std::string_view value, bool at_level_start,
                        bool may_hold_levels) {
  std::string escaped;
  bool level_start = at_level_start;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const bool level_break = c == '/' && may_hold_levels;
    const bool bad = byte < 0x20 || byte == 0x7f || c == '\\' ||
                     (c == '/' && !may_hold_levels) ||
                     (c == '.' && level_start);
    if (bad) {
      escaped += fmt::format("%{:02X}", byte);
    } else {
      escaped.push_back(c);
    }
    level_start = level_break;
  }
  return escaped;
}

// UTC broken down without the C library's zone tables or locale.
std::string FormatTime(std::chrono::system_clock::time_point time,
                       std::string_view format) {
  using std::chrono::days;
  using std::chrono::milliseconds;
  const auto ms = std::chrono::floor<milliseconds>(time);
  const auto day = std::chrono::floor<days>(ms);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(ms - day);
  const std::chrono::sys_days new_year(std::chrono::year_month_day(
      date.year(), std::chrono::January, std::chrono::day(1)));
  std::string text;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      text.push_back(format[i]);
      continue;
    }
    switch (format[++i]) {
      case 'Y':
        text += fmt::format("{:04}", static_cast<int>(date.year()));
        break;
      case 'm':
        text += fmt::format("{:02}", static_cast<unsigned>(date.month()));
        break;
      case 'd':
        text += fmt::format("{:02}", static_cast<unsigned>(date.day()));
        break;
      case 'H':
        text += fmt::format("{:02}", clock.hours().count());
        break;
      case 'M':
        text += fmt::format("{:02}", clock.minutes().count());
        break;
      case 'S':
        text += fmt::format("{:02}", clock.seconds().count());
        break;
      case 'j':
        text += fmt::format("{:03}", (day - new_year).count() + 1);
        break;
      case 'L':
        text += fmt::format("{:03}", clock.subseconds().count());
        break;
      case 's':
        text += fmt::format("{}", std::chrono::floor<std::chrono::seconds>(
                                      ms.time_since_epoch())
                                      .count());
        break;
      default:
        text.push_back('%');
    }
  }
  return text;
}

Status CheckFormat(std::string_view name, std::string_view format,
                   std::size_t column) {
  if (format.empty()) return {};
  if (name == "seq") {
    const bool digits = std::all_of(format.begin(), format.end(), [](char c) {
      return c >= '0' && c <= '9';
    });
    if (digits && format.size() <= 3 && format[0] == '0') return {};
    return InvalidArgument(
        "template: column {}: {{seq:{}}}: want a zero and a width, as in "
        "{{seq:09}}",
        column, format);
  }
  if (name == "time" || name == "segment_time") {
    for (std::size_t i = 0; i < format.size(); ++i) {
      if (format[i] == '/') {
        return InvalidArgument(
            "template: column {}: a time format can't hold `/`: use several "
            "{{time:…}} fields",
            column);
      }
      if (format[i] != '%') continue;
      if (i + 1 == format.size() ||
          kTimeLetters.find(format[i + 1]) == std::string_view::npos) {
        return InvalidArgument(
            "template: column {}: {{time:{}}}: only %Y %m %d %H %M %S %j %L %s "
            "%% are known",
            column, format);
      }
      ++i;
    }
    return {};
  }
  return InvalidArgument("template: column {}: {{{}}} takes no format", column,
                         name);
}

// When the recorder started.
std::optional<std::chrono::system_clock::time_point> Epoch(
    const PathFields& fields) {
  if (!fields.identity.epoch_ms) return fields.time;
  return std::chrono::system_clock::time_point(
      std::chrono::milliseconds(*fields.identity.epoch_ms));
}

// What the identity says, else the user's field of that name.
StatusOr<std::string> IdentityValue(const std::string& name,
                                    const PathFields& fields) {
  const auto user = fields.user.find(name);
  std::string value = IdentityField(fields.identity, name);
  if (!value.empty()) return value;
  if (user != fields.user.end()) return user->second;
  if (name == "prefix") return value;
  if (name == "start_date") {
    if (const auto epoch = Epoch(fields)) return FormatTime(*epoch, "%Y%m%d");
  }
  if (name == "layer_index" && fields.layer) {
    return fmt::format("{}", *fields.layer);
  }
  return InvalidArgument(
      "template: {{{}}} has no value here: give the recording's identity one",
      name);
}

StatusOr<std::string> FieldValue(const std::string& name,
                                 const std::string& format,
                                 const PathFields& fields) {
  const auto number = [&](const auto& value) -> StatusOr<std::string> {
    if (!value.has_value()) {
      return InvalidArgument("template: {{{}}} has no value here", name);
    }
    return fmt::format("{}", *value);
  };
  // Unknown sizes and rates leave their field empty, as Ant Media does.
  const auto optional_number = [](const auto& value) {
    return value.has_value() ? fmt::format("{}", *value) : std::string();
  };
  if (name == "stream") return fields.stream;
  if (name == "session") return fields.session;
  if (name == "run") return fields.run;
  if (name == "rendition") return fields.rendition;
  if (name == "ext") return fields.extension;
  if (name == "hash") return fields.hash;
  if (name == "height") return optional_number(fields.height);
  if (name == "kbps") return optional_number(fields.kbps);
  if (name == "layer") return optional_number(fields.layer);
  if (name == "seq") {
    HLSREC_ASSIGN_OR_RETURN(const std::string digits, number(fields.sequence));
    const std::size_t width =
        format.empty() ? 0 : static_cast<std::size_t>(std::stoi(format));
    return std::string(width > digits.size() ? width - digits.size() : 0, '0') +
           digits;
  }
  if (name == "time" || name == "segment_time" || name == "epoch_s" ||
      name == "epoch_ms") {
    const auto time = name == "segment_time" ? fields.segment_time
                      : name == "time"       ? fields.time
                                             : Epoch(fields);
    if (!time) {
      return InvalidArgument("template: {{{}}} has no value here", name);
    }
    const auto ms = std::chrono::floor<std::chrono::milliseconds>(*time)
                        .time_since_epoch()
                        .count();
    if (name == "epoch_s") return fmt::format("{}", ms / 1000);
    if (name == "epoch_ms") return fmt::format("{}", ms);
    return FormatTime(*time, format.empty() ? kDefaultTime : format);
  }
  if (IsOfIdentity(name)) return IdentityValue(name, fields);
  const auto user = fields.user.find(name);
  if (user == fields.user.end()) {
    return InvalidArgument("template: {{{}}}: no such field was given", name);
  }
  return user->second;
}

}  // namespace

StatusOr<PathTemplate> PathTemplate::Parse(
    std::string_view text, const std::vector<std::string>& user_fields) {
  PathTemplate result;
  result.text_ = std::string(text);
  std::string literal;
  const auto flush = [&] {
    if (literal.empty()) return;
    result.pieces_.push_back({.kind = Piece::Kind::kText, .text = literal});
    literal.clear();
  };
  const auto error = [](std::size_t at, std::string_view why) {
    return InvalidArgument("template: column {}: {}", at + 1, why);
  };
  if (text.empty()) return InvalidArgument("template: is empty");
  if (text.front() == '/') return error(0, "a key is relative: drop the `/`");
  if (text.back() == '/') {
    return error(text.size() - 1, "names a folder: add a file name");
  }
  std::size_t level_start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '\\') {
      return error(i, "control characters and `\\` can't be in a path");
    }
    if (c == '/') {
      if (i == level_start) return error(i, "an empty level: drop one `/`");
      flush();
      result.pieces_.push_back({.kind = Piece::Kind::kLevelBreak});
      level_start = i + 1;
      continue;
    }
    if (c == '.' && i == level_start) {
      return error(i, "a level can't start with a dot");
    }
    if (c == '}') {
      if (i + 1 < text.size() && text[i + 1] == '}') {
        literal.push_back(c);
        ++i;
        continue;
      }
      return error(i, "`}` without `{`: write `}}` for a brace");
    }
    if (c != '{') {
      literal.push_back(c);
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == '{') {
      literal.push_back(c);
      ++i;
      continue;
    }
    const std::size_t close = text.find('}', i);
    if (close == std::string_view::npos) {
      return error(i, "`{` without `}`: write `{{` for a brace");
    }
    std::string_view field = text.substr(i + 1, close - i - 1);
    std::string_view format = {};
    if (const std::size_t colon = field.find(':');
        colon != std::string_view::npos) {
      format = field.substr(colon + 1);
      field = field.substr(0, colon);
      if (format.empty()) return error(i, "an empty format: drop the `:`");
    }
    bool may_hold_levels = false;
    if (!field.empty() && field.back() == '/') {
      may_hold_levels = true;
      field.remove_suffix(1);
    }
    std::string separator;
    if (!field.empty() && (field.front() == '_' || field.front() == '-')) {
      separator = field.front();
      field.remove_prefix(1);
    }
    const bool user = std::find(user_fields.begin(), user_fields.end(),
                                field) != user_fields.end();
    const bool of_identity = IsOfIdentity(field) && !user;
    if (!IsFieldName(field) || (!IsBuiltIn(field) && !of_identity && !user)) {
      return InvalidArgument(
          "template: column {}: `{{{}}}` is not a field; there are {}", i + 1,
          field, KnownFields(user_fields));
    }
    if (of_identity && field == "prefix") may_hold_levels = true;
    if (may_hold_levels &&
        (IsBuiltIn(field) || (of_identity && field != "prefix"))) {
      return error(i, "only {prefix} and user fields may hold levels");
    }
    HLSREC_RETURN_IF_ERROR(CheckFormat(field, format, i + 1));
    flush();
    result.pieces_.push_back({.kind = Piece::Kind::kField,
                              .text = std::string(field),
                              .format = std::string(format),
                              .separator = std::move(separator),
                              .may_hold_levels = may_hold_levels});
    i = close;
  }
  flush();
  return result;
}

StatusOr<std::string> PathTemplate::Expand(const PathFields& fields) const {
  std::string key;
  std::string level;
  const auto end_level = [&] {
    if (level.empty()) return;
    if (!key.empty()) key.push_back('/');
    key += level;
    level.clear();
  };
  for (const Piece& piece : pieces_) {
    switch (piece.kind) {
      case Piece::Kind::kText:
        level += piece.text;
        break;
      case Piece::Kind::kLevelBreak:
        end_level();
        break;
      case Piece::Kind::kField: {
        HLSREC_ASSIGN_OR_RETURN(const std::string value,
                                FieldValue(piece.text, piece.format, fields));
        if (!value.empty()) level += piece.separator;
        level += EscapeValue(value, level.empty(), piece.may_hold_levels);
        break;
      }
    }
  }
  if (level.empty()) {
    return InvalidArgument("template: {}: the file name is empty", text_);
  }
  end_level();
  // A field that holds levels may bring empty ones.
  std::string clean;
  for (const char c : key) {
    const bool level_start = clean.empty() || clean.back() == '/';
    if (c == '/' && level_start) continue;
    // An empty field may leave a level to begin with a dot of the template's.
    if (c == '.' && level_start) {
      clean += "%2E";
    } else {
      clean.push_back(c);
    }
  }
  while (!clean.empty() && clean.back() == '/') clean.pop_back();
  if (clean.empty()) {
    return InvalidArgument("template: {}: the file name is empty", text_);
  }
  if (clean.size() > kMaxKeyBytes) {
    return InvalidArgument("template: {}: the path is {} bytes, more than {}",
                           text_, clean.size(), kMaxKeyBytes);
  }
  return clean;
}

bool PathTemplate::Uses(std::string_view field) const {
  return std::any_of(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
    return piece.kind == Piece::Kind::kField && piece.text == field;
  });
}

}  // namespace hlsrec
