#include "src/playlist/parse_context.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "src/playlist/parse_values.h"

namespace hlsrec::playlist {
namespace {

// A hostile text must not make more findings than anyone reads.
constexpr std::size_t kMaxFindings = 1000;

enum class ValueType {
  kInteger,
  kDecimal,
  kSignedDecimal,
  kHex,
  kQuoted,
  kEnumerated,
  kResolution,
};

struct TypedName {
  std::string_view name;
  ValueType type;
};

// By RFC 8216 section 4.3 and draft-pantos-hls-rfc8216bis section 4.4; only
// names that mean the same in every tag.
constexpr std::array kTypes = {
    TypedName{"ASSOC-LANGUAGE", ValueType::kQuoted},
    TypedName{"AUDIO", ValueType::kQuoted},
    TypedName{"AUTOSELECT", ValueType::kEnumerated},
    TypedName{"AVERAGE-BANDWIDTH", ValueType::kInteger},
    TypedName{"BANDWIDTH", ValueType::kInteger},
    TypedName{"CHANNELS", ValueType::kQuoted},
    TypedName{"CHARACTERISTICS", ValueType::kQuoted},
    TypedName{"CODECS", ValueType::kQuoted},
    TypedName{"DEFAULT", ValueType::kEnumerated},
    TypedName{"DURATION", ValueType::kDecimal},
    TypedName{"END-DATE", ValueType::kQuoted},
    TypedName{"FORCED", ValueType::kEnumerated},
    TypedName{"FRAME-RATE", ValueType::kDecimal},
    TypedName{"GROUP-ID", ValueType::kQuoted},
    TypedName{"HDCP-LEVEL", ValueType::kEnumerated},
    TypedName{"ID", ValueType::kQuoted},
    TypedName{"INSTREAM-ID", ValueType::kQuoted},
    TypedName{"IV", ValueType::kHex},
    TypedName{"KEYFORMAT", ValueType::kQuoted},
    TypedName{"KEYFORMATVERSIONS", ValueType::kQuoted},
    TypedName{"LANGUAGE", ValueType::kQuoted},
    TypedName{"METHOD", ValueType::kEnumerated},
    TypedName{"NAME", ValueType::kQuoted},
    TypedName{"PRECISE", ValueType::kEnumerated},
    TypedName{"RESOLUTION", ValueType::kResolution},
    TypedName{"START-DATE", ValueType::kQuoted},
    TypedName{"SUBTITLES", ValueType::kQuoted},
    TypedName{"SUPPLEMENTAL-CODECS", ValueType::kQuoted},
    TypedName{"TIME-OFFSET", ValueType::kSignedDecimal},
    TypedName{"TYPE", ValueType::kEnumerated},
    TypedName{"URI", ValueType::kQuoted},
    TypedName{"VIDEO", ValueType::kQuoted},
    TypedName{"VIDEO-RANGE", ValueType::kEnumerated},
};

bool IsHex(std::string_view text) {
  if (text.size() < 3 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X')) {
    return false;
  }
  return text.find_first_not_of("0123456789abcdefABCDEF", 2) ==
         std::string_view::npos;
}

bool Fits(const Attribute& attribute, ValueType type) {
  if (type == ValueType::kQuoted) return attribute.quoted;
  if (attribute.quoted) return false;
  switch (type) {
    case ValueType::kInteger:
      return ParseDecimalInteger(attribute.value).has_value();
    case ValueType::kDecimal:
      return ParseDecimalSeconds(attribute.value).has_value();
    case ValueType::kSignedDecimal:
      return ParseDecimalSeconds(attribute.value, Sign::kAllowed).has_value();
    case ValueType::kHex:
      return IsHex(attribute.value);
    case ValueType::kResolution:
      return ParseResolution(attribute.value).has_value();
    case ValueType::kEnumerated:
    case ValueType::kQuoted:
      return true;
  }
  return true;
}

std::string_view TypeName(ValueType type) {
  switch (type) {
    case ValueType::kInteger:
      return "a decimal integer";
    case ValueType::kDecimal:
      return "a decimal number";
    case ValueType::kSignedDecimal:
      return "a signed decimal number";
    case ValueType::kHex:
      return "a hexadecimal number (0x...)";
    case ValueType::kQuoted:
      return "a quoted string";
    case ValueType::kEnumerated:
      return "a word without quotes";
    case ValueType::kResolution:
      return "a resolution (1280x720)";
  }
  return "";
}

}  // namespace

void ParseContext::Report(std::string_view rule, bool error,
                          std::string message) {
  if (out_.findings.size() >= kMaxFindings) return;
  out_.findings.push_back({.rule = rule,
                           .error = error,
                           .line = line_,
                           .message = std::move(message)});
}

AttributeList ParseContext::Attributes(std::string_view tag,
                                       std::string_view value) {
  std::vector<std::string> problems;
  AttributeList list = ParseAttributeList(value, problems);
  for (std::string& problem : problems) {
    Error("R6", fmt::format("{}: {}", tag, problem));
  }
  for (Attribute& attribute : list.attributes) {
    if (attribute.name.starts_with("REQ-")) Need(12, "a REQ- attribute");
    const auto* typed = std::find_if(
        kTypes.begin(), kTypes.end(),
        [&](const TypedName& t) { return t.name == attribute.name; });
    if (typed != kTypes.end() && !attribute.value.empty() &&
        !Fits(attribute, typed->type)) {
      Error("R6", fmt::format("{}: {} is not {}", tag, attribute.name,
                              TypeName(typed->type)));
    }
    if (attribute.value.find("{$") != std::string::npos) {
      attribute.value = Substitute(attribute.value);
    }
  }
  return list;
}

std::string ParseContext::Substitute(std::string_view text) {
  std::string result;
  while (true) {
    const std::size_t begin = text.find("{$");
    const std::size_t end =
        begin == std::string_view::npos ? begin : text.find('}', begin);
    if (end == std::string_view::npos) break;
    const std::string_view name = text.substr(begin + 2, end - begin - 2);
    const auto found =
        std::find_if(variables_.begin(), variables_.end(),
                     [&](const auto& entry) { return entry.first == name; });
    result += text.substr(0, begin);
    result += found == variables_.end() ? text.substr(begin, end - begin + 1)
                                        : std::string_view(found->second);
    text.remove_prefix(end + 1);
  }
  result += text;
  return result;
}

void ParseContext::Define(const AttributeList& attributes) {
  Need(8, "EXT-X-DEFINE");
  if (attributes.Find("QUERYPARAM") != nullptr) {
    Need(11, "EXT-X-DEFINE with QUERYPARAM");
  }
  const Attribute* name = attributes.Find("NAME");
  if (name == nullptr) return;
  constexpr std::size_t kMaxVariables = 1000;
  if (variables_.size() < kMaxVariables) {
    variables_.emplace_back(name->value, attributes.Get("VALUE"));
  }
}

StartTag ReadStart(ParseContext& context, std::string_view value) {
  const AttributeList attributes = context.Attributes("EXT-X-START", value);
  StartTag start{
      .time_offset = std::string(attributes.Get("TIME-OFFSET")),
      .precise = attributes.Get("PRECISE") == "YES",
  };
  start.offset = ParseDecimalSeconds(start.time_offset, Sign::kAllowed);
  if (start.time_offset.empty()) {
    context.Error("R6", "EXT-X-START without TIME-OFFSET");
  }
  return start;
}

KeyTag ReadKey(ParseContext& context, std::string_view tag,
               std::string_view value) {
  KeyTag key{.attributes = context.Attributes(tag, value),
             .line = context.line()};
  const AttributeList& attributes = key.attributes;
  key.method = attributes.Get("METHOD");
  key.uri = attributes.Get("URI");
  key.iv = attributes.Get("IV");
  key.key_format = attributes.Get("KEYFORMAT");
  if (key.method.empty()) {
    context.Error("R46", fmt::format("{} without METHOD", tag));
  } else if (key.method == "NONE") {
    if (attributes.attributes.size() > 1) {
      context.Error("R46", "METHOD=NONE has other attributes");
    }
  } else if (key.uri.empty()) {
    context.Error("R46", fmt::format("{} without URI", tag));
  }
  constexpr std::size_t kIvLength = 2 + 32;
  if (attributes.Find("IV") != nullptr) {
    context.Need(2, "the IV attribute of EXT-X-KEY");
    if (key.iv.size() != kIvLength) {
      context.Error("R47", "IV is not 0x and 32 hexadecimal digits");
    }
  }
  if (key.method.starts_with("SAMPLE-AES") || !key.key_format.empty() ||
      attributes.Find("KEYFORMATVERSIONS") != nullptr) {
    context.Need(5, "SAMPLE-AES, KEYFORMAT or KEYFORMATVERSIONS");
  }
  return key;
}

}  // namespace hlsrec::playlist
