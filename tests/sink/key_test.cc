#include "hlsrec/sink.h"
#include "tests/catch.h"

namespace hlsrec {
namespace {

TEST_CASE("key: names below the root are fine, all others are refused") {
  for (const char* key :
       {"a", "a/b.ts", "a b/c+d=e%20.ts", ".hidden", "a..b"}) {
    INFO(key);
    CHECK(CheckKey(key).ok());
  }
  for (const std::string_view key :
       {std::string_view(""), std::string_view("/a"), std::string_view("a//b"),
        std::string_view("a/"), std::string_view(".."),
        std::string_view("a/../b"), std::string_view("./a"),
        std::string_view("a\\b"), std::string_view("a\0b", 3),
        std::string_view("a\nb")}) {
    INFO(key);
    CHECK(CheckKey(key).code() == StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace hlsrec
