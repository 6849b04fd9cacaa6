// Nothing that was accepted a second before a kill is lost, and no reader ever
// notices: real recorders of a live stream, killed and started again.
//
// HLSREC_KILLS=200 makes it long.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/catch.h"
#include "tests/crash/lane.h"
#include "tests/crash/live_feed.h"
#include "tests/crash/playlist_reader.h"
#include "tests/crash/verdict.h"
#include "tests/inputs/ports.h"

namespace hlsrec::testing {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kMostLost{1000};
// A demultiplexer tells of a picture when the next one begins, and of none
// while a busy machine runs something else.
constexpr milliseconds kAllowance{500};

std::size_t WantedKills() {
  const char* text = std::getenv("HLSREC_KILLS");
  return text == nullptr ? 20 : std::strtoul(text, nullptr, 10);
}

struct Kind {
  Words arguments;
  std::vector<std::string> playlists;
};

std::vector<Kind> Kinds() {
  return {
      {{"--container", "ts", "--segment-time", "1"}, {"index.m3u8"}},
      {{"--container", "fmp4", "--segment-time", "2", "--playlist", "event",
        "--playlist", "live.m3u8=live:6s"},
       {"index.m3u8", "live.m3u8"}},
      {{"--container", "ts", "--segment-time", "2", "--playlist", "event",
        "--playlist", "live.m3u8=live:6"},
       {"index.m3u8", "live.m3u8"}},
      {{"--container", "fmp4", "--segment-time", "1"}, {"index.m3u8"}},
  };
}

void PrintLosses(const std::vector<Loss>& losses) {
  std::map<std::string, std::vector<milliseconds>> by_kind;
  for (const Loss& loss : losses) {
    by_kind[NameOf(loss.kind)].push_back(loss.age);
    by_kind["all"].push_back(loss.age);
  }
  for (auto& [kind, ages] : by_kind) {
    std::sort(ages.begin(), ages.end());
    std::printf(
        "lost by a kill while %s: %zu kills, median %lld ms, most "
        "%lld ms\n",
        kind.c_str(), ages.size(),
        static_cast<long long>(ages[ages.size() / 2].count()),
        static_cast<long long>(ages.back().count()));
  }
}

void PrintKills(const std::deque<Lane>& lanes) {
  std::map<std::string, std::size_t> kills;
  std::size_t recordings = 0;
  for (const Lane& lane : lanes) {
    recordings += lane.recordings().size();
    for (const KilledRecording& recording : lane.recordings()) {
      for (const Kill& kill : recording.kills) ++kills[NameOf(kill.kind)];
    }
  }
  std::printf("%zu recordings, killed while", recordings);
  for (const auto& [kind, count] : kills) {
    std::printf(" %s: %zu", kind.c_str(), count);
  }
  std::printf("\n");
}

}  // namespace

TEST_CASE("crash: kills cost a second each and no reader notices") {
  const std::size_t kills = WantedKills();
  const std::vector<Kind> kinds = Kinds();
  const std::size_t each = (kills + kinds.size() - 1) / kinds.size();
  const unsigned seed = std::random_device()();
  const TempDirectory directory;
  std::vector<int> ports;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    ports.push_back(FreePort(Transport::kUdp));
  }
  // The longest that a kill can take, and what an end takes.
  const std::chrono::seconds duration(30 + 6 * each);
  const LiveFeed feed(directory.path(""), duration, ports);
  std::deque<Lane> lanes;
  PlaylistReader::Report read;
  {
    PlaylistReader reader;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      lanes.emplace_back(
          LaneOptions{.port = ports[i],
                      .folder = directory.path(std::to_string(i)),
                      .arguments = kinds[i].arguments,
                      .playlists = kinds[i].playlists,
                      .kills = each,
                      .seed = seed + static_cast<unsigned>(i)},
          reader);
    }
    std::vector<std::thread> threads;
    threads.reserve(lanes.size());
    for (Lane& lane : lanes) threads.emplace_back([&lane] { lane.Run(); });
    for (std::thread& thread : threads) thread.join();
    read = reader.report();
  }
  std::printf("seed %u; %zu reads of %zu versions, %zu segments\n", seed,
              read.reads, read.versions, read.segments);
  PrintKills(lanes);
  for (const std::string& problem : read.problems) {
    FAIL_CHECK(problem);
  }
  std::vector<Loss> losses;
  for (const Lane& lane : lanes) {
    for (const std::string& problem : lane.problems()) FAIL_CHECK(problem);
    if (!lane.problems().empty()) continue;
    for (const KilledRecording& recording : lane.recordings()) {
      const auto more = Judge(recording, feed);
      losses.insert(losses.end(), more.begin(), more.end());
    }
  }
  REQUIRE_FALSE(feed.over());
  REQUIRE_FALSE(losses.empty());
  PrintLosses(losses);
  for (const Loss& loss : losses) {
    CAPTURE(NameOf(loss.kind));
    CHECK(loss.age <= kMostLost + kAllowance);
  }
}

TEST_CASE("crash: resume takes away a spool that was half taken away") {
  const TempDirectory directory;
  const std::string spools = directory.path(".hlsrec-spool");
  std::filesystem::create_directories(spools + "/cam-1");
  std::ofstream(spools + "/cam-1/lock").put('\n');
  const Ended ended = RunWell(Hlsrec({"resume", directory.path("")}));
  CHECK(ended.out.empty());
  CHECK_FALSE(std::filesystem::exists(spools));
}

}  // namespace hlsrec::testing
