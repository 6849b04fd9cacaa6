#include "tests/simulation/audience.h"

#include <algorithm>
#include <utility>

#include "src/base/hash.h"
#include "src/playlist/parse.h"
#include "tests/record/synthetic.h"

namespace hlsrec::simulation {
namespace {

constexpr char kKinds[] = {'A', 'B'};
constexpr std::string_view kEndList = "#EXT-X-ENDLIST\n";

bool IsPlaylist(const std::string& key) { return key.ends_with(".m3u8"); }

// Its beat changes, and no reader looks at it.
bool IsLease(const std::string& key) {
  return key.find(".lease-") != std::string::npos;
}

std::string WithoutEnd(const std::string& text) {
  return text.ends_with(kEndList)
             ? text.substr(0, text.size() - kEndList.size())
             : text;
}

// Lists that follow each other have names that differ in their numbers.
std::string SeriesOf(const std::string& key) {
  std::string series = key;
  std::erase_if(series, [](char c) { return c >= '0' && c <= '9'; });
  return series;
}

// R55: packets all through.
bool IsTs(const std::string& bytes) {
  constexpr std::size_t kPacket = 188;
  for (std::size_t at = 0; at < bytes.size(); at += kPacket) {
    if (bytes[at] != 'G') return false;
  }
  return bytes.size() % kPacket == 0;
}

// R61: boxes all through, by pairs.
bool IsFmp4(const std::string& bytes) {
  constexpr std::size_t kHeader = 8;
  std::string last;
  for (std::size_t at = 0; at < bytes.size();) {
    if (bytes.size() - at < kHeader) return false;
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      size = size << 8 | static_cast<unsigned char>(bytes[at + i]);
    }
    const std::string type = bytes.substr(at + 4, 4);
    if (size < kHeader || size > bytes.size() - at) return false;
    if (type != "styp" && type != "sidx" && type != "moof" && type != "mdat") {
      return false;
    }
    if ((type == "mdat") != (last == "moof")) return false;
    last = type;
    at += size;
  }
  return last == "mdat";
}

}  // namespace

Audience::Marks Audience::MarksOf(const std::string& bytes) {
  Marks marks;
  for (const char kind : kKinds) {
    auto numbers = MarksIn(bytes, kind);
    if (!numbers.empty()) marks.emplace(kind, std::move(numbers));
  }
  return marks;
}

void Audience::OnOffered(const std::string& key, const std::string& bytes) {
  offered_[key] = MarksOf(bytes);
}

void Audience::OnChange(const std::string& key) {
  if (IsLease(key)) return;
  const std::optional<std::string> bytes = shelf_.read(key);
  if (!IsPlaylist(key)) return LookAtObject(key, bytes);
  if (!bytes) {
    // The first put of it may have failed.
    if (!lists_.contains(key)) return;
    return verdict_.Violate("R30 {}: a playlist is gone", key);
  }
  const auto parsed = playlist::ParsePlaylist(*bytes);
  if (!parsed.ok()) {
    return verdict_.Violate("R30 {}: {}", key, parsed.status().message());
  }
  for (const playlist::SyntaxFinding& finding : parsed->findings) {
    verdict_.Violate("{} {}: line {}: {}", finding.rule, key, finding.line,
                     finding.message);
  }
  if (!parsed->ends_with_line_break) {
    verdict_.Violate("R30 {}: ends in the middle of a line", key);
  }
  if (parsed->kind == playlist::PlaylistKind::kMedia) {
    return LookAtMedia(key, *bytes, parsed->media);
  }
  for (const playlist::Variant& variant : parsed->multivariant.variants) {
    if (!Present(variant.uri)) {
      verdict_.Violate("P2 {}: {} is not stored", key, variant.uri);
    }
  }
  for (const playlist::Rendition& rendition : parsed->multivariant.renditions) {
    if (!Present(rendition.uri)) {
      verdict_.Violate("P2 {}: {} is not stored", key, rendition.uri);
    }
  }
}

void Audience::LookAtAll() {
  const std::vector<std::string> keys = shelf_.keys();
  for (const std::string& key : keys) {
    if (!IsPlaylist(key)) OnChange(key);
  }
  for (const std::string& key : keys) {
    if (IsPlaylist(key)) OnChange(key);
  }
  for (const auto& [key, list] : lists_) {
    if (!Present(key)) verdict_.Violate("R30 {}: a playlist is gone", key);
  }
}

bool Audience::saw_end() const {
  return std::any_of(lists_.begin(), lists_.end(), [](const auto& list) {
    return list.second.ended &&
           list.first.find("-rotating") == std::string::npos;
  });
}

void Audience::LookAtObject(const std::string& key,
                            const std::optional<std::string>& bytes) {
  Object& object = objects_[key];
  if (!bytes) {
    if (std::exchange(object.present, false)) CheckRemoved(key);
    return;
  }
  if (object.bytes.empty()) {
    object.bytes = *bytes;
    object.marks = MarksOf(*bytes);
    if ((key.ends_with(".ts") && !IsTs(*bytes)) ||
        (key.ends_with(".m4s") && !IsFmp4(*bytes))) {
      verdict_.Violate("P2 {}: is no whole segment", key);
    }
  } else if (object.bytes != *bytes) {
    verdict_.Violate("R100 {}: has other bytes than before", key);
  }
  object.present = true;
}

bool Audience::Present(const std::string& key) const {
  if (IsPlaylist(key)) return shelf_.read(key).has_value();
  const auto found = objects_.find(key);
  return found != objects_.end() && found->second.present;
}

void Audience::CheckRemoved(const std::string& key) {
  for (const auto& [name, list] : lists_) {
    for (auto segment = list.listed.lower_bound(list.media_sequence);
         segment != list.listed.end(); ++segment) {
      if (segment->second.uri == key && !segment->second.gap) {
        verdict_.Violate("P2 {}: was removed, and {} lists it", key, name);
      }
    }
  }
  const auto left = left_.find(key);
  if (left != left_.end() &&
      clock_.Steady() < left->second.at + left->second.hold) {
    verdict_.Violate("R35 {}: was removed {} ms too early", key,
                     std::chrono::duration_cast<std::chrono::milliseconds>(
                         left->second.at + left->second.hold - clock_.Steady())
                         .count());
  }
}

void Audience::LookAtMedia(const std::string& key, const std::string& text,
                           const playlist::MediaPlaylist& media) {
  List& list = lists_[key];
  if (list.text == text) return;
  verdict_.Note("  {}: {}+{}{}", key, media.media_sequence.value,
                media.segments.size(), media.end_list.present() ? " end" : "");
  CheckVersion(key, list, text, media);
  for (const playlist::Segment& segment : media.segments) {
    CheckSegment(key, media, segment);
  }
  CheckHistory(key, list, media);
  list.text = text;
  list.type = media.type.value;
  list.target = media.target_duration.value;
  list.ended = media.end_list.present();
  list.media_sequence = media.media_sequence.value;
  list.next_sequence = media.media_sequence.value + media.segments.size();
}

void Audience::CheckVersion(const std::string& key, const List& before,
                            const std::string& text,
                            const playlist::MediaPlaylist& media) {
  const std::uint64_t next = media.media_sequence.value + media.segments.size();
  microseconds length{0};
  for (const auto& segment : media.segments) length += segment.duration.value;
  if (before.text.empty()) return;
  if (before.ended) verdict_.Violate("R32 {}: changed after its end", key);
  if (media.type.value != before.type) {
    verdict_.Violate("R28 {}: its type changed", key);
  }
  if (media.target_duration.value != before.target) {
    verdict_.Violate("R11 {}: TARGETDURATION {} became {}", key, before.target,
                     media.target_duration.value);
  }
  if (media.media_sequence.value < before.media_sequence ||
      next < before.next_sequence) {
    verdict_.Violate("R20 {}: went from {}..{} back to {}..{}", key,
                     before.media_sequence, before.next_sequence,
                     media.media_sequence.value, next);
  }
  if (media.type.value == playlist::ListType::kEvent &&
      !text.starts_with(WithoutEnd(before.text))) {
    verdict_.Violate("R28 {}: an EVENT list changed what it said", key);
  }
  if (media.type.value == playlist::ListType::kVod) {
    verdict_.Violate("R29 {}: a VOD list changed", key);
  }
  if (media.media_sequence.value > before.media_sequence &&
      !media.end_list.present() &&
      length < std::chrono::seconds(3 * media.target_duration.value)) {
    verdict_.Violate("R22 {}: slid to {} us", key, length.count());
  }
}

void Audience::CheckSegment(const std::string& key,
                            const playlist::MediaPlaylist& media,
                            const playlist::Segment& segment) {
  if (segment.duration.value + std::chrono::milliseconds(500) >=
      std::chrono::seconds(media.target_duration.value + 1)) {
    verdict_.Violate("R10 {}: {}: lasts {} s", key, segment.uri,
                     segment.duration.text);
  }
  if (segment.gap) return;
  if (!Present(segment.uri)) {
    verdict_.Violate("P2 {}: lists {}, which is not stored", key, segment.uri);
  }
  if (segment.uri.ends_with(".m4s") != segment.map.has_value()) {
    verdict_.Violate("R44 {}: {}: EXT-X-MAP", key, segment.uri);
  }
  if (segment.map && !Present(media.maps[*segment.map].uri)) {
    verdict_.Violate("P2 {}: lists {}, which is not stored", key,
                     media.maps[*segment.map].uri);
  } else if (segment.map) {
    CheckSound(key, objects_[segment.uri],
               objects_[media.maps[*segment.map].uri]);
  }
}

// R44: the init section says what the segment holds.
void Audience::CheckSound(const std::string& key, const Object& segment,
                          const Object& init) {
  const auto marks = segment.marks.find('B');
  if (marks == segment.marks.end()) return;
  const Ledger::Entry* entry = ledger_.Find('B', marks->second.front());
  // AAC-LC, 8 kHz, and the number of channels.
  const std::string config = {
      5,
      '\x80',
      '\x80',
      '\x80',
      2,
      0x15,
      static_cast<char>(0x80 + 8 * (entry == nullptr ? 0 : entry->channels))};
  if (init.bytes.find(config) == std::string::npos) {
    verdict_.Violate("R44 {}: its EXT-X-MAP is of other sound", key);
  }
}

void Audience::CheckHistory(const std::string& key, List& list,
                            const playlist::MediaPlaylist& media) {
  const Listed* last = nullptr;
  microseconds length{0};
  for (const auto& segment : media.segments) length += segment.duration.value;
  for (const playlist::Segment& segment : media.segments) {
    Listed now{.uri = segment.uri,
               .discontinuity_sequence = segment.discontinuity_sequence,
               .discontinuity = segment.discontinuity,
               .gap = segment.gap,
               .duration = segment.duration.value};
    if (segment.date_time) now.date = segment.date_time->time;
    const auto [known, fresh] = list.listed.emplace(segment.sequence, now);
    Listed& was = known->second;
    was.longest_list = std::max(was.longest_list, length);
    if (!fresh) {
      if (was.uri != now.uri || was.duration != now.duration ||
          was.gap != now.gap || was.date != now.date) {
        verdict_.Violate(
            "R21 {}: segment {} became another: {} {} us gap {} at {}, was {} "
            "{} us gap {} at {}",
            key, segment.sequence, now.uri, now.duration.count(), now.gap,
            now.date.time_since_epoch().count(), was.uri, was.duration.count(),
            was.gap, was.date.time_since_epoch().count());
      }
      if (was.discontinuity_sequence != now.discontinuity_sequence) {
        verdict_.Violate("R24 {}: segment {}: discontinuity {} became {}", key,
                         segment.sequence, was.discontinuity_sequence,
                         now.discontinuity_sequence);
      }
    }
    if (last != nullptr &&
        now.date < last->date + last->duration - std::chrono::seconds(1)) {
      verdict_.Violate("R38 {}: {}: its date goes back", key, segment.uri);
    }
    last = &was;
  }
  if (list.text.empty()) return;
  for (auto gone = list.listed.lower_bound(list.media_sequence);
       gone != list.listed.end() && gone->first < media.media_sequence.value;
       ++gone) {
    Left& left = left_[gone->second.uri];
    left.at = std::max(left.at, clock_.Steady());
    left.hold =
        std::max(left.hold, gone->second.duration + gone->second.longest_list);
  }
}

void Audience::CheckStored(const std::string& key, const std::string& sha256) {
  const std::optional<std::string> bytes = shelf_.read(key);
  if (!bytes) {
    if (!objects_.contains(key)) {
      verdict_.Violate("R91 {}: the journal says that it is stored", key);
    }
    return;
  }
  if (Sha256Hex(ByteSpan(reinterpret_cast<const std::uint8_t*>(bytes->data()),
                         bytes->size())) != sha256) {
    verdict_.Violate("R91 {}: the journal has another hash", key);
  }
}

void Audience::CheckEnd() {
  std::map<std::string, std::map<std::uint64_t, Listed>> series;
  for (const auto& [key, list] : lists_) {
    if (!list.ended) verdict_.Violate("P7 {}: has no end", key);
    CheckBreaks(key, list.listed);
    auto& all = series[SeriesOf(key)];
    for (const auto& [sequence, listed] : list.listed) {
      if (!all.emplace(sequence, listed).second) {
        verdict_.Violate("R21 {}: {} is in two lists", key, sequence);
      }
    }
  }
  if (lists_.empty()) verdict_.Violate("P7: there is no playlist");
  for (auto& [name, listed] : series) CheckSeries(name, std::move(listed));
}

void Audience::CheckSeries(const std::string& series,
                           std::map<std::uint64_t, Listed> listed) {
  if (listed.empty()) return;
  std::set<std::string> names;
  for (const auto& [sequence, segment] : listed) names.insert(segment.uri);
  for (std::uint64_t at = 0; at < listed.rbegin()->first; ++at) {
    // What came and went between two versions of a window was nobody's.
    if (listed.contains(at)) continue;
    const Listed& next = listed.upper_bound(at)->second;
    std::string key = next.uri;
    key.replace(key.rfind('-'), std::string::npos,
                fmt::format("-{}{}", at, key.substr(key.rfind('.'))));
    // Who took over has other numbers.
    if (names.contains(key)) key.clear();
    if (series.find("-live") == std::string::npos) {
      verdict_.Violate("R21 {}: {} is in no list", series, at);
    }
    listed.emplace(at, Listed{.uri = key,
                              .discontinuity = true,
                              .gap = !objects_.contains(key)});
  }
  std::map<char, std::set<std::int64_t>> in_gaps;
  std::map<char, std::vector<std::int64_t>> seen;
  std::set<char> kinds;
  // The packets of what nobody was offered are between those of its neighbours.
  std::map<char, std::int64_t> known;
  std::set<char> unknown;
  const auto reach = [&](char kind, std::int64_t first, std::int64_t last) {
    if (unknown.erase(kind) > 0) {
      for (std::int64_t at = known[kind]; at < first; ++at) {
        in_gaps[kind].insert(at);
      }
    }
    known[kind] = last + 1;
  };
  for (const auto& [sequence, segment] : listed) {
    const auto object = objects_.find(segment.uri);
    if (segment.gap && given_up_.contains(segment.uri) &&
        !offered_.contains(segment.uri)) {
      unknown.insert(std::begin(kKinds), std::end(kKinds));
    }
    for (const char kind : kKinds) {
      if (object != objects_.end() && object->second.marks.contains(kind)) {
        kinds.insert(kind);
        if (!segment.gap) {
          const auto& marks = object->second.marks.at(kind);
          seen[kind].insert(seen[kind].end(), marks.begin(), marks.end());
          reach(kind, marks.front(), marks.back());
        }
      }
      const auto offered = offered_.find(segment.uri);
      if (segment.gap && offered != offered_.end() &&
          offered->second.contains(kind)) {
        const auto& marks = offered->second.at(kind);
        in_gaps[kind].insert(marks.begin(), marks.end());
        reach(kind, marks.front(), marks.back());
      }
    }
  }
  for (const auto& [kind, accepted] : ledger_.accepted()) {
    if (!accepted.empty()) reach(kind, accepted.rbegin()->first + 1, 0);
  }
  for (const char kind : kinds) {
    const auto& marks = seen[kind];
    const auto back =
        std::adjacent_find(marks.begin(), marks.end(), std::greater_equal<>());
    if (back != marks.end()) {
      verdict_.Violate("P1 {}: packet {}{} comes after {}", series, kind,
                       *(back + 1), *back);
    }
    CheckMissing(series, kind, {marks.begin(), marks.end()}, in_gaps[kind]);
  }
}

// R25: who goes from one run of timestamps to another is told so.
void Audience::CheckBreaks(const std::string& series,
                           const std::map<std::uint64_t, Listed>& listed) {
  int epoch = -1;
  int life = -1;
  bool told = false;
  std::uint64_t next = 0;
  const Listed* before = nullptr;
  for (const auto& [sequence, segment] : listed) {
    if (sequence != next) {
      epoch = -1;  // others were never listed
      before = nullptr;
    }
    next = sequence + 1;
    told = told || segment.discontinuity;
    const Listed* last_listed = std::exchange(before, &segment);
    const auto object = objects_.find(segment.uri);
    if (segment.gap || object == objects_.end()) continue;
    for (const auto& [kind, marks] : object->second.marks) {
      if (kind != object->second.marks.begin()->first) continue;
      const Ledger::Entry* first = ledger_.Find(kind, marks.front());
      const Ledger::Entry* last = ledger_.Find(kind, marks.back());
      if (first == nullptr || last == nullptr) {
        verdict_.Violate("P1 {}: {}: holds what was never taken", series,
                         segment.uri);
        continue;
      }
      if (epoch >= 0 && first->epoch != epoch && !told) {
        verdict_.Violate("R25 {}: {}: no DISCONTINUITY before it", series,
                         segment.uri);
      }
      if (life >= 0 && first->life != life && last_listed != nullptr) {
        CheckPause(series, *last_listed, segment);
      }
      life = last->life;
      epoch = last->epoch;
      told = false;
    }
  }
}

// R89: what was missing between two lives was declared.
void Audience::CheckPause(const std::string& series, const Listed& before,
                          const Listed& after) {
  const bool lost = before.gap && (given_up_.contains(before.uri) ||
                                   offered_.contains(before.uri));
  if (!pauses_are_gaps_ || lost) return;
  const auto hole = after.date - (before.date + before.duration);
  if (hole > std::chrono::seconds(1)) {
    verdict_.Violate("R89 {}: {}: {} us are missing before it", series,
                     after.uri,
                     std::chrono::duration_cast<microseconds>(hole).count());
  }
}

void Audience::CheckMissing(const std::string& series, char kind,
                            const std::set<std::int64_t>& seen,
                            const std::set<std::int64_t>& in_gaps) {
  const auto track = ledger_.accepted().find(kind);
  if (track == ledger_.accepted().end()) return;
  std::vector<std::uint64_t> dropped;
  for (const Ledger::Life& life : ledger_.lives()) {
    dropped.push_back(life.dropped);
  }
  for (const auto& [number, entry] : track->second) {
    if (seen.contains(number) || in_gaps.contains(number)) continue;
    const Ledger::Life& life =
        ledger_.lives()[static_cast<std::size_t>(entry.life)];
    if (life.killed && entry.media >= life.media - life.may_cost) continue;
    std::uint64_t& told = dropped[static_cast<std::size_t>(entry.life)];
    if (told-- > 0) continue;
    told = 0;
    verdict_.Violate(
        "P1 {}: packet {}{} is missing: of life {}, {} ms before its end",
        series, kind, number, entry.life,
        (life.media - entry.media).count() / 1000);
  }
}

}  // namespace hlsrec::simulation
