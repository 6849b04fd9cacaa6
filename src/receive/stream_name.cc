#include "src/receive/stream_name.h"

#include <nlohmann/json.hpp>

#include "hlsrec/sink.h"
#include "src/playlist/reference.h"

namespace hlsrec::receive {
namespace {

constexpr std::string_view kExtension = ".m3u8";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes `pattern` from the front, in which `0` is any digit.
bool Take(std::string_view& text, std::string_view pattern) {
  if (text.size() < pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool same =
        pattern[i] == '0' ? IsDigit(text[i]) : text[i] == pattern[i];
    if (!same) return false;
  }
  text.remove_prefix(pattern.size());
  return true;
}

// Digits and then `unit`.
bool TakeNumber(std::string_view& text, std::string_view unit) {
  std::string_view rest = text;
  while (!rest.empty() && IsDigit(rest.front())) rest.remove_prefix(1);
  if (rest.size() == text.size() || !rest.starts_with(unit)) return false;
  rest.remove_prefix(unit.size());
  text = rest;
  return true;
}

std::string TextOf(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>()
                                                     : std::string();
}

}  // namespace

bool IsListOfStream(std::string_view base, std::string_view list_key) {
  if (base.empty() || !list_key.starts_with(base) ||
      !list_key.ends_with(kExtension) ||
      list_key.size() < base.size() + kExtension.size()) {
    return false;
  }
  std::string_view rest = list_key.substr(base.size());
  rest.remove_suffix(kExtension.size());
  if (Take(rest, "-0000-00-00_00-00-00")) Take(rest, ".000");
  if (rest.empty() || rest == "_adaptive") return true;
  if (!Take(rest, "_")) return false;
  const bool height = TakeNumber(rest, "p");
  const bool rate = TakeNumber(rest, "kbps");
  return (height || rate) && rest.empty();
}

std::optional<Command> ReadCommand(std::string_view json) {
  const nlohmann::json value =
      nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) return std::nullopt;
  return Command{.command = TextOf(value, "command"),
                 .stream = TextOf(value, "streamId"),
                 .path = TextOf(value, "filePath")};
}

std::optional<std::string> BaseOf(const Command& command) {
  std::string base = command.path.empty() ? command.stream : command.path;
  if (base.starts_with('/')) base.erase(0, 1);
  if (playlist::ExtensionOfKey(base) == "m3u8") {
    base.resize(base.size() - kExtension.size());
  }
  if (!CheckKey(base).ok()) return std::nullopt;
  return base;
}

}  // namespace hlsrec::receive
