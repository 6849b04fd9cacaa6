#include "src/media/break_window.h"

#include <memory>
#include <string>

#include "tests/catch.h"

namespace hlsrec::media {
namespace {

constexpr int kVideo = 0;
constexpr int kAudio = 1;
constexpr std::int64_t kStep = 1800;

// p picture, k keyframe, K keyframe with another format; j picture and J
// keyframe after a jump; s sound, S sound with another format, z after a jump.
TimedSample Sample(char letter, std::int64_t time) {
  const std::string pictures = "pkKjJ";
  const bool video = pictures.find(letter) != std::string::npos;
  TimedSample sample;
  sample.sample.track = video ? kVideo : kAudio;
  sample.sample.keyframe = letter != 'p' && letter != 'j';
  sample.sample.payload =
      Payload::FromVector({static_cast<std::uint8_t>(letter)});
  sample.dts90 = sample.pts90 = time;
  sample.discontinuity = letter == 'j' || letter == 'J' || letter == 'z';
  if (letter == 'K' || letter == 'S') {
    sample.format = std::make_shared<const StreamFormat>();
  }
  return sample;
}

std::string Letters(const std::vector<TimedSample>& samples) {
  std::string letters;
  for (const TimedSample& sample : samples) {
    const auto span = sample.sample.payload.spans().front();
    letters += static_cast<char>(span.front());
  }
  return letters;
}

BreakWindow Filled(const std::string& letters,
                   const std::vector<bool>& awaited = {true, true}) {
  BreakWindow window;
  window.Open(awaited);
  for (std::size_t i = 0; i < letters.size(); ++i) {
    INFO("sample " << i << " of " << letters);
    TimedSample sample = Sample(letters[i], static_cast<int>(i) * kStep);
    REQUIRE_FALSE(window.Ends(sample));
    window.Add(std::move(sample));
  }
  return window;
}

struct Row {
  std::string samples;
  std::string before;
  std::string after;
  bool settled = false;
  bool leader_goes_on = false;
  std::size_t start = 0;
};

TEST_CASE("break window: each track breaks where it changes") {
  const Row rows[] = {
      // Both formats change, in either order.
      {"KssS", "ss", "KS", true},
      {"KS", "", "KS", true},
      {"KpsspS", "ss", "KppS", true},
      {"SppK", "pp", "SK", true},
      {"SpsspK", "pp", "SssK", true},
      // One of them alone: all that follows is the next segment's.
      {"Kspsp", "", "Kspsp"},
      {"Spssp", "", "Spssp", false, true, 0},
      // A keyframe nearby spares the next segment a start without one.
      {"Spsksp", "p", "Ssksp", false, true, 2},
      {"Skspk", "", "Skspk", false, true, 1},
      // The timeline broke: the other track may be anywhere in it.
      {"jssp", "", "jssp"},
      {"JssS", "ss", "JS", true},
      {"zppK", "pp", "zK", true},
      {"Jssz", "ss", "Jz", true},
      {"jspz", "s", "jpz", true},
      // Pictures that can't be decoded do not go on in the old segment; what
      // can, does.
      {"jpspK", "", "jpspK"},
      {"JpspK", "Jpp", "sK"},
      {"zspS", "zs", "pS"},
      // Breaks of different kinds join.
      {"SpJ", "p", "SJ", true},
      {"Ksz", "s", "Kz", true},
  };
  for (const Row& row : rows) {
    INFO(row.samples);
    BreakWindow window = Filled(row.samples);
    CHECK(window.open());
    CHECK(window.settled() == row.settled);
    const SettledBreak settled = window.Take(kVideo);
    CHECK(Letters(settled.before) == row.before);
    CHECK(Letters(settled.after) == row.after);
    CHECK(settled.jumped ==
          (row.samples.find_first_of("jJz") != std::string::npos));
    CHECK(settled.leader_goes_on == row.leader_goes_on);
    if (row.leader_goes_on) CHECK(settled.start == row.start);
    CHECK_FALSE(window.open());
  }
}

TEST_CASE("break window: tells who changed, in order") {
  CHECK(Filled("SpK").Take(kVideo).changed == std::vector<int>{kAudio, kVideo});
  CHECK(Filled("Ks").Take(kVideo).changed == std::vector<int>{kVideo});
  CHECK(Filled("js").Take(kVideo).changed.empty());
}

TEST_CASE("break window: a track that breaks twice makes two breaks") {
  CHECK(Filled("Kp").Ends(Sample('K', 2 * kStep)));
  CHECK(Filled("Kp").Ends(Sample('J', 2 * kStep)));
  CHECK(Filled("jp").Ends(Sample('j', 2 * kStep)));
  CHECK(Filled("Sp").Ends(Sample('S', 2 * kStep)));
  CHECK_FALSE(Filled("Kp").Ends(Sample('S', 2 * kStep)));
  CHECK_FALSE(Filled("Kp").Ends(Sample('z', 2 * kStep)));
}

TEST_CASE("break window: ends by time and by size") {
  const BreakWindow window = Filled("Kp");
  CHECK_FALSE(window.Ends(Sample('S', BreakWindow::kLength - 1)));
  CHECK(window.Ends(Sample('S', BreakWindow::kLength)));
  BreakWindow large;
  large.Open({true, true});
  TimedSample first = Sample('K', 0);
  first.sample.payload =
      Payload::FromVector(std::vector<std::uint8_t>(BreakWindow::kMaxBytes));
  large.Add(std::move(first));
  CHECK(large.Ends(Sample('s', 0)));
}

TEST_CASE("break window: waits for the tracks that are recorded alone") {
  CHECK(Filled("K", {true, false}).settled());
  CHECK(Filled("s", {false, false}).settled());
  CHECK_FALSE(Filled("K", {true, true}).settled());
}

TEST_CASE("break window: none is open until one breaks, and none after") {
  BreakWindow window;
  CHECK_FALSE(window.open());
  CHECK_FALSE(window.Ends(Sample('K', 0)));
  window = Filled("KS");
  window.Take(kVideo);
  CHECK_FALSE(window.Ends(Sample('K', BreakWindow::kLength)));
}

}  // namespace
}  // namespace hlsrec::media
