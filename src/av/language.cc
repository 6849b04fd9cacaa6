#include "src/av/language.h"

#include <algorithm>
#include <cstddef>

#include "src/av/url_text.h"

namespace hlsrec::av {
namespace {

// ISO 639-2 (terminological and bibliographic) with its ISO 639-1 code.
constexpr std::string_view kShortCodes =
    "aaraa abkab afraf akaak albsq amham araar argan armhy asmas avaav aveae "
    "aymay azeaz bakba bambm baqeu belbe benbn bihbh bisbi bodbo bosbs brebr "
    "bulbg burmy catca cescs chach chece chizh chucu chvcv corkw cosco crecr "
    "cymcy czecs danda deude divdv dutnl dzodz ellel engen epoeo estet euseu "
    "eweee faofo fasfa fijfj finfi frafr frefr fryfy fulff geoka gerde glagd "
    "glega glggl glvgv greel grngn gujgu hatht hauha hebhe herhz hinhi hmoho "
    "hrvhr hunhu hyehy iboig iceis idoio iiiii ikuiu ileie inaia indid ipkik "
    "islis itait javjv jpnja kalkl kankn kasks katka kaukr kazkk khmkm kikki "
    "kinrw kirky komkv konkg korko kuakj kurku laolo latla lavlv limli linln "
    "litlt ltzlb lublu luglg macmk mahmh malml maomi marmr mayms mkdmk mlgmg "
    "mltmt monmn mrimi msams myamy nauna navnv nblnr ndend ndong nepne nldnl "
    "nnonn nobnb norno nyany ocioc ojioj orior ormom ossos panpa perfa plipi "
    "polpl porpt pusps quequ rohrm ronro rumro runrn rusru sagsg sansa sinsi "
    "slksk slosk slvsl smese smosm snasn sndsd somso sotst spaes sqisq srdsc "
    "srpsr sswss sunsu swasw swesv tahty tamta tattt telte tgktg tgltl thath "
    "tibbo tirti tonto tsntn tsots tuktk turtr twitw uigug ukruk urdur uzbuz "
    "venve vievi volvo welcy wlnwa wolwo xhoxh yidyi yoryo zhaza zhozh zulzu ";

constexpr std::size_t kEntry = 6;  // "engen "

}  // namespace

std::string LanguageTag(std::string_view code) {
  if (code.size() < 2 || code.size() > 35) return {};
  const bool valid = std::all_of(code.begin(), code.end(), [](char c) {
    return IsAsciiAlnum(c) || c == '-';
  });
  if (!valid) return {};
  std::string tag(code);
  if (tag.size() != 3) return tag;
  std::transform(tag.begin(), tag.end(), tag.begin(), AsciiLower);
  // "undetermined", "no linguistic content", "uncoded".
  if (tag == "und" || tag == "zxx" || tag == "mis") return {};
  for (std::size_t i = 0; i < kShortCodes.size(); i += kEntry) {
    if (kShortCodes.substr(i, 3) == tag) {
      return std::string(kShortCodes.substr(i + 3, 2));
    }
  }
  return tag;
}

}  // namespace hlsrec::av
