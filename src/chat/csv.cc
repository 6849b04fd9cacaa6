#include "src/chat/csv.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "src/playlist/render.h"

namespace hlsrec::chat {
namespace {

// OWASP's list, with the full-width forms that some spreadsheets read alike.
constexpr std::array<std::string_view, 11> kFormulaStarts = {
    "=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"};

bool StartsFormula(std::string_view text) {
  return std::any_of(
      kFormulaStarts.begin(), kFormulaStarts.end(),
      [text](std::string_view start) { return text.starts_with(start); });
}

void AppendField(std::string_view text, ChatFormulas formulas,
                 std::string& record) {
  const bool escape = formulas == ChatFormulas::kEscape && StartsFormula(text);
  const bool quote = text.find_first_of(",\"\r\n") != std::string_view::npos;
  if (quote) record += '"';
  if (escape) record += '\'';
  for (const char c : text) {
    // Readers take a NUL for the end of the file.
    if (c == '\0') {
      record += "\uFFFD";
      continue;
    }
    if (c == '"') record += '"';
    record += c;
  }
  if (quote) record += '"';
}

std::string RolesOf(const ChatMessage& message) {
  return nlohmann::json(message.roles)
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string CsvRecord(const ChatMessage& message, ChatFormulas formulas) {
  const std::string sent_at =
      message.sent_at ? playlist::FormatDateTime(*message.sent_at) : "";
  const std::string roles = RolesOf(message);
  const std::array<std::string_view, 7> fields = {message.sender_peer_id,
                                                  message.sender_name,
                                                  message.sender_user_id,
                                                  roles,
                                                  sent_at,
                                                  message.type,
                                                  message.message};
  std::string record;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) record += ',';
    AppendField(fields[i], formulas, record);
  }
  return record + "\r\n";
}

}  // namespace hlsrec::chat
