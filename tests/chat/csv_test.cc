#include "src/chat/csv.h"

#include "tests/catch.h"

namespace hlsrec::chat {
namespace {

constexpr auto kTime = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) +
                       std::chrono::milliseconds(2345);

TEST_CASE("chat csv: the header is 100ms'") {
  CHECK(kCsvHeader ==
        "SenderPeerID,SenderName,SenderUserID,Roles,SentAt,Type,Message\r\n");
}

TEST_CASE("chat csv: a record") {
  CHECK(CsvRecord({.sender_peer_id = "p1",
                   .sender_name = "Ann",
                   .sender_user_id = "u1",
                   .sent_at = kTime,
                   .message = "hello"},
                  ChatFormulas::kKeep) ==
        "p1,Ann,u1,[],2026-01-01T00:00:02.345Z,chat,hello\r\n");
  CHECK(CsvRecord({.roles = {"host", "guest"}, .sent_at = kTime},
                  ChatFormulas::kKeep) ==
        ",,,\"[\"\"host\"\",\"\"guest\"\"]\",2026-01-01T00:00:02.345Z,chat,"
        "\r\n");
}

// Of a record with this message, its last field.
std::string Field(const std::string& message, ChatFormulas formulas) {
  const std::string record = CsvRecord({.message = message}, formulas);
  const std::string before = ",,,[],,chat,";
  REQUIRE(record.starts_with(before));
  REQUIRE(record.ends_with("\r\n"));
  return record.substr(before.size(), record.size() - before.size() - 2);
}

TEST_CASE("chat csv: quoting") {
  struct Row {
    std::string text;
    std::string field;
  };
  const Row row =
      GENERATE(Row{"a b", "a b"}, Row{"a,b", "\"a,b\""},
               Row{"a\nb", "\"a\nb\""}, Row{"a\r\nb", "\"a\r\nb\""},
               Row{"say \"a\"", "\"say \"\"a\"\"\""}, Row{"\"", "\"\"\"\""},
               Row{" a ", " a "}, Row{"=1", "=1"}, Row{"'a'", "'a'"},
               Row{"ä😀", "ä😀"}, Row{std::string("a\0b", 3), "a\uFFFDb"});
  CHECK(Field(row.text, ChatFormulas::kKeep) == row.field);
}

TEST_CASE("chat csv: formulas are none where that is asked for") {
  struct Row {
    std::string text;
    std::string field;
  };
  const Row row = GENERATE(
      Row{"=1+1", "'=1+1"}, Row{"+1", "'+1"}, Row{"-1", "'-1"},
      Row{"@SUM(A1)", "'@SUM(A1)"}, Row{"\t=1", "'\t=1"},
      Row{"\r=1", "\"'\r=1\""}, Row{"\n=1", "\"'\n=1\""},
      Row{"=HYPERLINK(\"a\",\"b\")", "\"'=HYPERLINK(\"\"a\"\",\"\"b\"\")\""},
      Row{"＝1", "'＝1"}, Row{"a=1", "a=1"}, Row{"", ""}, Row{"1-1", "1-1"});
  CHECK(Field(row.text, ChatFormulas::kEscape) == row.field);
}

TEST_CASE("chat csv: every field of a sender's choice is escaped") {
  CHECK(CsvRecord({.sender_peer_id = "=a",
                   .sender_name = "=b",
                   .sender_user_id = "=c",
                   .type = "=d",
                   .message = "=e"},
                  ChatFormulas::kEscape) == "'=a,'=b,'=c,[],,'=d,'=e\r\n");
}

}  // namespace
}  // namespace hlsrec::chat
