#include "src/chat/message.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "src/base/status_util.h"
#include "src/playlist/parse_values.h"
#include "src/playlist/render.h"

namespace hlsrec {
namespace {

using Json = nlohmann::ordered_json;

struct TextField {
  std::string_view name;
  std::string ChatMessage::*member;
};

constexpr std::array<TextField, 6> kTexts = {{
    {"sender_peer_id", &ChatMessage::sender_peer_id},
    {"sender_name", &ChatMessage::sender_name},
    {"sender_user_id", &ChatMessage::sender_user_id},
    {"recipient_peer_id", &ChatMessage::recipient_peer_id},
    {"type", &ChatMessage::type},
    {"message", &ChatMessage::message},
}};

Status SetText(const Json& value, std::string_view name, std::string& text) {
  if (!value.is_string()) {
    return InvalidArgument("{}: {}: want a text", name, value.type_name());
  }
  text = value.get<std::string>();
  return {};
}

Status SetRoles(const Json& value, std::vector<std::string>& roles) {
  const bool texts = value.is_array() &&
                     std::all_of(value.begin(), value.end(),
                                 [](const Json& r) { return r.is_string(); });
  if (!texts) {
    return InvalidArgument("roles: {}: want a list of texts",
                           value.type_name());
  }
  roles = value.get<std::vector<std::string>>();
  return {};
}

Status SetTime(const Json& value, ChatMessage& message) {
  std::string text;
  HLSREC_RETURN_IF_ERROR(SetText(value, "sent_at", text));
  const auto time = playlist::ParseDateTime(text);
  if (!time || !time->zone) {
    return InvalidArgument(
        "sent_at: `{}`: want a time as 2026-01-31T12:00:00.000Z", text);
  }
  message.sent_at = time->time;
  return {};
}

Status SetMember(const std::string& name, const Json& value,
                 ChatMessage& message) {
  // As good as absent.
  if (value.is_null()) return {};
  if (name == "roles") return SetRoles(value, message.roles);
  if (name == "sent_at") return SetTime(value, message);
  for (const TextField& field : kTexts) {
    if (field.name == name) return SetText(value, name, message.*field.member);
  }
  return InvalidArgument(
      "{}: is no member of a message: there are sender_peer_id, sender_name, "
      "sender_user_id, roles, recipient_peer_id, sent_at, type, message",
      name);
}

}  // namespace

ChatLog::~ChatLog() = default;

StatusOr<ChatMessage> ParseChatMessage(std::string_view json) {
  const Json parsed = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return InvalidArgument("is no JSON");
  if (!parsed.is_object()) {
    return InvalidArgument("{}: want a JSON object", parsed.type_name());
  }
  ChatMessage message;
  for (const auto& [name, value] : parsed.items()) {
    HLSREC_RETURN_IF_ERROR(SetMember(name, value, message));
  }
  if (!parsed.contains("message") || parsed.at("message").is_null()) {
    return InvalidArgument("message: is missing");
  }
  return message;
}

namespace chat {

std::string SaveMessage(const ChatMessage& message) {
  Json json = Json::object();
  for (const TextField& field : kTexts) {
    const std::string& text = message.*field.member;
    if (!text.empty()) json[std::string(field.name)] = text;
  }
  json["message"] = message.message;
  if (!message.roles.empty()) json["roles"] = message.roles;
  if (message.sent_at) {
    json["sent_at"] = playlist::FormatDateTime(*message.sent_at);
  }
  // Texts need not be UTF-8; files are.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Status CheckMessage(const ChatMessage& message) {
  std::size_t bytes = 0;
  for (const TextField& field : kTexts) bytes += (message.*field.member).size();
  for (const std::string& role : message.roles) bytes += role.size();
  if (bytes <= kMostBytes) return {};
  return InvalidArgument("chat: message: {} bytes: want {} at most", bytes,
                         kMostBytes);
}

}  // namespace chat
}  // namespace hlsrec
