#include "src/media/language_code.h"

#include <string>

#include "tests/catch.h"

using hlsrec::media::Iso639Part2;
using hlsrec::media::LanguageTag;

TEST_CASE("language: the shortest tag there is") {
  CHECK(LanguageTag("eng") == "en");
  CHECK(LanguageTag("ger") == "de");
  CHECK(LanguageTag("deu") == "de");
  CHECK(LanguageTag("ENG") == "en");
  CHECK(LanguageTag("zul") == "zu");
  CHECK(LanguageTag("aar") == "aa");
  CHECK(LanguageTag("gsw") == "gsw");
  CHECK(LanguageTag("pt-BR") == "pt-BR");
}

TEST_CASE("language: undetermined and malformed codes are none") {
  for (const char* code :
       {"und", "", "e", "e\"n", "en us", "\xff\xff\xff", "mis", "zxx"}) {
    CHECK(LanguageTag(code).empty());
  }
}

TEST_CASE("language: three letters for containers") {
  CHECK(Iso639Part2("en-US") == "eng");
  CHECK(Iso639Part2("DE") == "deu");
  CHECK(Iso639Part2("gsw") == "gsw");
  for (const char* tag : {"und", "", "e", "xx", "e1", "english"}) {
    CHECK(Iso639Part2(tag).empty());
  }
}

TEST_CASE("language: both directions agree") {
  int codes = 0;
  for (char first = 'a'; first <= 'z'; ++first) {
    for (char second = 'a'; second <= 'z'; ++second) {
      const std::string tag = {first, second};
      const std::string code = Iso639Part2(tag);
      if (code.empty()) continue;
      ++codes;
      CHECK(LanguageTag(code) == tag);
    }
  }
  CHECK(codes == 184);
}
