#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tests/check/fixtures.h"
#include "tests/check/live_list.h"
#include "tests/check/live_recording.h"
#include "tests/check/rules_text.h"
#include "tests/check/sound_recordings.h"

namespace hlsrec::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Read {
  milliseconds time;
  std::string text;  // empty: no playlist
};

// What readers saw of one playlist; the segments' own URIs are not asked for.
Fixture Reads(std::string_view rule, const std::string& what,
              std::vector<Read> reads, Expected expected = Expected::kError) {
  return {.rule = rule,
          .expected = expected,
          .what = what,
          .findings = [reads = std::move(reads)](CheckProfile profile) {
            SnapshotChecker checker("live.m3u8", {.profile = profile});
            std::vector<CheckFinding> all;
            for (const Read& read : reads) {
              const std::chrono::steady_clock::time_point time(read.time);
              for (CheckFinding& finding :
                   read.text.empty() ? checker.AddUnreadable(time, "http 404")
                                     : checker.Add(time, read.text)) {
                all.push_back(std::move(finding));
              }
            }
            return all;
          }};
}

// Versions four seconds apart.
Fixture Versions(std::string_view rule, const std::string& what,
                 const std::vector<List>& lists) {
  std::vector<Read> reads;
  for (const List& list : lists) {
    reads.push_back({seconds(4) * reads.size(), list.Text()});
  }
  return Reads(rule, what, std::move(reads));
}

List Typed(List list, const std::string& type) {
  list.type = type;
  return list;
}
List Ended(List list) {
  list.ended = true;
  return list;
}
List Tagged(List list, std::size_t index, const std::string& tags) {
  list.entries[index].tags = tags;
  return list;
}

void AddNumbers(std::vector<Fixture>& out) {
  const List a = Numbered(0, 5);
  const auto add = [&](std::string_view rule, const std::string& what,
                       const List& before, const List& after) {
    out.push_back(Versions(rule, what, {before, after}));
  };
  add("R7", "a type appears", a, Typed(Numbered(0, 6), "EVENT"));
  List longer = Numbered(1, 5);
  longer.target = 5;
  add("R11", "another target duration", a, longer);
  List bare = a;
  List bare_later = Numbered(1, 5);
  bare.sequence_tag = bare_later.sequence_tag = false;
  add("R19", "segments left uncounted", bare, bare_later);
  for (const int wrong : {0, 1, 3}) {
    List list = Numbered(2, 5);
    list.sequence = wrong;
    add("R20", "counts " + std::to_string(wrong) + " of 2", a, list);
  }
  List restarted = Numbered(0, 4);
  for (ListEntry& entry : restarted.entries) entry.uri = "new" + entry.uri;
  add("R20", "goes back at a restart", Numbered(10, 5), restarted);
  List changed = a;
  changed.entries.pop_back();
  add("R21", "the newest left", a, changed);
  changed = a;
  changed.entries[2].uri = "other.ts";
  add("R21", "a number has another segment", a, changed);
  changed = a;
  changed.entries[2].duration = "3.500";
  add("R21", "a segment has another duration", a, changed);
  add("R22", "too few stay", Numbered(0, 3), Numbered(2, 2));
}

void AddDiscontinuities(std::vector<Fixture>& out) {
  const std::string tag = "#EXT-X-DISCONTINUITY\n";
  std::vector<List> lists = {Tagged(Numbered(0, 5), 1, tag),
                             Tagged(Numbered(1, 5), 0, tag), Numbered(2, 5)};
  out.push_back(Versions("R23", "no tag to count discontinuities", lists));
  for (List& list : lists) list.discontinuity_sequence = 0;
  out.push_back(Versions("R24", "one left uncounted", lists));
}

void AddTypes(std::vector<Fixture>& out) {
  const List a = Typed(Numbered(0, 5), "EVENT");
  const auto add = [&](std::string_view rule, const std::string& what,
                       const List& before, const List& after) {
    out.push_back(Versions(rule, what, {before, after}));
  };
  add("R28", "a tag was put in", a,
      Tagged(Typed(Numbered(0, 6), "EVENT"), 1, "#EXT-X-VENDOR\n"));
  add("R28", "segments left", a, Typed(Numbered(1, 6), "EVENT"));
  add("R29", "EVENT became VOD", a, Ended(Typed(Numbered(0, 5), "VOD")));
  add("R29", "VOD grew", Ended(Typed(Numbered(0, 5), "VOD")),
      Ended(Typed(Numbered(0, 6), "VOD")));
  add("R32", "more after the end", Ended(Numbered(0, 5)),
      Ended(Numbered(0, 6)));
}

void AddTimes(std::vector<Fixture>& out) {
  const std::string text = Numbered(0, 5).Text();
  out.push_back(
      Reads("R30", "no playlist for a moment",
            {{seconds(0), text}, {seconds(1), ""}, {seconds(2), text}}));
  out.push_back(Reads("R33", "no new segment",
                      {{seconds(0), text}, {milliseconds(6001), text}}));
  out.push_back(Reads("R33", "nothing ever",
                      {{seconds(0), Numbered(0, 0).Text()},
                       {seconds(7), Numbered(0, 0).Text()}}));
  std::vector<Read> drifting;
  std::vector<Read> steady;
  for (int i = 0; i < 12; ++i) {
    // Dates go on at 3.4 s for each 4 s.
    const auto dated = [&](int ms) {
      return Tagged(Numbered(i, 5), 0,
                    fmt::format("#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:"
                                "{:02}.{:03}Z\n",
                                ms / 1000, ms % 1000))
          .Text();
    };
    drifting.push_back({seconds(4 * i), dated(3400 * i)});
    steady.push_back(
        {seconds(4 * i) + milliseconds(i % 3 * 900), dated(4000 * i)});
  }
  out.push_back(
      Reads("R41", "dates fall behind", drifting, Expected::kWarning));
  out.push_back(Reads("R110", "late by chance", steady, Expected::kAccepted));
  const std::string parts = kLowLatency;
  out.push_back(Reads("R83", "no new part",
                      {{seconds(0), parts}, {milliseconds(501), parts}}));
}

void AddTags(std::vector<Fixture>& out) {
  const List a = Numbered(0, 5);
  const auto add = [&](std::string_view rule, const std::string& what,
                       const List& before, const List& after) {
    out.push_back(Versions(rule, what, {before, after}));
  };
  const std::string date = "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:";
  add("R38", "a date moved", Tagged(a, 1, date + "00.000Z\n"),
      Tagged(Numbered(0, 6), 1, date + "00.040Z\n"));
  add("R44", "a map changed", Tagged(a, 0, "#EXT-X-MAP:URI=\"a.mp4\"\n"),
      Tagged(Numbered(0, 6), 0, "#EXT-X-MAP:URI=\"b.mp4\"\n"));
  add("R49", "a key left",
      Tagged(a, 0, "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n"), Numbered(1, 5));
  add("R113", "a date range left early",
      Tagged(a, 0,
             "#EXT-X-DATERANGE:ID=\"ad\",START-DATE=\"2026-01-01T00:00:10Z\""
             "\n" +
                 date + "00.000Z\n"),
      Tagged(Numbered(1, 5), 0, date + "04.000Z\n"));
}

// A recording under watch; `step` is asked between reads, with their number.
Fixture Watched(std::string_view rule, const std::string& what,
                std::function<bool(LiveRecording&, int)> step) {
  return {.rule = rule, .what = what, .findings = [=](CheckProfile) {
            LiveRecording live;
            live.Step(7);
            int count = 0;
            return Watch(live.playlist(), [&] { return step(live, ++count); })
                .findings;
          }};
}

void AddWatches(std::vector<Fixture>& out) {
  out.push_back(Watched("R31", "listed before it is there",
                        [](LiveRecording& live, int count) {
                          live.Publish(0, 2, count > 1);
                          return false;
                        }));
  out.push_back(Watched("R35", "deleted as it leaves the list",
                        [](LiveRecording& live, int count) {
                          live.Step(7);
                          if (count == 5) live.Remove("0.ts");
                          return false;
                        }));
  out.push_back(Watched("R36", "deleted with its list",
                        [](LiveRecording& live, int count) {
                          live.Remove("a.m3u8");
                          live.Remove("0.ts");
                          return count > 3;
                        }));
}

}  // namespace

std::vector<Fixture> TimeFixtures() {
  std::vector<Fixture> all;
  AddNumbers(all);
  AddDiscontinuities(all);
  AddTypes(all);
  AddTimes(all);
  AddTags(all);
  AddWatches(all);
  return all;
}

}  // namespace hlsrec::check
