#include "src/media/language_code.h"

#include <algorithm>
#include <cstddef>

namespace hlsrec::media {
namespace {

// ISO 639-1 codes, each behind its ISO 639-2/T code.
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

constexpr std::size_t kEntry = 6;  // "engen "

}  // namespace

std::string Iso639Part2(std::string_view tag) {
  std::string language(tag.substr(0, tag.find('-')));
  std::transform(language.begin(), language.end(), language.begin(),
                 [](char c) {
                   return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
                 });
  if (std::any_of(language.begin(), language.end(),
                  [](char c) { return c < 'a' || c > 'z'; })) {
    return {};
  }
  if (language.size() == 3 && language != "und") return language;
  if (language.size() != 2) return {};
  for (std::size_t i = 0; i < kCodes.size(); i += kEntry) {
    if (kCodes.substr(i + 3, 2) == language) {
      return std::string(kCodes.substr(i, 3));
    }
  }
  return {};
}

}  // namespace hlsrec::media
