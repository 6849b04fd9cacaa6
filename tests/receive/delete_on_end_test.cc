#include "src/receive/stream_name.h"
#include "tests/receive/receiving.h"

namespace hlsrec::receive {
namespace {

using std::chrono::seconds;
using testing::Fault;
using Keys = std::vector<std::string>;

Request Finish(Receiving& receiving, const std::string& path) {
  Request request = receiving.Begin("POST", "");
  request.Send(R"({"streamId":"cam1","filePath":")" + path +
               R"(","command":"publish_finished"})");
  request.End();
  receiving.simulation.RunUntilIdle();
  return request;
}

// A stream with two variants and an init section, and one beside it.
void PutStreams(Receiving& receiving) {
  for (const char* name :
       {"a/cam1_360p800kbps000000001.ts", "a/cam1_1700000000000_init.mp4",
        "a/cam1-2024-04-02_13-18-35.844_720p1.fmp4", "a/cam12-0.ts"}) {
    REQUIRE(receiving.Put(name, "x").status() == 201);
  }
  receiving.Put("a/cam1_360p800kbps.m3u8",
                ListOf({"cam1_360p800kbps000000001.ts"}));
  receiving.Put("a/cam1-2024-04-02_13-18-35.844.m3u8",
                ListOf({"cam1-2024-04-02_13-18-35.844_720p1.fmp4"},
                       "#EXT-X-MAP:URI=\"cam1_1700000000000_init.mp4\"\n"));
  receiving.Put("a/cam1_adaptive.m3u8",
                "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n"
                "cam1_360p800kbps.m3u8\n");
  receiving.Put("a/cam12.m3u8", ListOf({"cam12-0.ts"}));
}

TEST_CASE("delete on end: all that the stream's lists named, and no more") {
  Receiving receiving({.delete_on_end = seconds(30)});
  PutStreams(receiving);
  REQUIRE(receiving.memory->Keys().size() == 8);
  CHECK(Finish(receiving, "a/cam1").status() == 200);
  receiving.simulation.Advance(seconds(29));
  CHECK(receiving.memory->Keys().size() == 8);
  receiving.simulation.Advance(seconds(2));
  CHECK(receiving.memory->Keys() == Keys{"a/cam12-0.ts", "a/cam12.m3u8"});
}

TEST_CASE("delete on end: lists go before what they name") {
  Receiving receiving({.delete_on_end = seconds(1)});
  receiving.Put("cam1.ts", "x");
  receiving.Put("cam1.m3u8", ListOf({"cam1.ts"}));
  Finish(receiving, "cam1.m3u8");
  receiving.simulation.Advance(seconds(2));
  CHECK(receiving.Log() == Keys{"put cam1.ts", "put cam1.m3u8",
                                "remove cam1.m3u8", "remove cam1.ts"});
}

TEST_CASE("delete on end: segments that left the window go, too") {
  Receiving receiving({.delete_on_end = seconds(1)});
  receiving.Put("0.ts", "x");
  receiving.Put("1.ts", "x");
  receiving.Put("cam1.m3u8", ListOf({"0.ts"}));
  receiving.Put("cam1.m3u8", ListOf({"1.ts"}));
  Finish(receiving, "cam1");
  receiving.simulation.Advance(seconds(2));
  CHECK(receiving.memory->Keys().empty());
}

TEST_CASE("delete on end: what the encoder removed is not removed again") {
  Receiving receiving({.delete_on_end = seconds(1)});
  receiving.Put("0.ts", "x");
  receiving.Put("1.ts", "x");
  receiving.Put("cam1.m3u8", ListOf({"0.ts"}));
  receiving.Put("cam1.m3u8", ListOf({"1.ts"}));
  CHECK(receiving.Send("DELETE", "0.ts").status() == 204);
  const std::size_t before = receiving.Log().size();
  Finish(receiving, "cam1");
  receiving.simulation.Advance(seconds(2));
  Keys log = receiving.Log();
  log.erase(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(before));
  CHECK(log == Keys{"remove cam1.m3u8", "remove 1.ts"});
}

TEST_CASE("delete on end: nothing that another list names, or lies elsewhere") {
  Receiving receiving({.delete_on_end = seconds(1)});
  receiving.Put("a/0.ts", "x");
  receiving.Put("b/0.ts", "x");
  receiving.Put("a/cam1.m3u8", ListOf({"0.ts", "../b/0.ts"}));
  receiving.Put("a/cam2.m3u8", ListOf({"0.ts"}));
  Finish(receiving, "a/cam1");
  receiving.simulation.Advance(seconds(2));
  CHECK(receiving.memory->Keys() == Keys{"a/0.ts", "a/cam2.m3u8", "b/0.ts"});
}

TEST_CASE("delete on end: a stream that began again stays") {
  Receiving receiving({.delete_on_end = seconds(10)});
  receiving.Put("0.ts", "x");
  receiving.Put("cam1.m3u8", ListOf({"0.ts"}));
  Finish(receiving, "cam1");
  receiving.simulation.Advance(seconds(5));
  receiving.Put("1.ts", "x");
  receiving.Put("cam1.m3u8", ListOf({"1.ts"}));
  receiving.simulation.Advance(seconds(10));
  CHECK(receiving.memory->Keys() == Keys{"0.ts", "1.ts", "cam1.m3u8"});
}

TEST_CASE("delete on end: a stream that begins again while it goes stays") {
  for (const bool waits : {false, true}) {
    Receiving receiving({.delete_on_end = seconds(1)});
    receiving.Put("0.ts", "x");
    receiving.Put("cam1.m3u8", ListOf({"0.ts"}));
    receiving.decide = [](std::uint64_t, const std::string& key) {
      return testing::FaultySink::Decision{
          .fault = key == "cam1.m3u8" ? Fault::kStall : Fault::kNone};
    };
    Finish(receiving, "cam1");
    receiving.simulation.Advance(seconds(2));
    receiving.decide = nullptr;
    const Request again = receiving.Put(
        "cam1.m3u8", ListOf(waits ? Keys{"0.ts", "1.ts"} : Keys{"0.ts"}));
    CHECK(again.status() == -1);
    receiving.sink->Release();
    receiving.simulation.RunUntilIdle();
    if (waits) receiving.Put("1.ts", "y");
    CHECK(again.status() == 201);
    CHECK(receiving.memory->Text("cam1.m3u8").find("GAP") == std::string::npos);
    CHECK(receiving.memory->Text("0.ts") == "x");
    CHECK(receiving.Send("DELETE", "0.ts").status() == 409);
  }
}

TEST_CASE("delete on end: a list that comes while its removal fails is kept") {
  Receiving receiving({.delete_on_end = seconds(1)});
  receiving.Put("0.ts", "x");
  receiving.Put("cam1.m3u8", ListOf({"0.ts"}));
  bool fails = true;
  receiving.decide = [&](std::uint64_t, const std::string& key) {
    return testing::FaultySink::Decision{
        .fault = fails && key == "cam1.m3u8" ? Fault::kFail : Fault::kNone};
  };
  Finish(receiving, "cam1");
  receiving.simulation.Advance(std::chrono::milliseconds(1100));
  const Request first = receiving.Put("cam1.m3u8", ListOf({"0.ts"}));
  const Request second = receiving.Put("cam1.m3u8", ListOf({"0.ts", "1.ts"}));
  fails = false;
  receiving.simulation.Advance(seconds(5));
  receiving.Put("1.ts", "y");
  CHECK(first.status() == 201);
  CHECK(second.status() == 201);
  CHECK(receiving.memory->Keys() == Keys{"0.ts", "1.ts", "cam1.m3u8"});
}

TEST_CASE("delete on end: nothing that other streams' lists are, or share") {
  Receiving receiving({.delete_on_end = seconds(1)});
  const auto all = [](const Keys& variants) {
    std::string text = "#EXTM3U\n";
    for (const std::string& uri : variants) {
      text += "#EXT-X-STREAM-INF:BANDWIDTH=1\n" + uri + "\n";
    }
    return text;
  };
  for (const char* name : {"cam2/0.ts", "cam1/s.ts", "cam1/x.ts"}) {
    receiving.Put(name, "x");
  }
  receiving.Put("cam2/audio.m3u8", ListOf({"0.ts"}));
  receiving.Put("cam1/shared.m3u8", ListOf({"s.ts"}));
  receiving.Put("cam1/own.m3u8", ListOf({"x.ts"}));
  receiving.Put("cam1/x_adaptive.m3u8",
                all({"../cam2/audio.m3u8", "shared.m3u8", "own.m3u8"}));
  receiving.Put("cam1/y_adaptive.m3u8", all({"shared.m3u8"}));
  Finish(receiving, "cam1/x");
  receiving.simulation.Advance(seconds(2));
  CHECK(receiving.memory->Keys() == Keys{"cam1/s.ts", "cam1/shared.m3u8",
                                         "cam1/y_adaptive.m3u8", "cam2/0.ts",
                                         "cam2/audio.m3u8"});
}

TEST_CASE("delete on end: after a restart other folders stay, too") {
  Receiving receiving({.delete_on_end = seconds(1)});
  const auto there = [&](const std::string& key, const std::string& text) {
    receiving.memory->Put(
        {.key = key, .body = MakeStringBody(text), .content_type = "x"},
        [](const Status&) {});
  };
  there("cam2/0.ts", "x");
  there("cam2/audio.m3u8", ListOf({"0.ts"}));
  there("cam1/x_adaptive.m3u8",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n../cam2/audio.m3u8\n");
  Finish(receiving, "cam1/x");
  receiving.simulation.Advance(seconds(2));
  CHECK(receiving.memory->Keys() == Keys{"cam2/0.ts", "cam2/audio.m3u8"});
}

TEST_CASE("delete on end: of an earlier process what its lists name now") {
  Receiving first;
  PutStreams(first);
  Receiving receiving({.delete_on_end = seconds(1)});
  for (const auto& [key, text] : first.memory->objects()) {
    receiving.memory->Put(
        {.key = key, .body = MakeStringBody(text), .content_type = "x"},
        [](const Status&) {});
  }
  Finish(receiving, "/a/cam1");
  receiving.simulation.Advance(seconds(2));
  CHECK(receiving.memory->Keys() == Keys{"a/cam12-0.ts", "a/cam12.m3u8"});
}

TEST_CASE("delete on end: it is off unless asked for, and commands are known") {
  Receiving receiving;
  PutStreams(receiving);
  CHECK(Finish(receiving, "a/cam1").status() == 200);
  receiving.simulation.Advance(std::chrono::hours(24));
  CHECK(receiving.memory->Keys().size() == 8);
  const auto post = [&](std::string_view text) {
    Request request = receiving.Begin("POST", "");
    request.Send(text);
    request.End();
    return request.status();
  };
  CHECK(post(R"({"command":"drop_tables"})") == 400);
  CHECK(post("x") == 400);
  CHECK(post(R"({"command":"publish_finished","filePath":"../x"})") == 400);
}

TEST_CASE("delete on end: names of Ant Media Server's lists") {
  const auto is = [](std::string_view key) {
    return IsListOfStream("s/cam1", key);
  };
  CHECK(is("s/cam1.m3u8"));
  CHECK(is("s/cam1_adaptive.m3u8"));
  CHECK(is("s/cam1_360p.m3u8"));
  CHECK(is("s/cam1_800kbps.m3u8"));
  CHECK(is("s/cam1_360p800kbps.m3u8"));
  CHECK(is("s/cam1-2024-04-02_13-18-35.844_adaptive.m3u8"));
  CHECK(is("s/cam1-2024-04-02_13-18-35.m3u8"));
  CHECK_FALSE(is("s/cam12.m3u8"));
  CHECK_FALSE(is("s/cam1_other.m3u8"));
  CHECK_FALSE(is("s/cam1-2.m3u8"));
  CHECK_FALSE(is("s/cam1_.m3u8"));
  CHECK_FALSE(is("s/cam1.ts"));
  CHECK_FALSE(is("s/cam1_360p800kbpsx.m3u8"));
  CHECK_FALSE(IsListOfStream("", ".m3u8"));
}

}  // namespace
}  // namespace hlsrec::receive
