#include "src/base/gzip.h"
#include "tests/receive/receiving.h"

namespace hlsrec::receive {
namespace {

using std::chrono::seconds;
using testing::Fault;
using Keys = std::vector<std::string>;

testing::FaultySink::Decide FailPuts(const std::string& bad) {
  return [bad](std::uint64_t, const std::string& key) {
    return testing::FaultySink::Decision{.fault = key == bad ? Fault::kFail
                                                             : Fault::kNone};
  };
}

TEST_CASE("uploads: a playlist waits for segments that come behind it") {
  Receiving receiving;
  Request segment = receiving.Begin("PUT", "a/0.ts");
  segment.Send("abc");
  const Request list = receiving.Put("a/index.m3u8", ListOf({"0.ts", "1.ts"}));
  receiving.simulation.Advance(seconds(5));
  CHECK(list.status() == -1);
  CHECK(receiving.Put("a/1.ts", "def").status() == 201);
  CHECK(list.status() == -1);
  segment.End();
  receiving.simulation.RunUntilIdle();
  CHECK(list.status() == 201);
  CHECK(receiving.Log() ==
        Keys{"put a/1.ts", "put a/0.ts", "put a/index.m3u8"});
  CHECK(receiving.memory->log().back().object == ObjectKind::kMediaPlaylist);
}

TEST_CASE("uploads: of two playlists that wait the newer is put, for both") {
  Receiving receiving;
  receiving.Put("0.ts", "0");
  const Request first = receiving.Put("i.m3u8", ListOf({"1.ts", "2.ts"}));
  const Request second = receiving.Put("i.m3u8", ListOf({"0.ts"}));
  CHECK(first.status() == 201);
  CHECK(second.status() == 201);
  CHECK(receiving.memory->Text("i.m3u8") == ListOf({"0.ts"}));
  CHECK(receiving.Log() == Keys{"put 0.ts", "put i.m3u8"});
}

TEST_CASE("uploads: a list that is read behind a newer one does not go back") {
  Receiving receiving;
  const std::string header = "#EXT-X-MEDIA-SEQUENCE:7\n";
  const std::string older = ListOf({"7.ts", "8.ts"}, header);
  std::string newer = ListOf({"7.ts", "8.ts", "9.ts"}, header);
  receiving.Put("7.ts", "7");
  receiving.Put("8.ts", "8");
  SECTION("that is stored") {
    receiving.Put("9.ts", "9");
    CHECK(receiving.Put("i.m3u8", newer).status() == 201);
    CHECK(receiving.Put("i.m3u8", older).status() == 201);
  }
  SECTION("that waits for what it names") {
    const Request first = receiving.Put("i.m3u8", newer);
    const Request second = receiving.Put("i.m3u8", older);
    CHECK(second.status() == -1);
    receiving.Put("9.ts", "9");
    CHECK(first.status() == 201);
    CHECK(second.status() == 201);
  }
  SECTION("that is being stored") {
    receiving.Put("9.ts", "9");
    receiving.decide = [](std::uint64_t, const std::string&) {
      return testing::FaultySink::Decision{.fault = Fault::kStall};
    };
    const Request first = receiving.Put("i.m3u8", newer);
    const Request second = receiving.Put("i.m3u8", older);
    CHECK(second.status() == -1);
    receiving.decide = nullptr;
    receiving.sink->Release();
    receiving.simulation.RunUntilIdle();
    CHECK(first.status() == 201);
    CHECK(second.status() == 201);
  }
  SECTION("that has a window further on") {
    receiving.Put("9.ts", "9");
    newer = ListOf({"8.ts", "9.ts"}, "#EXT-X-MEDIA-SEQUENCE:8\n");
    CHECK(receiving.Put("i.m3u8", newer).status() == 201);
    CHECK(receiving.Put("i.m3u8", older).status() == 201);
  }
  SECTION("that says the same, and ends") {
    newer = older + "#EXT-X-ENDLIST\n";
    CHECK(receiving.Put("i.m3u8", newer).status() == 201);
    CHECK(receiving.Put("i.m3u8", older).status() == 201);
  }
  CHECK(receiving.memory->Text("i.m3u8") == newer);
  CHECK(receiving.receiver->stats().overtaken == 1);
}

TEST_CASE("uploads: a list whose newer version was not stored is taken") {
  Receiving receiving({.missing_segments = MissingSegments::kRefuse});
  receiving.Put("0.ts", "0");
  const Request newer = receiving.Put("i.m3u8", ListOf({"0.ts", "1.ts"}));
  receiving.simulation.Advance(seconds(31));
  CHECK(newer.status() == 409);
  CHECK(receiving.Put("i.m3u8", ListOf({"0.ts"})).status() == 201);
  CHECK(receiving.memory->Text("i.m3u8") == ListOf({"0.ts"}));
}

TEST_CASE("uploads: what is put behind a DELETE under way is stored") {
  Receiving receiving;
  for (const char* key : {"0.ts", "1.ts"}) receiving.Put(key, key);
  CHECK(receiving.Put("i.m3u8", ListOf({"0.ts", "1.ts"})).status() == 201);
  receiving.decide = [](std::uint64_t, const std::string&) {
    return testing::FaultySink::Decision{.fault = Fault::kStall};
  };
  const Request gone = receiving.Send("DELETE", "i.m3u8");
  const Request put = receiving.Put("i.m3u8", ListOf({"0.ts"}));
  receiving.decide = nullptr;
  receiving.sink->Release();
  receiving.simulation.RunUntilIdle();
  CHECK(gone.status() == 204);
  CHECK(put.status() == 201);
  CHECK(receiving.memory->objects().contains("i.m3u8"));
}

TEST_CASE(
    "uploads: who asks for a list to be new is told that there is a newer "
    "one") {
  Receiving receiving;
  for (const char* key : {"0.ts", "1.ts"}) receiving.Put(key, key);
  CHECK(receiving.Put("i.m3u8", ListOf({"0.ts", "1.ts"})).status() == 201);
  CHECK(receiving.Put("i.m3u8", ListOf({"0.ts"}), {{"If-None-Match", "*"}})
            .status() == 412);
}

TEST_CASE("uploads: a newer list that failed lets no older one in, either") {
  Receiving receiving({.missing_segments = MissingSegments::kRefuse});
  for (const char* key : {"0.ts", "1.ts", "2.ts"}) receiving.Put(key, key);
  const std::string stored = ListOf({"0.ts", "1.ts", "2.ts"});
  CHECK(receiving.Put("i.m3u8", stored).status() == 201);
  receiving.simulation.Advance(seconds(5));
  SECTION("not stored") {
    receiving.Put("3.ts", "3");
    receiving.decide = [](std::uint64_t, const std::string&) {
      return testing::FaultySink::Decision{.fault = Fault::kFail};
    };
    const Request newer =
        receiving.Put("i.m3u8", ListOf({"0.ts", "1.ts", "2.ts", "3.ts"}));
    receiving.simulation.Advance(seconds(21));
    CHECK(newer.status() == 503);
    receiving.decide = nullptr;
  }
  SECTION("the segment of the newer one is told to have failed") {
    receiving.decide = [](std::uint64_t, const std::string&) {
      return testing::FaultySink::Decision{.fault = Fault::kFail};
    };
    CHECK(receiving.Put("3.ts", "3").status() == -1);
    receiving.simulation.Advance(seconds(21));
    receiving.decide = nullptr;
    const Request newer =
        receiving.Put("i.m3u8", ListOf({"0.ts", "1.ts", "2.ts", "3.ts"}));
    receiving.simulation.Advance(seconds(1));
  }
  receiving.Put("i.m3u8", ListOf({"0.ts", "1.ts"}));
  CHECK(receiving.memory->Text("i.m3u8") == stored);
}

TEST_CASE("uploads: a stream that began anew is no older version of itself") {
  Receiving receiving;
  receiving.Put("0.ts", "0");
  receiving.Put("1.ts", "1");
  CHECK(receiving.Put("i.m3u8", ListOf({"0.ts", "1.ts"})).status() == 201);
  const std::string anew = ListOf({"0.ts"});
  SECTION("its segments come again") {
    receiving.Put("0.ts", "other");
    CHECK(receiving.Put("i.m3u8", anew).status() == 201);
    CHECK(receiving.memory->Text("i.m3u8") == anew);
  }
  SECTION("its segments have other names") {
    receiving.Put("a0.ts", "other");
    CHECK(receiving.Put("i.m3u8", ListOf({"a0.ts"})).status() == 201);
    CHECK(receiving.memory->Text("i.m3u8") == ListOf({"a0.ts"}));
  }
  SECTION("it has gone on elsewhere") {
    receiving.Put("a1.ts", "other");
    const std::string other = ListOf({"0.ts", "a1.ts"});
    CHECK(receiving.Put("i.m3u8", other).status() == 201);
    CHECK(receiving.memory->Text("i.m3u8") == other);
  }
  SECTION("nobody waits for so long") {
    receiving.simulation.Advance(seconds(31));
    CHECK(receiving.Put("i.m3u8", anew).status() == 201);
    CHECK(receiving.memory->Text("i.m3u8") == anew);
  }
  SECTION("its list was deleted") {
    CHECK(receiving.Send("DELETE", "i.m3u8").status() == 204);
    CHECK(receiving.Put("i.m3u8", anew).status() == 201);
    CHECK(receiving.memory->Text("i.m3u8") == anew);
  }
  SECTION("it ends there") {
    CHECK(receiving.Put("i.m3u8", anew + "#EXT-X-ENDLIST\n").status() == 201);
    CHECK(receiving.memory->Text("i.m3u8") == anew + "#EXT-X-ENDLIST\n");
  }
  CHECK(receiving.receiver->stats().overtaken == 0);
}

TEST_CASE("uploads: a segment that never comes is a gap, and stays one") {
  Receiving receiving;
  receiving.Put("0.ts", "0");
  const Request list = receiving.Put("i.m3u8", ListOf({"0.ts", "1.ts"}));
  receiving.simulation.Advance(seconds(31));
  REQUIRE(list.status() == 201);
  const std::string gap =
      "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n"
      "#EXTINF:2.0,\n0.ts\n#EXTINF:2.0,\n#EXT-X-GAP\n1.ts\n";
  CHECK(receiving.memory->Text("i.m3u8") == gap);
  CHECK(receiving.receiver->stats().gaps == 1);
  receiving.Put("1.ts", "late");
  receiving.Put("2.ts", "2");
  CHECK(receiving.Put("i.m3u8", ListOf({"0.ts", "1.ts", "2.ts"})).status() ==
        201);
  CHECK(receiving.memory->Text("i.m3u8") == gap + "#EXTINF:2.0,\n2.ts\n");
  CHECK(receiving.receiver->stats().gaps == 1);
}

TEST_CASE("uploads: a segment that could not be stored is a gap at once") {
  Receiving receiving({.patience = seconds(3)});
  receiving.decide = FailPuts("1.ts");
  receiving.Put("0.ts", "0");
  const Request segment = receiving.Put("1.ts", "1");
  const Request list = receiving.Put("i.m3u8", ListOf({"0.ts", "1.ts"}));
  receiving.simulation.Advance(seconds(2));
  CHECK(list.status() == -1);
  receiving.simulation.Advance(seconds(30));
  CHECK(segment.status() == 503);
  CHECK(list.status() == 201);
  CHECK(receiving.memory->Text("i.m3u8").find("#EXT-X-GAP\n1.ts") !=
        std::string::npos);
}

TEST_CASE("uploads: who wants no gaps is refused until it is there") {
  Receiving receiving({.missing_segments = MissingSegments::kRefuse});
  const Request list = receiving.Put("i.m3u8", ListOf({"0.ts"}));
  receiving.simulation.Advance(seconds(31));
  CHECK(list.status() == 409);
  CHECK(list.Text() == "i.m3u8: names 0.ts, which is not stored\n");
  CHECK(receiving.memory->Keys().empty());
  receiving.Put("0.ts", "0");
  CHECK(receiving.Put("i.m3u8", ListOf({"0.ts"})).status() == 201);
}

TEST_CASE("uploads: without its init section or variants no list is stored") {
  Receiving receiving;
  const std::string map = "#EXT-X-MAP:URI=\"init.mp4\"\n";
  const Request list = receiving.Put("v/i.m3u8", ListOf({}, map));
  const Request all = receiving.Put(
      "all.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv/i.m3u8\n");
  receiving.simulation.Advance(seconds(5));
  CHECK(list.status() == -1);
  receiving.Put("v/init.mp4", "init");
  CHECK(list.status() == 201);
  CHECK(all.status() == 201);
  CHECK(receiving.Log() ==
        Keys{"put v/init.mp4", "put v/i.m3u8", "put all.m3u8"});
  const Request other = receiving.Put(
      "b.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nnone.m3u8\n");
  receiving.simulation.Advance(seconds(31));
  CHECK(other.status() == 409);
}

TEST_CASE("uploads: what the sink has from before need not come again") {
  for (const int count : {2, 40}) {
    Receiving receiving;
    Keys names;
    for (int i = 0; i < count; ++i) {
      names.push_back(std::to_string(i) + ".ts");
      receiving.memory->Put({.key = "a/" + names.back(),
                             .body = MakeStringBody("x"),
                             .content_type = "video/mp2t"},
                            [](const Status&) {});
    }
    CHECK(receiving.Put("a/i.m3u8", ListOf(names)).status() == 201);
  }
}

TEST_CASE("uploads: what the sink has from before may be in other folders") {
  Receiving receiving;
  Keys names;
  for (int i = 0; i < 12; ++i) {
    const std::string name = "seg/" + std::to_string(i % 6) + ".ts";
    names.push_back(i < 6 ? "../" + name : name);
    receiving.memory->Put({.key = i < 6 ? name : "a/" + name,
                           .body = MakeStringBody("x"),
                           .content_type = "video/mp2t"},
                          [](const Status&) {});
  }
  CHECK(receiving.Put("a/i.m3u8", ListOf(names)).status() == 201);
  CHECK(receiving.receiver->stats().gaps == 0);
  CHECK(receiving.sink->calls() == 3);
}

TEST_CASE("uploads: a sink that can't say what it has is asked again") {
  Receiving receiving;
  receiving.memory->Put({.key = "0.ts",
                         .body = MakeStringBody("x"),
                         .content_type = "video/mp2t"},
                        [](const Status&) {});
  receiving.decide = [](std::uint64_t call, const std::string&) {
    return testing::FaultySink::Decision{.fault = call < 3 ? Fault::kFail
                                                           : Fault::kNone};
  };
  const Request list = receiving.Put("i.m3u8", ListOf({"0.ts"}));
  CHECK(list.status() == -1);
  receiving.simulation.Advance(seconds(3));
  CHECK(list.status() == 201);
  CHECK(receiving.receiver->stats().gaps == 0);
}

TEST_CASE("uploads: what is elsewhere is not waited for") {
  Receiving receiving;
  CHECK(receiving
            .Put("i.m3u8",
                 ListOf({"https://cdn.example/0.ts", "/1.ts", "../../2.ts"}))
            .status() == 201);
}

TEST_CASE("uploads: what is no playlist is refused") {
  Receiving receiving;
  CHECK(receiving.Put("i.m3u8", "<html>").status() == 400);
  CHECK(receiving.Put("i.m3u8", "").status() == 400);
  CHECK(receiving.Put("i.m3u8", "x", {{"Content-Encoding", "gzip"}}).status() ==
        400);
  CHECK(receiving.memory->Keys().empty());
}

TEST_CASE("uploads: a playlist as gzip is read, and kept as it is") {
  Receiving receiving;
  receiving.Put("0.ts", "0");
  const std::string text = ListOf({"0.ts"});
  const DeflatedText deflated = DeflateText(text).value();
  const std::string member = std::string(GzipHeader()) + deflated.bytes +
                             GzipTrailer(deflated.crc, deflated.text_bytes);
  const Request list =
      receiving.Put("i.m3u8", member, {{"Content-Encoding", "gzip"}});
  CHECK(list.status() == 201);
  CHECK(receiving.memory->Text("i.m3u8") == member);
  CHECK(receiving.memory->log().back().content_encoding == "gzip");
  CHECK(receiving.Send("GET", "i.m3u8").Header("Content-Encoding") == "gzip");
}

TEST_CASE("uploads: what a stored playlist names can't be deleted") {
  Receiving receiving;
  receiving.Put("0.ts", "0");
  receiving.Put("1.ts", "1");
  receiving.Put("i.m3u8", ListOf({"0.ts", "1.ts"}));
  CHECK(receiving.Send("DELETE", "0.ts").status() == 409);
  // The version that lets go of it is on its way.
  const Request list = receiving.Put("i.m3u8", ListOf({"1.ts", "2.ts"}));
  const Request gone = receiving.Send("DELETE", "0.ts");
  CHECK(gone.status() == -1);
  receiving.Put("2.ts", "2");
  CHECK(list.status() == 201);
  CHECK(gone.status() == 204);
  CHECK(receiving.memory->Keys() == Keys{"1.ts", "2.ts", "i.m3u8"});
  CHECK(receiving.Send("DELETE", "i.m3u8").status() == 204);
  CHECK(receiving.Send("DELETE", "1.ts").status() == 204);
}

TEST_CASE("uploads: what is being deleted is not named by a list") {
  for (const bool from_before : {false, true}) {
    for (const int patience_s : {20, 2}) {
      Receiving receiving(
          {.patience = seconds(patience_s), .hold = seconds(10)});
      std::uint64_t stalling = 1;
      receiving.decide = [&](std::uint64_t call, const std::string&) {
        return testing::FaultySink::Decision{
            .fault = call == stalling ? Fault::kStall : Fault::kNone};
      };
      Request segment;
      if (from_before) {
        stalling = 2;
        REQUIRE(receiving.Put("0.ts", "x").status() == 201);
      } else {
        segment = receiving.Put("0.ts", "x");
      }
      const Request gone = receiving.Send("DELETE", "0.ts");
      const Request list = receiving.Put("i.m3u8", ListOf({"0.ts"}));
      receiving.simulation.Advance(seconds(4));
      CHECK(list.status() == -1);
      receiving.sink->Release();
      receiving.simulation.RunUntilIdle();
      const bool removed = from_before || patience_s > 4;
      CHECK(receiving.memory->Keys().empty() == removed);
      receiving.simulation.Advance(seconds(10));
      CHECK(list.status() == 201);
      CHECK(receiving.memory->Text("i.m3u8").find("GAP") != std::string::npos);
      CHECK(gone.status() == (patience_s > 4 ? 204 : 503));
      CHECK(receiving.Put("0.ts", "y").status() == 201);
      CHECK(receiving.Put("j.m3u8", ListOf({"0.ts"})).status() == 201);
      CHECK(receiving.memory->Text("j.m3u8") == ListOf({"0.ts"}));
    }
  }
}

TEST_CASE("uploads: a list that is deleted while it waits lets go of all") {
  Receiving receiving;
  receiving.Put("0.ts", "0");
  receiving.Put("i.m3u8", ListOf({"0.ts"}));
  const Request list = receiving.Put("i.m3u8", ListOf({"0.ts", "1.ts"}));
  CHECK(receiving.Send("DELETE", "i.m3u8").status() == 204);
  CHECK(list.status() == 409);
  // It is not taken for one that is coming.
  const Request all = receiving.Put(
      "all.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\ni.m3u8\n");
  receiving.memory->Put(
      {.key = "i.m3u8", .body = MakeStringBody("x"), .content_type = "x"},
      [](const Status&) {});
  receiving.simulation.Advance(seconds(31));
  CHECK(receiving
            .Put("all.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\ni.m3u8\n")
            .status() == 201);
  CHECK(receiving.Send("DELETE", "0.ts").status() == 204);
}

TEST_CASE("uploads: whatever call fails, no list names what is not stored") {
  for (std::uint64_t failing = 1; failing < 16; ++failing) {
    for (const Fault fault : {Fault::kFail, Fault::kLoseReply, Fault::kStall}) {
      Receiving receiving({.patience = seconds(3), .hold = seconds(6)});
      receiving.decide = [&](std::uint64_t call, const std::string&) {
        return testing::FaultySink::Decision{
            .fault =
                call >= failing && call < failing + 3 ? fault : Fault::kNone};
      };
      bool sound = true;
      receiving.memory->OnChange([&] {
        for (int i = 0; i < 5; ++i) {
          const std::string name = std::to_string(i) + ".ts";
          const std::string list = receiving.memory->Text("i.m3u8");
          const bool named =
              list.find("#EXTINF:2.0,\n" + name) != std::string::npos;
          if (named && receiving.memory->Text(name).empty()) sound = false;
        }
      });
      Keys names;
      std::vector<Request> requests;
      for (int i = 0; i < 5; ++i) {
        names.push_back(std::to_string(i) + ".ts");
        requests.push_back(receiving.Put(names.back(), "x"));
        requests.push_back(receiving.Put("i.m3u8", ListOf(names)));
        receiving.simulation.Advance(seconds(2));
      }
      receiving.simulation.Advance(seconds(30));
      INFO(failing << " " << static_cast<int>(fault));
      for (const Request& request : requests) CHECK(request.status() != -1);
      receiving.decide = nullptr;
      receiving.sink->Release();
      receiving.simulation.RunUntilIdle();
      CHECK(receiving.Put("i.m3u8", ListOf(names)).status() == 201);
      CHECK(sound);
    }
  }
}

}  // namespace
}  // namespace hlsrec::receive
