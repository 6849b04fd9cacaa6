// What the receiver remembers has a bound, and what it forgot is as safe.
#include <fmt/format.h>

#include <algorithm>

#include "tests/receive/receiving.h"

namespace hlsrec::receive {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::Fault;
using Keys = std::vector<std::string>;

constexpr std::string_view kEnd = "#EXT-X-ENDLIST\n";

std::string Ended(const Keys& uris) {
  return ListOf(uris, "#EXT-X-PLAYLIST-TYPE:VOD\n") + std::string(kEnd);
}

// `count` ended streams "s0/", "s1/", ... of ten segments each.
void PutEnded(Receiving& receiving, int count) {
  for (int i = 0; i < count; ++i) {
    Keys names;
    for (int j = 0; j < 10; ++j) {
      names.push_back(fmt::format("{}.ts", j));
      receiving.Put(fmt::format("s{}/{}.ts", i, j), "x");
    }
    REQUIRE(
        receiving.Put(fmt::format("s{}/i.m3u8", i), Ended(names)).status() ==
        201);
    receiving.simulation.Advance(seconds(1));
  }
}

void Finish(Receiving& receiving, const std::string& path) {
  Request request = receiving.Begin("POST", "");
  request.Send(R"({"streamId":"x","filePath":")" + path +
               R"(","command":"publish_finished"})");
  request.End();
  receiving.simulation.Advance(seconds(3));
  CHECK(request.status() == 200);
}

Request All(Receiving& receiving, const std::string& key, const Keys& uris) {
  std::string text = "#EXTM3U\n";
  for (const std::string& uri : uris) {
    text += "#EXT-X-STREAM-INF:BANDWIDTH=1\n" + uri + "\n";
  }
  return receiving.Put(key, text);
}

TEST_CASE("upload memory: many streams that ended take no more than a few") {
  for (const bool deletes : {false, true}) {
    UploadReceiverOptions options{.max_remembered_names = 100};
    if (deletes) options.delete_on_end = seconds(1);
    Receiving receiving(options);
    std::uint64_t most = 0;
    for (int i = 0; i < 30; ++i) {
      PutEnded(receiving, 1);
      receiving.Put(fmt::format("t{}/0.ts", i), "x");
      Keys names;
      for (int j = 0; j < 20; ++j) {
        names.push_back(fmt::format("{}.ts", j));
        receiving.Put(fmt::format("t{}/{}.ts", i, j), "x");
      }
      receiving.Put(fmt::format("t{}/i.m3u8", i), Ended(names));
      most = std::max(most, receiving.receiver->stats().remembered_names);
    }
    // Of lists, of objects beside them, and of the lists that were forgotten.
    CHECK(most < 3 * 100 + 30);
    CHECK(most > 50);
  }
}

TEST_CASE("upload memory: what an encoder never deletes is not kept for ever") {
  Receiving receiving(
      {.max_remembered_names = 50, .delete_on_end = seconds(1)});
  std::uint64_t most = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string name = fmt::format("{:06}.ts", i);
    receiving.Put(name, "x");
    receiving.Put("live.m3u8", ListOf({name}));
    most = std::max(most, receiving.receiver->stats().remembered_names);
  }
  CHECK(most < 200);
  CHECK(receiving.events.size() == 1);
  CHECK(receiving.events.at(0).kind == UploadEvent::Kind::kNotRemoved);
  CHECK(receiving.events.at(0).key == "live.m3u8");
  Finish(receiving, "live");
  // Those that it remembers go, the first stay.
  CHECK(receiving.memory->Keys().size() == 300 - 51);
  CHECK(receiving.memory->Keys().front() == "000000.ts");
  CHECK(receiving.memory->Keys().back() == "000248.ts");
}

TEST_CASE("upload memory: what a forgotten list names is not deleted") {
  Receiving receiving({.max_remembered_names = 15});
  PutEnded(receiving, 5);
  CHECK(receiving.receiver->stats().remembered_names < 50);
  CHECK(receiving.Send("DELETE", "s0/3.ts").status() == 409);
  CHECK(receiving.Send("DELETE", "s0/3.ts").status() == 409);
  receiving.Put("s0/33.ts", "x");
  // Within what it may name, and not named.
  CHECK(receiving.Send("DELETE", "s0/33.ts").status() == 204);
  CHECK(receiving.Send("DELETE", "s0/i.m3u8").status() == 204);
  CHECK(receiving.Send("DELETE", "s0/3.ts").status() == 204);
  // One that was removed while it was forgotten.
  CHECK(receiving.Send("DELETE", "s1/i.m3u8").status() == 204);
  CHECK(receiving.Send("DELETE", "s1/3.ts").status() == 204);
  CHECK(receiving.memory->Keys().size() == 5 * 11 - 4);
}

TEST_CASE("upload memory: while a forgotten list can't be read all stays") {
  for (const Fault fault : {Fault::kFail, Fault::kStall}) {
    Receiving receiving({.max_remembered_names = 15});
    PutEnded(receiving, 3);
    receiving.decide = [fault](std::uint64_t, const std::string& key) {
      return testing::FaultySink::Decision{
          .fault = key == "s0/i.m3u8" ? fault : Fault::kNone};
    };
    const Request gone = receiving.Send("DELETE", "s0/3.ts");
    CHECK(gone.status() == (fault == Fault::kFail ? 503 : -1));
    receiving.decide = nullptr;
    receiving.sink->Release();
    receiving.simulation.RunUntilIdle();
    CHECK(receiving.Send("DELETE", "s0/3.ts").status() == 409);
    CHECK_FALSE(receiving.memory->Text("s0/3.ts").empty());
  }
}

TEST_CASE("upload memory: a forgotten list that is put again is a new one") {
  Receiving receiving({.max_remembered_names = 15});
  PutEnded(receiving, 3);
  // While the new version waits readers see the old one.
  const Request list = receiving.Put("s0/i.m3u8", ListOf({"3.ts", "new.ts"}));
  CHECK(list.status() == -1);
  const Request one = receiving.Send("DELETE", "s0/1.ts");
  CHECK(one.status() == -1);
  receiving.Put("s0/new.ts", "x");
  CHECK(list.status() == 201);
  CHECK(one.status() == 204);
  CHECK(receiving.Put("s1/i.m3u8", ListOf({"3.ts"})).status() == 201);
  // They are known now: nothing is read.
  std::vector<std::string> asked;
  receiving.decide = [&](std::uint64_t, const std::string& key) {
    asked.push_back(key);
    return testing::FaultySink::Decision();
  };
  CHECK(receiving.Send("DELETE", "s0/3.ts").status() == 409);
  CHECK(receiving.Send("DELETE", "s1/3.ts").status() == 409);
  CHECK(receiving.Send("DELETE", "s1/2.ts").status() == 204);
  CHECK(asked == Keys{"s1/2.ts"});
  CHECK(receiving.Send("DELETE", "s0/2.ts").status() == 204);
}

TEST_CASE("upload memory: what is read again stays until it was of use") {
  Receiving receiving({.max_remembered_names = 5});
  Keys names;
  for (int j = 0; j < 10; ++j) {
    names.push_back(fmt::format("{}.ts", j));
    receiving.Put("s/" + names.back(), "x");
  }
  for (const char* list : {"s/a.m3u8", "s/b.m3u8"}) {
    names.pop_back();
    REQUIRE(receiving.Put(list, Ended(names)).status() == 201);
    receiving.simulation.Advance(seconds(1));
  }
  PutEnded(receiving, 3);
  std::vector<std::string> asked;
  receiving.decide = [&](std::uint64_t, const std::string& key) {
    asked.push_back(key);
    return testing::FaultySink::Decision{
        .fault = key == "s/b.m3u8" ? Fault::kStall : Fault::kNone};
  };
  const Request gone = receiving.Send("DELETE", "s/5.ts");
  CHECK(asked == Keys{"s/a.m3u8", "s/b.m3u8"});
  // Something else happens meanwhile.
  CHECK(receiving.Put("x.ts", "x").status() == 201);
  receiving.decide = [&](std::uint64_t, const std::string& key) {
    asked.push_back(key);
    return testing::FaultySink::Decision();
  };
  receiving.sink->Release();
  receiving.simulation.RunUntilIdle();
  CHECK(gone.status() == 409);
  CHECK(std::count(asked.begin(), asked.end(), "s/a.m3u8") == 1);
}

TEST_CASE("upload memory: live lists are not forgotten, quiet ones are") {
  Receiving receiving({.max_remembered_names = 15});
  receiving.Put("live/0.ts", "x");
  receiving.Put("live/i.m3u8", ListOf({"0.ts"}));
  PutEnded(receiving, 3);
  std::vector<std::string> asked;
  receiving.decide = [&](std::uint64_t, const std::string& key) {
    asked.push_back(key);
    return testing::FaultySink::Decision();
  };
  CHECK(receiving.Send("DELETE", "live/0.ts").status() == 409);
  CHECK(asked.empty());
  receiving.simulation.Advance(minutes(11));
  PutEnded(receiving, 3);
  asked.clear();
  CHECK(receiving.Send("DELETE", "live/0.ts").status() == 409);
  CHECK(asked == Keys{"live/i.m3u8"});
}

TEST_CASE("upload memory: a forgotten stream's end removes it, and no more") {
  Receiving receiving(
      {.max_remembered_names = 15, .delete_on_end = seconds(1)});
  receiving.Put("a/0.ts", "x");
  receiving.Put("a/1.ts", "x");
  receiving.Put("a/v.m3u8", Ended({"0.ts", "1.ts"}));
  All(receiving, "a/cam1_adaptive.m3u8", {"v.m3u8"});
  // Others that share some of it, forgotten as well.
  receiving.Put("a/other.m3u8", Ended({"1.ts"}));
  receiving.simulation.Advance(minutes(11));
  PutEnded(receiving, 3);
  Finish(receiving, "a/cam1");
  Keys left = receiving.memory->Keys();
  std::erase_if(left, [](const auto& key) { return !key.starts_with("a/"); });
  CHECK(left == Keys{"a/1.ts", "a/other.m3u8"});
}

TEST_CASE("upload memory: a variant that a forgotten list shares stays") {
  Receiving receiving(
      {.max_remembered_names = 15, .delete_on_end = seconds(1)});
  receiving.Put("a/0.ts", "x");
  receiving.Put("a/v.m3u8", Ended({"0.ts"}));
  All(receiving, "a/cam1_adaptive.m3u8", {"v.m3u8"});
  All(receiving, "a/cam2_adaptive.m3u8", {"v.m3u8"});
  receiving.simulation.Advance(minutes(11));
  PutEnded(receiving, 3);
  // What the stream's end needs can't be read: nothing goes.
  receiving.decide = [](std::uint64_t, const std::string& key) {
    return testing::FaultySink::Decision{
        .fault = key == "a/cam2_adaptive.m3u8" ? Fault::kFail : Fault::kNone};
  };
  Finish(receiving, "a/cam1");
  CHECK_FALSE(receiving.memory->Text("a/v.m3u8").empty());
  receiving.decide = nullptr;
  Finish(receiving, "a/cam1");
  Keys left = receiving.memory->Keys();
  std::erase_if(left, [](const auto& key) { return !key.starts_with("a/"); });
  CHECK(left == Keys{"a/0.ts", "a/cam2_adaptive.m3u8", "a/v.m3u8"});
}

TEST_CASE("upload memory: a stream that began again after it was forgotten") {
  Receiving receiving(
      {.max_remembered_names = 15, .delete_on_end = seconds(60)});
  PutEnded(receiving, 1);
  Finish(receiving, "s0/i");
  receiving.Put("s0/new.ts", "x");
  receiving.Put("s0/i.m3u8", Ended({"new.ts"}));
  receiving.simulation.Advance(seconds(1));
  for (int i = 0; i < 3; ++i) {
    receiving.Put(fmt::format("o{}.ts", i), "x");
    receiving.Put(fmt::format("o{}.m3u8", i),
                  Ended(Keys(10, fmt::format("o{}.ts", i))));
  }
  PutEnded(receiving, 0);
  for (const char* folder : {"x", "y"}) {
    Keys names;
    for (int j = 0; j < 10; ++j) {
      names.push_back(fmt::format("{}.ts", j));
      receiving.Put(fmt::format("{}/{}.ts", folder, j), "x");
    }
    receiving.Put(fmt::format("{}/i.m3u8", folder), Ended(names));
  }
  receiving.simulation.Advance(seconds(120));
  CHECK_FALSE(receiving.memory->Text("s0/i.m3u8").empty());
  CHECK_FALSE(receiving.memory->Text("s0/new.ts").empty());
}

}  // namespace
}  // namespace hlsrec::receive
