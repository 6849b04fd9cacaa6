// What /recordings.json says of folders and of a bucket.
#include "src/serve/recordings.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "hlsrec/forward.h"
#include "hlsrec/testing.h"
#include "src/base/gzip.h"
#include "src/playlist/clip_mark.h"
#include "src/serve/gzip_cache.h"
#include "tests/catch.h"
#include "tests/serve/empty_folder.h"

namespace hlsrec::serve {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;
using testing::Fault;

std::string List(const std::vector<std::string>& uris, bool ended = true) {
  std::string text = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n";
  for (const std::string& uri : uris) text += "#EXTINF:6,\n" + uri + "\n";
  return text + (ended ? "#EXT-X-ENDLIST\n" : "");
}

std::string Packed(const std::string& text) {
  return ReadBody(*MakeGzip(text), UINT64_MAX).value();
}

std::string Manifest(const std::string& id, const std::string& key) {
  return fmt::format(
      R"({{"version": 1, "id": "{}", "state": "completed", "stream": "Cam",
          "session": "s", "started": "2026-01-01T00:00:00.000Z",
          "updated": "2026-01-01T00:00:00.000Z", "identity": {{}},
          "output": "o", "key": "{}",
          "container": "mpegts", "timescale": 90000, "renditions": []}})",
      id, key);
}

// Folders, and a bucket that fails when it is told to.
struct Place {
  explicit Place(ForwardOptions forward = {.http_forwarding_extension = "*"}) {
    forward.access = ForwardAccess::kPresigned;
    const Forwarder forwarder = *Forwarder::Create(std::move(forward));
    recordings = std::make_shared<Recordings>(
        simulation.runtime()->core(),
        RecordingsOptions{.folders = {folder.path()},
                          .bucket = sink,
                          .path_of = [forwarder](const std::string& key) {
                            return forwarder.PathOf(key);
                          }});
  }
  ~Place() {
    decide = nullptr;
    sink->Release();
    simulation.RunUntilIdle();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  void Put(const std::string& key, const std::string& text) {
    memory->Put({.key = key, .body = MakeStringBody(text), .content_type = "x"},
                [](const Status&) {});
  }
  // Nothing while nobody has answered.
  std::shared_ptr<std::optional<Json>> Ask() {
    auto answer = std::make_shared<std::optional<Json>>();
    recordings->Get([answer](const Recordings::Json& json) {
      *answer = Json::parse(*json);
    });
    simulation.RunUntilIdle();
    return answer;
  }
  Json Get() { return Ask()->value(); }
  // When all caches are old.
  Json GetLater() {
    simulation.Advance(seconds(61));
    Ask();
    simulation.Advance(seconds(3));
    return Get();
  }
  static std::vector<std::string> Playlists(const Json& json) {
    std::vector<std::string> found;
    for (const Json& one : json.at("recordings"))
      found.push_back(one["playlist"]);
    return found;
  }

  const EmptyFolder folder;
  testing::ManualClock clock;
  testing::SimulatedRuntime simulation{clock};
  std::shared_ptr<testing::MemorySink> memory =
      std::make_shared<testing::MemorySink>();
  testing::FaultySink::Decide decide;
  std::vector<std::string> asked;  // of the bucket
  std::shared_ptr<testing::FaultySink> sink =
      std::make_shared<testing::FaultySink>(
          memory, [this](std::uint64_t call, const std::string& key) {
            asked.push_back(key);
            return decide == nullptr ? testing::FaultySink::Decision()
                                     : decide(call, key);
          });
  std::shared_ptr<Recordings> recordings;
};
using Names = std::vector<std::string>;

TEST_CASE("recordings: what is in the bucket alone is listed as what is here") {
  Place place;
  place.folder.Write("here/index.m3u8", List({"0.ts"}));
  place.Put("cam/0.ts", "12345");
  place.Put("cam/1.ts", "678");
  place.Put("cam/index.m3u8", Packed(List({"0.ts", "1.ts", "2.ts"})));
  place.Put("cam/recording.json", Manifest("abc", "cam/recording.json"));
  place.Put("cam/poster.jpg", "x");
  place.Put(".hidden/index.m3u8", List({"0.ts"}));
  place.Put("cam/broken.m3u8", "no playlist");
  const Json json = place.Get();
  CHECK(json.at("bucket") == Json::parse(R"({"state": "listed"})"));
  REQUIRE(Place::Playlists(json) == Names{"cam/index.m3u8", "here/index.m3u8"});
  CHECK(json["recordings"][0] == Json::parse(R"({
      "path": "cam/", "title": "Cam", "session": "s", "id": "abc",
      "state": "ended", "playlist": "cam/index.m3u8",
      "playlists": ["cam/index.m3u8"], "duration": 18.0, "size": 8,
      "gaps": [], "poster": "cam/poster.jpg"})"));
}

TEST_CASE("recordings: one that is here and in the bucket is one") {
  Place place;
  // The same place.
  place.folder.Write("a/index.m3u8", List({"0.ts", "1.ts"}, false));
  place.folder.Write("a/0.ts", "12");
  place.Put("a/index.m3u8", List({"0.ts"}, false));
  // Another one, told by its manifest.
  place.folder.Write("b/index.m3u8", List({"0.ts", "1.ts"}));
  place.folder.Write("b/recording.json", Manifest("id", "b/recording.json"));
  place.Put("rec/b/index.m3u8", List({"0.ts"}));
  place.Put("rec/b/recording.json", Manifest("id", "rec/b/recording.json"));
  // Half of it has gone.
  place.folder.Write("c/master.m3u8",
                     "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n");
  place.Put("c/v.m3u8", List({"0.ts"}));
  const Json json = place.Get();
  CHECK(Place::Playlists(json) ==
        Names{"a/index.m3u8", "b/index.m3u8", "c/master.m3u8"});
  CHECK(json["recordings"][0]["duration"] == 12.0);
  CHECK(json["recordings"][0]["size"] == 2);
  CHECK(json["recordings"][1]["playlists"] ==
        Json({"b/index.m3u8", "rec/b/index.m3u8"}));
  CHECK(json["recordings"][2]["playlists"] ==
        Json({"c/master.m3u8", "c/v.m3u8"}));
}

TEST_CASE("recordings: paths are those by which the bucket is asked") {
  Place place({.http_forwarding_extension = "m3u8,ts",
               .path_prefixes = {{"/live", "/rec"}, {"/", "/old"}}});
  place.Put("rec/a b/index.m3u8", List({"0.ts"}));
  place.Put("rec/a b/0.ts", "123");
  place.Put("old/c/index.m3u8", List({"0.ts"}));
  place.Put("elsewhere/index.m3u8", List({"0.ts"}));
  const Json json = place.Get();
  CHECK(Place::Playlists(json) == Names{"c/index.m3u8", "live/a b/index.m3u8"});
  CHECK(json["recordings"][1]["size"] == 3);
}

TEST_CASE("recordings: a bucket that is down does not keep what is here") {
  Place place;
  place.folder.Write("here/index.m3u8", List({"0.ts"}));
  place.Put("cam/index.m3u8", List({"0.ts"}));
  place.decide = [](std::uint64_t, const std::string&) {
    return testing::FaultySink::Decision{.fault = Fault::kFail};
  };
  Json json = place.Get();
  CHECK(Place::Playlists(json) == Names{"here/index.m3u8"});
  CHECK(json["bucket"]["state"] == "failed");
  place.decide = nullptr;
  json = place.GetLater();
  CHECK(json["bucket"]["state"] == "listed");
  CHECK(Place::Playlists(json) == Names{"cam/index.m3u8", "here/index.m3u8"});
  // What is known of it stays.
  place.decide = [](std::uint64_t, const std::string&) {
    return testing::FaultySink::Decision{.fault = Fault::kFail};
  };
  json = place.GetLater();
  CHECK(json["bucket"]["state"] == "failed");
  CHECK(Place::Playlists(json) == Names{"cam/index.m3u8", "here/index.m3u8"});
}

TEST_CASE("recordings: a bucket that does not answer is waited for once") {
  Place place;
  place.folder.Write("here/index.m3u8", List({"0.ts"}));
  place.Put("cam/index.m3u8", List({"0.ts"}));
  place.decide = [](std::uint64_t, const std::string&) {
    return testing::FaultySink::Decision{.fault = Fault::kStall};
  };
  const auto first = place.Ask();
  place.simulation.Advance(seconds(2));
  CHECK_FALSE(first->has_value());
  place.simulation.Advance(seconds(2));
  REQUIRE(first->has_value());
  CHECK(Place::Playlists(**first) == Names{"here/index.m3u8"});
  CHECK((**first)["bucket"]["state"] == "listing");
  place.simulation.Advance(seconds(3));
  CHECK(place.Get()["bucket"]["state"] == "listing");
  place.decide = nullptr;
  place.sink->Release();
  place.simulation.Advance(seconds(3));
  CHECK(Place::Playlists(place.Get()) ==
        Names{"cam/index.m3u8", "here/index.m3u8"});
}

TEST_CASE("recordings: a playlist that can't be read is told, and others are") {
  Place place;
  place.Put("a/index.m3u8", List({"0.ts"}));
  place.Put("b/index.m3u8", List({"0.ts"}));
  place.decide = [](std::uint64_t, const std::string& key) {
    return testing::FaultySink::Decision{
        .fault = key == "a/index.m3u8" ? Fault::kFail : Fault::kNone};
  };
  const Json json = place.Get();
  CHECK(json["bucket"]["state"] == "failed");
  CHECK(Place::Playlists(json) == Names{"b/index.m3u8"});
}

TEST_CASE("recordings: the bucket is asked no more often than it is old") {
  Place place;
  place.Put("cam/index.m3u8", List({"0.ts"}));
  place.Get();
  const std::size_t asked = place.asked.size();
  CHECK(asked > 0);
  for (int i = 0; i < 10; ++i) {
    place.simulation.Advance(seconds(5));
    place.Get();
  }
  CHECK(place.asked.size() == asked);
  place.Put("cam2/index.m3u8", List({"0.ts"}));
  CHECK(Place::Playlists(place.GetLater()) ==
        Names{"cam/index.m3u8", "cam2/index.m3u8"});
}

TEST_CASE("recordings: clips are with their recording") {
  Place place;
  place.folder.Write("cam/index.m3u8", List({"0.ts", "1.ts"}));
  place.folder.Write("cam/recording.json",
                     Manifest("abc", "cam/recording.json"));
  const auto clip = [](const std::string& of) {
    return playlist::MarkAsClip(List({"1.ts"}), of);
  };
  place.folder.Write("cam/goal.m3u8", clip("index.m3u8"));
  place.folder.Write("cam/again.m3u8", clip("goal.m3u8"));
  place.folder.Write("cam/loop.m3u8", clip("loop.m3u8"));
  // What it was made of has gone, and it plays yet.
  place.folder.Write("other/old.m3u8", clip("index.m3u8"));
  // In the bucket, of what is here.
  place.Put("clips/away.m3u8",
            playlist::MarkAsClip(List({"../cam/1.ts"}), "../cam/index.m3u8"));
  place.folder.Write("abr/master.m3u8",
                     "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n");
  place.folder.Write("abr/v.m3u8", List({"0.ts"}));
  place.folder.Write(
      "abr/clip.m3u8",
      playlist::MarkAsClip(
          "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nclip_v.m3u8\n",
          "master.m3u8"));
  place.folder.Write("abr/clip_v.m3u8",
                     playlist::MarkAsClip(List({"0.ts"}), "v.m3u8"));
  const Json json = place.Get();
  REQUIRE(Place::Playlists(json) ==
          Names{"abr/master.m3u8", "cam/index.m3u8", "other/old.m3u8"});
  CHECK(json["recordings"][0]["clips"] == Json({"abr/clip.m3u8"}));
  CHECK(json["recordings"][1]["clips"] ==
        Json({"cam/again.m3u8", "cam/goal.m3u8", "clips/away.m3u8"}));
  CHECK(json["recordings"][1]["playlists"] ==
        Json({"cam/index.m3u8", "cam/loop.m3u8"}));
  CHECK_FALSE(json["recordings"][2].contains("clips"));
}

}  // namespace
}  // namespace hlsrec::serve
