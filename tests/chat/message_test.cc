#include "src/chat/message.h"

#include "tests/catch.h"

namespace hlsrec::chat {
namespace {

using std::chrono::milliseconds;

TEST_CASE("chat message: every member, and back") {
  const auto message = ParseChatMessage(
      R"({"sender_peer_id": "p1", "sender_name": "Jürgen", )"
      R"("sender_user_id": "u1", "roles": ["host", "guest"], )"
      R"("sent_at": "2026-01-01T01:00:02.345+01:00", "type": "poll", )"
      R"("message": "a\n\"b\""})");
  REQUIRE(message.ok());
  CHECK(message->sender_peer_id == "p1");
  CHECK(message->sender_name == "Jürgen");
  CHECK(message->sender_user_id == "u1");
  CHECK(message->roles == std::vector<std::string>{"host", "guest"});
  CHECK(message->sent_at ==
        std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) +
            milliseconds(2345));
  CHECK(message->type == "poll");
  CHECK(message->message == "a\n\"b\"");

  const auto again = ParseChatMessage(SaveMessage(*message));
  REQUIRE(again.ok());
  CHECK(again->roles == message->roles);
  CHECK(again->sent_at == message->sent_at);
  CHECK(again->message == message->message);
  CHECK(again->recipient_peer_id.empty());
}

TEST_CASE("chat message: what is left out") {
  const auto message = ParseChatMessage(R"({"message": "", "roles": null})");
  REQUIRE(message.ok());
  CHECK(message->type == "chat");
  CHECK(message->roles.empty());
  CHECK_FALSE(message->sent_at);
  CHECK(ParseChatMessage(SaveMessage(*message))->message.empty());
}

TEST_CASE("chat message: a direct one says to whom") {
  const auto message =
      ParseChatMessage(R"({"message": "psst", "recipient_peer_id": "p2"})");
  REQUIRE(message.ok());
  CHECK(message->recipient_peer_id == "p2");
}

TEST_CASE("chat message: what is wrong is named") {
  struct Row {
    std::string_view json;
    std::string_view error;
  };
  const Row row = GENERATE(
      Row{"", "is no JSON"}, Row{"{\"message\": \"a\"", "is no JSON"},
      Row{"[1]", "array: want a JSON object"}, Row{"{}", "message: is missing"},
      Row{R"({"message": 5})", "message: number: want a text"},
      Row{R"({"message": "a", "roles": "host"})",
          "roles: string: want a list of texts"},
      Row{R"({"message": "a", "roles": [1]})",
          "roles: array: want a list of texts"},
      Row{R"({"message": "a", "sent_at": "noon"})",
          "sent_at: `noon`: want a time as 2026-01-31T12:00:00.000Z"},
      Row{R"({"message": "a", "sent_at": "2026-01-01T00:00:00"})",
          "sent_at: `2026-01-01T00:00:00`: want a time as "
          "2026-01-31T12:00:00.000Z"});
  const auto message = ParseChatMessage(row.json);
  CHECK(message.status().code() == StatusCode::kInvalidArgument);
  CHECK(message.status().message() == row.error);
}

// Who misspells the recipient must not tell all.
TEST_CASE("chat message: a member that nobody knows is refused") {
  const auto message =
      ParseChatMessage(R"({"message": "psst", "recipient": "p2"})");
  CHECK(message.status().message().starts_with(
      "recipient: is no member of a message: there are sender_peer_id"));
}

TEST_CASE("chat message: what is too long is refused") {
  ChatMessage message{.message = std::string(kMostBytes - 4, 'a')};
  CHECK(CheckMessage(message).ok());  // with "chat"
  message.roles = {"b"};
  CHECK(CheckMessage(message).message() ==
        "chat: message: 65537 bytes: want 65536 at most");
}

TEST_CASE("chat message: what is no UTF-8 becomes it") {
  const std::string saved = SaveMessage({.message = "a\xff"});
  CHECK(ParseChatMessage(saved)->message == "a\uFFFD");
}

}  // namespace
}  // namespace hlsrec::chat
