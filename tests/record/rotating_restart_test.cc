// Playlists that follow each other, where puts fail and processes die.
#include <functional>
#include <string>
#include <vector>

#include "hlsrec/recorder.h"
#include "hlsrec/testing.h"
#include "src/playlist/parse.h"
#include "tests/catch.h"
#include "tests/record/machine.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

using std::chrono::seconds;

struct Studio : Machine {
  std::unique_ptr<Recorder> recorder;

  Studio() { Go(); }
  void Go() {
    RecordingOptions options = CameraOptions(faulty);
    options.segment.target_duration = seconds(1);
    options.segment.max_gop = seconds(1);
    options.outputs[0].playlists = {
        {.path = "list-{seq}.m3u8",
         .policy = RotatingList({.period = seconds(4)})}};
    recorder = Open(std::move(options));
  }
  // As it would come live, from second `from` on.
  void Push(int length, int from) {
    Machine::Push(*recorder,
                  Stream(length, 25, false, std::int64_t{from} * 25));
  }
  void Finish() {
    recorder->Finish();
    REQUIRE(recorder->Wait().status.ok());
  }
  [[nodiscard]] std::vector<std::string> Lists() const {
    std::vector<std::string> lists;
    for (const std::string& key : sink->Keys()) {
      if (key.ends_with(".m3u8")) lists.push_back(key);
    }
    return lists;
  }
  // Every segment that is stored is in one list, and each list has its end.
  void CheckComplete() const {
    std::size_t listed = 0;
    for (const std::string& key : Lists()) {
      INFO(sink->Text(key));
      const auto parsed = playlist::ParsePlaylist(sink->Text(key));
      REQUIRE(parsed.ok());
      CHECK(parsed->media.end_list.present());
      listed += parsed->media.segments.size();
      for (const auto& segment : parsed->media.segments) {
        CHECK_FALSE(sink->Text(segment.uri).empty());
      }
    }
    CHECK(listed == sink->Keys().size() - Lists().size());
  }
};

using Keys = std::vector<std::string>;

TEST_CASE("rotating: a list waits until the one before it has its end") {
  Studio studio;
  studio.Push(3, 0);
  REQUIRE(studio.Lists() == Keys{"list-0.m3u8"});
  studio.fails = [](const std::string& key) { return key == "list-0.m3u8"; };
  studio.Push(8, 3);
  CHECK(studio.Lists() == Keys{"list-0.m3u8"});
  studio.fails = nullptr;
  studio.Push(4, 11);
  CHECK(studio.Lists().size() == 4);
  studio.Finish();
  studio.CheckComplete();
}

TEST_CASE("rotating: a list that could not be put is there after a restart") {
  Studio studio;
  studio.Push(5, 0);
  // The second one, never put before.
  studio.fails = [](const std::string& key) { return key == "list-4.m3u8"; };
  studio.Push(6, 5);
  studio.Kill(studio.recorder);
  studio.fails = nullptr;
  studio.Start();
  studio.Go();
  studio.Push(4, 20);
  studio.Finish();
  studio.CheckComplete();
}

}  // namespace
}  // namespace hlsrec
