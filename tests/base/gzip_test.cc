#include "src/base/gzip.h"

#include <fmt/format.h>

#include <random>
#include <vector>

#include "tests/catch.h"

namespace hlsrec {
namespace {

// As gzip(1) made it: printf 'hello\n' | gzip -n.
constexpr unsigned char kHello[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00,
                                    0x00, 0x00, 0x03, 0xcb, 0x48, 0xcd, 0xc9,
                                    0xc9, 0xe7, 0x02, 0x00, 0x20, 0x30, 0x3a,
                                    0x36, 0x06, 0x00, 0x00, 0x00};

std::string Hello() {
  return {reinterpret_cast<const char*>(kHello), sizeof(kHello)};
}

std::string MemberOf(const std::vector<std::string>& texts) {
  std::string member(GzipHeader());
  std::uint32_t crc = 0;
  std::uint64_t bytes = 0;
  for (const std::string& text : texts) {
    const auto deflated = DeflateText(text);
    REQUIRE(deflated.ok());
    member += deflated->bytes;
    crc = JoinCrc(crc, deflated->crc, deflated->text_bytes);
    bytes += deflated->text_bytes;
  }
  return member + GzipTrailer(crc, bytes);
}

TEST_CASE("gzip: texts compressed apart are one member") {
  std::minstd_rand random(1);
  std::string noise;
  for (int i = 0; i < 100000; ++i) noise.push_back(static_cast<char>(random()));
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"a"},
      {"", "a", ""},
      {"#EXTM3U\n", std::string(40000, 'x'), noise, "end\n"}};
  for (const auto& texts : cases) {
    std::string whole;
    for (const std::string& text : texts) whole += text;
    const std::string member = MemberOf(texts);
    CHECK(IsGzip(member));
    const auto text = Gunzip(member, whole.size());
    REQUIRE(text.ok());
    CHECK(*text == whole);
    // The same text, the same bytes: a version that is put again is the same.
    CHECK(MemberOf(texts) == member);
  }
}

TEST_CASE("gzip: members of others are read") {
  CHECK(Gunzip(Hello(), 6).value() == "hello\n");
  CHECK(IsGzip(Hello()));
  CHECK_FALSE(IsGzip("#EXTM3U\n"));
  CHECK_FALSE(IsGzip(""));
}

TEST_CASE("gzip: what is broken, cut or too long is refused") {
  CHECK(Gunzip(Hello(), 5).status().code() == StatusCode::kResourceExhausted);
  for (std::size_t length = 0; length < sizeof(kHello); ++length) {
    CHECK(Gunzip(Hello().substr(0, length), 100).status().code() ==
          StatusCode::kDataLoss);
  }
  CHECK(Gunzip(Hello() + "x", 100).status().code() == StatusCode::kDataLoss);
  std::string broken = Hello();
  broken[19] = static_cast<char>(broken[19] ^ 1);  // of the checksum
  CHECK(Gunzip(broken, 100).status().code() == StatusCode::kDataLoss);
  CHECK(Gunzip("#EXTM3U\n", 100).status().code() == StatusCode::kDataLoss);
}

}  // namespace
}  // namespace hlsrec
