#include <chrono>
#include <string>
#include <vector>

#include "hlsrec/check.h"
#include "tests/catch.h"
#include "tests/check/live_list.h"
#include "tests/check/rules_text.h"

namespace hlsrec::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

steady_clock::time_point At(milliseconds time) {
  return steady_clock::time_point(time);
}

// Plays versions 4 s apart; the rules that were broken.
Rules Play(const std::vector<std::string>& versions) {
  SnapshotChecker checker("live.m3u8");
  Rules rules;
  milliseconds time(0);
  for (const std::string& text : versions) {
    const std::vector<CheckFinding> findings = checker.Add(At(time), text);
    UNSCOPED_INFO(Describe(findings));
    rules.merge(PlainRulesOf(findings));
    time += seconds(4);
  }
  return rules;
}

Rules Play(const List& a, const List& b) { return Play({a.Text(), b.Text()}); }

TEST_CASE("snapshots: a window that slides breaks nothing") {
  std::vector<std::string> versions;
  for (int i = 0; i < 20; ++i) versions.push_back(Numbered(i, 5).Text());
  List last = Numbered(20, 5);
  last.ended = true;
  versions.push_back(last.Text());
  CHECK(Play(versions).empty());
}

TEST_CASE("snapshots: a list that grows before it slides breaks nothing") {
  std::vector<std::string> versions;
  for (int i = 0; i < 5; ++i) versions.push_back(Numbered(0, i).Text());
  versions.push_back(Numbered(2, 5).Text());
  CHECK(Play(versions).empty());
}

TEST_CASE("snapshots: discontinuities that slide out are counted") {
  List a = Numbered(0, 5);
  a.discontinuity_sequence = 0;
  a.entries[1].tags = "#EXT-X-DISCONTINUITY\n";
  List b = Numbered(1, 5);
  b.discontinuity_sequence = 0;
  b.entries[0].tags = "#EXT-X-DISCONTINUITY\n";
  List c = Numbered(2, 5);
  c.discontinuity_sequence = 1;
  CHECK(Play({a.Text(), b.Text(), c.Text()}).empty());

  SECTION("R24: not counted") {
    c.discontinuity_sequence = 0;
    CHECK(Play({a.Text(), b.Text(), c.Text()}) == Rules{"R24"});
  }
  SECTION("R23: no tag to count them") {
    List a2 = a;
    List b2 = b;
    List c2 = c;
    a2.discontinuity_sequence = -1;
    b2.discontinuity_sequence = -1;
    c2.discontinuity_sequence = -1;
    CHECK(Play({a2.Text(), b2.Text(), c2.Text()}) == Rules{"R23", "R23?"});
  }
}

TEST_CASE("snapshots: R7: a running playlist does not take a type") {
  List b = Numbered(0, 6);
  b.type = "EVENT";
  CHECK(Play(Numbered(0, 5), b) == Rules{"R7"});
}

TEST_CASE("snapshots: R11: the target duration stays") {
  List b = Numbered(1, 5);
  b.target = 5;
  CHECK(Play(Numbered(0, 5), b) == Rules{"R11"});
}

TEST_CASE("snapshots: R19: what left without a media sequence is found") {
  List a = Numbered(0, 5);
  List b = Numbered(1, 5);
  a.sequence_tag = false;
  b.sequence_tag = false;
  CHECK(Play(a, b) == Rules{"R19"});
}

TEST_CASE("snapshots: R20: the media sequence counts what left") {
  List b = Numbered(2, 5);
  SECTION("too little") { b.sequence = 1; }
  SECTION("too much") { b.sequence = 3; }
  SECTION("not at all") { b.sequence = 0; }
  CHECK(Play(Numbered(0, 5), b) == Rules{"R20"});
}

TEST_CASE("snapshots: R20: the media sequence never goes back") {
  List b;
  b.sequence = 0;
  for (int i = 0; i < 4; ++i) {
    b.entries.push_back({.uri = "new" + std::to_string(i) + ".ts"});
  }
  CHECK(Play(Numbered(10, 5), b) == Rules{"R20"});
}

TEST_CASE("snapshots: R20: one mistake is told once") {
  std::vector<std::string> versions = {Numbered(5, 5).Text()};
  for (int i = 0; i < 5; ++i) {
    List list = Numbered(6 + i, 5);
    list.sequence -= 3;
    versions.push_back(list.Text());
  }
  SnapshotChecker checker("live.m3u8");
  std::size_t findings = 0;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    findings +=
        PlainRulesOf(checker.Add(At(seconds(4 * i)), versions[i])).size();
  }
  CHECK(findings == 1);
}

TEST_CASE("snapshots: R21: segments leave from the front alone") {
  List b = Numbered(0, 5);
  SECTION("not from the end") { b.entries.pop_back(); }
  SECTION("not from the middle") {
    b = Numbered(0, 6);
    b.entries.erase(b.entries.begin() + 2);
    b.entries.push_back({.uri = "6.ts"});
    CHECK(Play(Numbered(0, 5), b) == Rules{"R20"});
    return;
  }
  SECTION("a number keeps its URI") { b.entries[2].uri = "other.ts"; }
  SECTION("a segment keeps its duration") { b.entries[2].duration = "3.500"; }
  CHECK(Play(Numbered(0, 5), b) == Rules{"R21"});
}

TEST_CASE("snapshots: R22: three target durations stay") {
  CHECK(Play(Numbered(0, 3), Numbered(1, 3)).empty());
  CHECK(Play(Numbered(0, 3), Numbered(2, 2)) == Rules{"R22"});
}

TEST_CASE("snapshots: R22: an ended playlist may be shorter") {
  List b = Numbered(2, 2);
  b.ended = true;
  CHECK(Play(Numbered(0, 3), b).empty());
}

TEST_CASE("snapshots: R28: an EVENT playlist only grows") {
  List a = Numbered(0, 5);
  List b = Numbered(0, 6);
  a.type = b.type = "EVENT";
  SECTION("growing is fine") { CHECK(Play(a, b).empty()); }
  SECTION("ending is fine") {
    b.ended = true;
    CHECK(Play(a, b).empty());
  }
  SECTION("going on after an end is fine") {
    a.ended = true;
    CHECK(Play(a, b).empty());
  }
  SECTION("a title that changes is not") {
    b.entries[1].duration = "4.0000";
    CHECK(Play(a, b) == Rules{"R21", "R28"});
  }
  SECTION("a tag put in is not") {
    b.entries[1].tags = "#EXT-X-VENDOR\n";
    CHECK(Play(a, b) == Rules{"R28"});
  }
  SECTION("removal is not") {
    List c = Numbered(1, 6);
    c.type = "EVENT";
    CHECK(Play(a, c) == Rules{"R28"});
  }
}

TEST_CASE("snapshots: R29: a VOD playlist never changes, nor comes to be one") {
  List a = Numbered(0, 5);
  List b = Numbered(0, 5);
  b.ended = true;
  SECTION("EVENT to VOD in place") {
    a.type = "EVENT";
    b.type = "VOD";
    CHECK(Play(a, b) == Rules{"R29"});
  }
  SECTION("VOD that grows") {
    a.type = b.type = "VOD";
    a.ended = true;
    b.entries.push_back({.uri = "5.ts"});
    CHECK(Play(a, b) == Rules{"R29"});
  }
}

TEST_CASE("snapshots: R30: every read is a whole playlist") {
  SnapshotChecker checker("live.m3u8");
  CHECK(
      PlainRulesOf(checker.Add(At(seconds(0)), Numbered(0, 5).Text())).empty());
  CHECK(PlainRulesOf(checker.Add(At(seconds(1)), "")) == Rules{"R1", "R30"});
  CHECK(PlainRulesOf(checker.AddUnreadable(At(seconds(2)), "404")) ==
        Rules{"R30"});
  CHECK(
      PlainRulesOf(checker.Add(At(seconds(3)), Numbered(0, 5).Text())).empty());
  const std::string whole = Numbered(1, 5).Text();
  const std::string half = whole.substr(0, whole.size() - 6);
  CHECK(PlainRulesOf(checker.Add(At(seconds(4)), half)) ==
        Rules{"R13", "R30?"});
}

TEST_CASE("snapshots: R32: nothing follows the end") {
  List a = Numbered(0, 5);
  List b = Numbered(0, 6);
  a.ended = b.ended = true;
  CHECK(Play(a, b) == Rules{"R32"});
}

TEST_CASE("snapshots: an ended list that is appended to is a new generation") {
  List a = Numbered(0, 5);
  a.ended = true;
  CHECK(Play(a, Numbered(0, 6)).empty());
}

TEST_CASE("snapshots: R33: a new segment comes within 1.5 target durations") {
  SnapshotChecker checker("live.m3u8");
  const std::string text = Numbered(0, 5).Text();
  CHECK(PlainRulesOf(checker.Add(At(seconds(0)), text)).empty());
  CHECK(PlainRulesOf(checker.Add(At(seconds(6)), text)).empty());
  CHECK(PlainRulesOf(checker.Add(At(milliseconds(6001)), text)) ==
        Rules{"R33"});
  CHECK(PlainRulesOf(checker.Add(At(seconds(20)), text)).empty());  // told once
  CHECK(PlainRulesOf(checker.Add(At(seconds(21)), Numbered(1, 5).Text()))
            .empty());
  CHECK(PlainRulesOf(checker.Add(At(seconds(27)), Numbered(1, 5).Text()))
            .empty());
  CHECK(PlainRulesOf(checker.Add(At(seconds(28)), Numbered(1, 5).Text())) ==
        Rules{"R33"});
}

TEST_CASE("snapshots: R33: the clock of an empty list runs; an end stops it") {
  SnapshotChecker empty("live.m3u8");
  CHECK(PlainRulesOf(empty.Add(At(seconds(0)), Numbered(0, 0).Text())).empty());
  CHECK(PlainRulesOf(empty.Add(At(seconds(7)), Numbered(0, 0).Text())) ==
        Rules{"R33"});
  List over = Numbered(0, 5);
  over.ended = true;
  SnapshotChecker ended("live.m3u8");
  CHECK(PlainRulesOf(ended.Add(At(seconds(0)), over.Text())).empty());
  CHECK(ended.ended());
  CHECK(PlainRulesOf(ended.Add(At(seconds(100)), over.Text())).empty());
}

TEST_CASE("snapshots: R38: a segment keeps its date") {
  List a = Numbered(0, 5);
  List b = Numbered(0, 6);
  a.entries[1].tags = "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n";
  b.entries[1].tags = "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.040Z\n";
  CHECK(Play(a, b) == Rules{"R38"});
}

TEST_CASE("snapshots: R44: a segment keeps its map") {
  List a = Numbered(0, 5);
  List b = Numbered(0, 6);
  a.entries[0].tags = "#EXT-X-MAP:URI=\"a.mp4\"\n";
  b.entries[0].tags = "#EXT-X-MAP:URI=\"b.mp4\"\n";
  CHECK(Play(a, b) == Rules{"R44"});
}

TEST_CASE("snapshots: R49: a key moves with the window") {
  const std::string key = "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n";
  List a = Numbered(0, 5);
  a.entries[0].tags = key;
  List b = Numbered(1, 5);
  SECTION("lost") { CHECK(Play(a, b) == Rules{"R49"}); }
  SECTION("moved") {
    b.entries[0].tags = key;
    CHECK(Play(a, b).empty());
  }
}

TEST_CASE("snapshots: R113: a date range stays while its segments do") {
  const std::string range =
      "#EXT-X-DATERANGE:ID=\"ad\",START-DATE=\"2026-01-01T00:00:10Z\"\n";
  List a = Numbered(0, 5);
  a.entries[0].tags =
      range + "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n";
  List b = Numbered(1, 5);
  b.entries[0].tags = "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:04.000Z\n";
  CHECK(Play(a, b) == Rules{"R113"});
  b = Numbered(4, 5);
  b.entries[0].tags = "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:16.000Z\n";
  CHECK(Play(a, b).empty());
}

TEST_CASE("snapshots: R35: what left stays available for its time") {
  SnapshotChecker checker("live.m3u8");
  CHECK(
      PlainRulesOf(checker.Add(At(seconds(0)), Numbered(0, 3).Text())).empty());
  CHECK(
      PlainRulesOf(checker.Add(At(seconds(4)), Numbered(1, 3).Text())).empty());
  using Uris = std::vector<std::string>;
  // 4 s of its own and 12 s of the longest list that had it, since it came.
  CHECK(checker.AvailableUris(At(seconds(16))) ==
        Uris{"0.ts", "1.ts", "2.ts", "3.ts"});
  CHECK(checker.AvailableUris(At(milliseconds(16001))) ==
        Uris{"1.ts", "2.ts", "3.ts"});
}

TEST_CASE("snapshots: gaps are not asked for") {
  List a = Numbered(0, 3);
  a.entries[1].tags = "#EXT-X-GAP\n";
  SnapshotChecker checker("live.m3u8");
  (void)checker.Add(At(seconds(0)), a.Text());
  CHECK(checker.AvailableUris(At(seconds(0))) ==
        std::vector<std::string>{"0.ts", "2.ts"});
}

TEST_CASE("snapshots: a finding of the text is told once") {
  List a = Numbered(0, 5);
  a.entries[4].duration = "9.000";
  SnapshotChecker checker("live.m3u8");
  CHECK(PlainRulesOf(checker.Add(At(seconds(0)), a.Text())) == Rules{"R10"});
  List b = Numbered(1, 5);
  b.entries[3].duration = "9.000";
  CHECK(PlainRulesOf(checker.Add(At(seconds(4)), b.Text())).empty());
}

}  // namespace
}  // namespace hlsrec::check
