#include "src/media/language_code.h"

#include <algorithm>
#include <cstddef>

namespace hlsrec::media {
namespace {

// ISO 639-1 codes, each behind its ISO 639-2/T code, "engen ".
constexpr std::string_view kCodes =
    "aaraa abkab afraf akaak amham araar argan asmas avaav aveae aymay "
    "azeaz bakba bambm belbe benbn bihbh bisbi bodbo bosbs brebr bulbg "
    "catca cescs chach chece chucu chvcv corkw cosco crecr cymcy danda "
    "deude divdv dzodz ellel engen epoeo estet euseu eweee faofo fasfa "
    "fijfj finfi frafr fryfy fulff glagd glega glggl glvgv grngn gujgu "
    "hatht hauha hebhe herhz hinhi hmoho hrvhr hunhu hyehy iboig idoio "
    "iiiii ikuiu ileie inaia indid ipkik islis itait javjv jpnja kalkl "
    "kankn kasks katka kaukr kazkk khmkm kikki kinrw kirky komkv konkg "
    "korko kuakj kurku laolo latla lavlv limli linln litlt ltzlb lublu "
    "luglg mahmh malml marmr mkdmk mlgmg mltmt monmn mrimi msams myamy "
    "nauna navnv nblnr ndend ndong nepne nldnl nnonn nobnb norno nyany "
    "ocioc ojioj orior ormom ossos panpa plipi polpl porpt pusps quequ "
    "rohrm ronro runrn rusru sagsg sansa sinsi slksk slvsl smese smosm "
    "snasn sndsd somso sotst spaes sqisq srdsc srpsr sswss sunsu swasw "
    "swesv tahty tamta tattt telte tgktg tgltl thath tirti tonto tsntn "
    "tsots tuktk turtr twitw uigug ukruk urdur uzbuz venve vievi volvo "
    "wlnwa wolwo xhoxh yidyi yoryo zhaza zhozh zulzu ";
// Those that have an ISO 639-2/B code, too, behind that.
constexpr std::string_view kBibliographic =
    "albsq armhy baqeu burmy chizh czecs dutnl frefr geoka gerde greel "
    "iceis macmk maomi mayms perfa rumro slosk tibbo welcy ";

constexpr std::size_t kEntry = 6;
constexpr std::size_t kLong = 3;
constexpr std::size_t kShort = 2;

std::string_view ToShort(std::string_view table, std::string_view code) {
  for (std::size_t i = 0; i < table.size(); i += kEntry) {
    if (table.substr(i, kLong) == code) return table.substr(i + kLong, kShort);
  }
  return {};
}

std::string_view ToLong(std::string_view code) {
  for (std::size_t i = 0; i < kCodes.size(); i += kEntry) {
    if (kCodes.substr(i + kLong, kShort) == code) {
      return kCodes.substr(i, kLong);
    }
  }
  return {};
}

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool IsLetter(char c) { return Lower(c) >= 'a' && Lower(c) <= 'z'; }

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), Lower);
  return lower;
}

}  // namespace

std::string Iso639Part2(std::string_view tag) {
  std::string language = LowerCase(tag.substr(0, tag.find('-')));
  if (!std::all_of(language.begin(), language.end(), IsLetter)) return {};
  if (language.size() == kLong && language != "und") return language;
  if (language.size() != kShort) return {};
  return std::string(ToLong(language));
}

std::string LanguageTag(std::string_view code) {
  constexpr std::size_t kLongestTag = 35;
  if (code.size() < kShort || code.size() > kLongestTag) return {};
  const bool valid = std::all_of(code.begin(), code.end(), [](char c) {
    return IsLetter(c) || (c >= '0' && c <= '9') || c == '-';
  });
  if (!valid) return {};
  if (code.size() != kLong) return std::string(code);
  std::string tag = LowerCase(code);
  // "undetermined", "no linguistic content", "uncoded".
  if (tag == "und" || tag == "zxx" || tag == "mis") return {};
  for (const std::string_view table : {kCodes, kBibliographic}) {
    const std::string_view found = ToShort(table, tag);
    if (!found.empty()) return std::string(found);
  }
  return tag;
}

}  // namespace hlsrec::media
