// A ZIP and MP4 files of recordings that are delivered in other ways than as
// they come, that others take over, that lose segments, or whose end fails.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "hlsrec/notification.h"
#include "hlsrec/recorder.h"
#include "hlsrec/resume.h"
#include "hlsrec/testing.h"
#include "src/base/bytes.h"
#include "tests/catch.h"
#include "tests/record/archive.h"
#include "tests/record/machine.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Fault;
using testing::FaultySink;
using testing::MemorySink;

constexpr seconds kLease{6};

// A machine whose calls to the store go wrong as told.
struct Studio : Machine {
  std::function<FaultySink::Decision(const std::string& key)> decide;
  std::shared_ptr<FaultySink> way;

  explicit Studio(spool::FileSpoolOptions options = {})
      : Machine(std::move(options)) {
    Lead();
  }
  // One of several, in one time, with one store.
  Studio(testing::ManualClock& shared, std::shared_ptr<MemorySink> store)
      : Machine(shared) {
    sink = std::move(store);
    Lead();
  }
  ~Studio() override { simulation = nullptr; }

  // The next process, after one that has ended.
  void Restart() {
    simulation = nullptr;
    Start();
  }
  // How often an object was stored under this name.
  [[nodiscard]] std::int64_t Stored(const std::string& key) const {
    const auto log = sink->log();
    return std::count_if(log.begin(), log.end(), [&](const auto& operation) {
      return operation.kind == MemorySink::Operation::Kind::kPut &&
             operation.key == key && operation.status.ok();
    });
  }
  [[nodiscard]] Entries Zip(const std::string& key = kZip) const {
    REQUIRE(sink->objects().contains(key));
    return Unzip(sink->Text(key));
  }
  [[nodiscard]] std::vector<std::string> KeysEndingIn(
      const std::string& end) const {
    std::vector<std::string> keys = sink->Keys();
    std::erase_if(keys, [&](const auto& key) { return !key.ends_with(end); });
    return keys;
  }

 private:
  void Lead() {
    way = std::make_shared<FaultySink>(
        sink, [this](std::uint64_t, const std::string& key) {
          return decide ? decide(key) : FaultySink::Decision();
        });
    faulty = way;
  }
};

// The pictures of an MP4.
std::vector<std::int64_t> Shown(const Studio& studio,
                                const std::string& key = kMovie) {
  return MarksIn(studio.sink->Text(key), 'A');
}

// All media of an archive is what the store has under the same name.
void CheckIsStored(const Studio& studio, const Entries& entries,
                   const std::string& folder = {}) {
  for (const auto& [name, bytes] : entries) {
    INFO(name);
    if (!name.ends_with(".m3u8")) {
      CHECK(bytes == studio.sink->Text(folder + name));
    }
  }
}

std::vector<bool> Gaps(const playlist::MediaPlaylist& list) {
  std::vector<bool> gaps;
  for (const auto& segment : list.segments) gaps.push_back(segment.gap);
  return gaps;
}

TEST_CASE("vod: an output that is written at the end has its archive, too") {
  Studio studio;
  RecordingOptions options = ZipAndMovieOptions(studio);
  options.outputs[0].delivery = Delivery::kAtEnd;
  auto recorder = studio.Open(std::move(options));
  studio.Push(*recorder, Stream(7, 50, false));
  CHECK(studio.sink->Keys().empty());
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  REQUIRE(result.status.ok());
  CHECK(MarksOf(*studio.sink, 'A') == Numbers(175));
  const Entries entries = studio.Zip();
  CHECK(Pictures(entries) == Numbers(175));
  CheckIsStored(studio, entries);
  CHECK(Shown(studio) == Numbers(175));
  CheckSpoolIsEmpty(studio);
}

TEST_CASE("vod: written at the end it is whole, once, whatever dies") {
  int deaths = 0;
  for (int tasks = 0;; tasks += 2) {
    INFO("dies after " << tasks << " tasks");
    Studio studio;
    RecordingOptions options = ZipAndMovieOptions(studio);
    options.outputs[0].delivery = Delivery::kAtEnd;
    auto recorder = studio.Open(std::move(options));
    studio.Push(*recorder, Stream(3, 50, false));
    studio.simulation->Advance(seconds(1));
    recorder->Finish();
    studio.simulation->RunTasks(tasks);
    studio.Kill(recorder);
    studio.Start();
    const bool owes = !ListInterrupted(studio.simulation->runtime())->empty();
    if (owes) CHECK(ResumeOnly(studio).status.ok());
    CHECK(MarksOf(*studio.sink, 'A') == Numbers(75));
    CHECK(Pictures(studio.Zip()) == Numbers(75));
    CHECK(Shown(studio) == Numbers(75));
    CHECK(studio.Stored(kZip) == 1);
    CHECK(studio.Stored(kMovie) == 1);
    CheckSpoolIsEmpty(studio);
    if (!owes) break;
    ++deaths;
    REQUIRE(tasks < 1000);
  }
  CHECK(deaths > 5);
}

TEST_CASE("vod: who appends makes an archive of its own share") {
  Studio studio;
  const auto options = [&](const std::string& zip, const std::string& movie) {
    RecordingOptions wanted = ZipAndMovieOptions(studio);
    wanted.outputs[0].if_exists = IfPlaylistExists::kAppend;
    wanted.outputs[0].archive_path = zip;
    wanted.outputs[0].movie_path = movie;
    return wanted;
  };
  auto recorder = studio.Open(options("one.zip", "one.mp4"));
  studio.Push(*recorder, Stream(5, 50, false));
  recorder->Finish();
  REQUIRE(recorder->Wait().status.ok());
  recorder = nullptr;

  const auto before = studio.sink->objects();
  for (const auto& taken :
       {options("one.zip", "two.mp4"), options("two.zip", "one.mp4")}) {
    const auto refused = Recorder::Open(studio.simulation->runtime(), taken);
    CHECK(refused.status().code() == StatusCode::kAlreadyExists);
    CHECK(refused.status().message().find("is there already: add {session}") !=
          std::string::npos);
  }
  CHECK(studio.sink->objects() == before);

  recorder = studio.Open(options("two.zip", "two.mp4"));
  studio.Push(*recorder, Stream(5, 50, false, 200));
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  REQUIRE(result.status.ok());
  CHECK(MarksOf(*studio.sink, 'A') == Joined(Numbers(125), Numbers(125, 200)));
  const Entries entries = studio.Zip("two.zip");
  CHECK(Pictures(entries) == Numbers(125, 200));
  // Numbered as in the list of both, which names the same objects.
  CHECK(Listed(entries).media_sequence.value == 3);
  CheckIsStored(studio, entries);
  CHECK(Shown(studio, "two.mp4") == Numbers(125, 200));
  for (const std::string key : {"one.zip", "one.mp4"}) {
    CHECK(studio.sink->Text(key) == before.at(key));
  }
  CheckSpoolIsEmpty(studio);
}

TEST_CASE("vod: lists that follow each other are one in the archive") {
  Studio studio;
  const auto options = [&] {
    RecordingOptions wanted = ZipAndMovieOptions(studio);
    wanted.segment.target_duration = seconds(1);
    wanted.segment.max_gop = seconds(1);
    wanted.outputs[0].playlists = {
        {.path = "list-{seq}.m3u8",
         .policy = RotatingList({.period = seconds(4)})}};
    return wanted;
  };
  auto recorder = studio.Open(options());
  studio.Push(*recorder, Stream(24, 25, false));
  studio.simulation->Advance(seconds(2));
  studio.Kill(recorder);
  studio.Start();
  recorder = studio.Open(options());
  studio.Push(*recorder, Stream(6, 25, false, 700));
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  REQUIRE(result.status.ok());

  const auto wanted = Joined(Numbers(600), Numbers(150, 700));
  std::vector<std::int64_t> listed;
  const auto lists = studio.KeysEndingIn(".m3u8");
  CHECK(lists.size() >= 8);
  for (const std::string& key : lists) {
    listed = Joined(std::move(listed), MarksOf(*studio.sink, 'A', key));
  }
  std::sort(listed.begin(), listed.end());
  CHECK(listed == wanted);
  const Entries entries = studio.Zip();
  CHECK(std::count_if(entries.begin(), entries.end(), [](const auto& entry) {
          return entry.first.ends_with(".m3u8");
        }) == 1);
  CHECK(Pictures(entries, "list-0.m3u8") == wanted);
  CheckIsStored(studio, entries);
  CHECK(Shown(studio) == wanted);
  CheckSpoolIsEmpty(studio);
}

TEST_CASE("vod: what a window dropped before a kill is in the archive") {
  for (const bool goes_on : {true, false}) {
    INFO(goes_on);
    Studio studio;
    const auto options = [&] {
      RecordingOptions wanted = ZipOptions(studio);
      wanted.outputs[0].playlists[0].policy = LiveWindow({.segments = 3});
      return wanted;
    };
    auto recorder = studio.Open(options());
    studio.Push(*recorder, Stream(100, 50, false));
    studio.simulation->Advance(seconds(2));
    CHECK(!studio.sink->objects().contains("0.ts"));
    studio.Kill(recorder);
    studio.Start();
    auto wanted = Numbers(2500);
    if (goes_on) {
      recorder = studio.Open(options());
      studio.Push(*recorder, Stream(4, 50, false, 5000));
      recorder->Finish();
      CHECK(recorder->Wait().status.ok());
      wanted = Joined(std::move(wanted), Numbers(100, 5000));
    } else {
      CHECK(ResumeOnly(studio).status.ok());
    }
    const Entries entries = studio.Zip();
    CHECK(Pictures(entries) == wanted);
    CHECK(Listed(entries).media_sequence.value == 0);
    CheckSpoolIsEmpty(studio);
  }
}

// Two machines that may take a recording over from each other. Who is not
// advanced stands still.
struct Pair {
  testing::ManualClock clock;
  std::shared_ptr<MemorySink> store = std::make_shared<MemorySink>();
  Studio first{clock, store};
  Studio second{clock, store};

  static std::unique_ptr<Recorder> Open(const Studio& machine,
                                        const std::string& archive) {
    RecordingOptions options = ZipOptions(machine);
    options.session = {};
    options.outputs[0].segment_path = "{run}-{seq:06}.{ext}";
    options.outputs[0].if_exists = IfPlaylistExists::kTakeOver;
    options.outputs[0].lease = kLease;
    options.outputs[0].archive_path = archive;
    return machine.Open(std::move(options));
  }
};

TEST_CASE("vod: who was taken over makes no archive, and says so") {
  for (const std::string archive : {"rec.zip", "{run}.zip"}) {
    INFO(archive);
    Pair pair;
    auto recorder = Pair::Open(pair.first, archive);
    pair.first.Push(*recorder, Stream(5, 25, false));
    auto taken = Pair::Open(pair.second, archive);
    pair.second.Push(*taken, Stream(5, 25, false, 1000));
    pair.first.simulation->Advance(seconds(5));
    RecordingResult result = recorder->Wait();
    CHECK(result.status.code() == StatusCode::kConflict);
    const auto& missing = result.outputs[0].missing;
    CHECK(std::any_of(missing.begin(), missing.end(),
                      [](const auto& key) { return key.ends_with(".zip"); }));
    CHECK(result.outputs[0].made.empty());
    CHECK(pair.first.KeysEndingIn(".zip").empty());

    taken->Finish();
    result = taken->Wait();
    INFO(result.status.message());
    CHECK(result.status.ok());
    const auto zips = pair.first.KeysEndingIn(".zip");
    REQUIRE(zips.size() == 1);
    CHECK(Pictures(pair.second.Zip(zips[0])) == Numbers(125, 1000));
    CheckSpoolIsEmpty(pair.second);

    // Nor does a later run of the first one.
    pair.first.Kill(recorder);
    pair.first.Start();
    const auto left = ListInterrupted(pair.first.simulation->runtime());
    REQUIRE(left->size() == 1);
    const auto resumed = Resume(
        pair.first.simulation->runtime(), left->front().id,
        {.open_sink = [&](const std::string&) { return pair.first.faulty; }});
    CHECK(resumed.status().code() == StatusCode::kConflict);
    CHECK(pair.first.KeysEndingIn(".zip") == zips);
  }
}

TEST_CASE("vod: who does not know that it was taken over takes no name") {
  Pair pair;
  auto recorder = Pair::Open(pair.first, kZip);
  pair.first.Push(*recorder, Stream(5, 25, false));
  // It is at its end, and only the archive is not stored yet.
  pair.first.decide = [](const std::string& key) {
    return key == kZip ? FaultySink::Decision{Fault::kFail}
                       : FaultySink::Decision();
  };
  recorder->Finish();
  pair.first.simulation->Advance(seconds(1));
  CHECK(ListIn(*pair.store).end_list.present());

  auto taken = Pair::Open(pair.second, kZip);
  pair.second.Push(*taken, Stream(5, 25, false, 1000));
  // The store answers the first one again, but for what is said of leases.
  pair.first.decide = [](const std::string& key) {
    return key.find(".lease-") != std::string::npos
               ? FaultySink::Decision{Fault::kFail}
               : FaultySink::Decision();
  };
  pair.first.simulation->Advance(seconds(4));
  CHECK(pair.first.KeysEndingIn(".zip").empty());

  taken->Finish();
  const RecordingResult result = taken->Wait();
  INFO(result.status.message());
  CHECK(result.status.ok());
  CHECK(Pictures(pair.second.Zip()) == Numbers(125, 1000));
  CHECK(recorder->Wait().outputs[0].missing == std::vector<std::string>{kZip});
  CHECK(pair.first.Stored(kZip) == 1);
}

TEST_CASE("vod: what waited for too long is a gap in both, also once killed") {
  for (const bool killed : {false, true}) {
    INFO(killed);
    spool::FileSpoolOptions spool;
    spool.max_age = seconds(20);
    Studio studio(spool);
    RecordingOptions options = ZipOptions(studio);
    options.spool_full = WhenSpoolFull::kDropOldest;
    auto recorder = studio.Open(std::move(options));
    studio.Push(*recorder, Stream(4, 25, false));
    studio.decide = [](const std::string&) {
      return FaultySink::Decision{Fault::kStall};
    };
    studio.Push(*recorder, Stream(40, 25, false, 100));
    studio.decide = nullptr;
    studio.way->Release();
    studio.simulation->Advance(seconds(10));
    if (killed) {
      studio.Kill(recorder);
      studio.Start();
      const RecordingResult result = ResumeOnly(studio);
      INFO(result.status.message());
      CHECK(result.status.ok());
    } else {
      recorder->Finish();
      const RecordingResult result = recorder->Wait();
      INFO(result.status.message());
      CHECK(result.status.ok());
      CHECK(result.progress.segments_lost >= 8);
    }
    const Entries entries = studio.Zip();
    const auto gaps = Gaps(Listed(entries));
    CHECK(gaps == Gaps(ListIn(*studio.sink)));
    REQUIRE(gaps.size() == 22);
    CHECK(!gaps.front());
    CHECK(std::count(gaps.begin(), gaps.end(), true) >= 8);
    CHECK(!gaps.back());
    CHECK(Pictures(entries) == MarksOf(*studio.sink, 'A'));
    CheckIsStored(studio, entries);
    CheckSpoolIsEmpty(studio);
  }
}

TEST_CASE(
    "vod: what a full spool drops of what is held back is a gap in both") {
  spool::FileSpoolOptions spool;
  spool.max_bytes = 64 << 10;
  Studio studio(spool);
  RecordingOptions options = ZipOptions(studio);
  options.outputs[0].delivery = Delivery::kAtEnd;
  options.spool_full = WhenSpoolFull::kDropOldest;
  auto recorder = studio.Open(std::move(options));
  for (const Packet& packet : Stream(20, 50, false)) {
    studio.Push(*recorder, {Lengthened(packet, 400)});
  }
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  CHECK(result.status.ok());
  CHECK(result.progress.segments_lost > 0);
  const Entries entries = studio.Zip();
  const auto gaps = Gaps(Listed(entries));
  REQUIRE(gaps.size() == 10);
  CHECK(gaps.front());
  CHECK(!gaps.back());
  CHECK(gaps == Gaps(ListIn(*studio.sink)));
  CHECK(Pictures(entries) == MarksOf(*studio.sink, 'A'));
  CheckSpoolIsEmpty(studio);
}

// What it was told of ends, and what was stored by then.
class Receiver final : public Notifier {
 public:
  explicit Receiver(const MemorySink& sink) : sink_(sink) {}
  void Notify(Notification notification, Done done) override {
    if (notification.type == NotificationType::kRecordingSucceeded) {
      ++succeeded;
      const auto objects = sink_.objects();
      all_stored = objects.contains(kZip) && objects.contains(kMovie);
    }
    if (notification.type == NotificationType::kRecordingFailed) {
      failure = Json::parse(notification.data);
    }
    done({});
  }
  std::string Describe() const override { return "receiver"; }

  int succeeded = 0;
  bool all_stored = false;
  Json failure;

 private:
  const MemorySink& sink_;
};

RecordingOptions Told(const Studio& studio,
                      const std::shared_ptr<Receiver>& receiver) {
  RecordingOptions options = ZipAndMovieOptions(studio);
  options.notifiers = {{.notifier = receiver}};
  return options;
}

TEST_CASE(
    "vod: an end that is given up owes what is not stored, and makes it") {
  using Keys = std::vector<std::string>;
  for (const std::string& stalled : {kZip, kMovie}) {
    for (const bool goes_on_first : {true, false}) {
      INFO(stalled << (goes_on_first ? " goes on before" : " after"));
      Studio studio;
      const auto receiver = std::make_shared<Receiver>(*studio.sink);
      auto recorder = studio.Open(Told(studio, receiver));
      studio.Push(*recorder, Stream(3, 50, false));
      studio.decide = [&stalled](const std::string& key) {
        return key == stalled ? FaultySink::Decision{Fault::kStall}
                              : FaultySink::Decision();
      };
      recorder->Finish();
      const RecordingResult given_up = recorder->Wait();
      CHECK(!given_up.status.ok());
      CHECK(given_up.outputs[0].missing ==
            (stalled == kZip ? Keys{kZip, kMovie} : Keys{kMovie}));
      recorder = nullptr;
      studio.simulation->Advance(seconds(1));
      CHECK(ListIn(*studio.sink).end_list.present());
      CHECK(!studio.sink->objects().contains(stalled));
      CHECK(receiver->succeeded == 0);
      CHECK(receiver->failure.at("resumable") == true);

      // The put that was given up goes on: not beside the next run's.
      studio.decide = nullptr;
      if (goes_on_first) studio.way->Release();
      CHECK(!studio.sink->objects().contains(stalled));
      const RecordingResult result = ResumeOnly(studio);
      INFO(result.status.message());
      CHECK(result.status.ok());
      CHECK(result.outputs[0].made.size() == 2);
      const auto objects = studio.sink->objects();
      studio.way->Release();
      studio.simulation->RunUntilIdle();
      CHECK(studio.sink->objects() == objects);
      CHECK(studio.Stored(kZip) == 1);
      CHECK(studio.Stored(kMovie) == 1);
      CHECK(Pictures(studio.Zip()) == Numbers(75));
      CHECK(Shown(studio) == Numbers(75));
      CheckSpoolIsEmpty(studio);
    }
  }
}

TEST_CASE("vod: an end that is stopped between two tasks is made up for") {
  int stops = 0;
  for (int tasks = 0;; tasks += 2) {
    INFO("stops after " << tasks << " tasks");
    Studio studio;
    auto recorder = studio.Open(ZipAndMovieOptions(studio));
    studio.Push(*recorder, Stream(3, 50, false));
    studio.simulation->Advance(seconds(1));
    recorder->Finish();
    studio.simulation->RunTasks(tasks);
    recorder->Abort();
    const bool ended = recorder->Wait().status.ok();
    recorder = nullptr;
    if (!ended) CHECK(ResumeOnly(studio).status.ok());
    CHECK(studio.Stored(kZip) == 1);
    CHECK(studio.Stored(kMovie) == 1);
    CHECK(Pictures(studio.Zip()) == Numbers(75));
    CHECK(Shown(studio) == Numbers(75));
    CheckSpoolIsEmpty(studio);
    if (ended) break;
    ++stops;
    REQUIRE(tasks < 1000);
  }
  CHECK(stops > 5);
}

TEST_CASE("vod: puts that fail leave one whole object each, then success") {
  const auto fails = [](StatusCode code) {
    return FaultySink::Decision{Fault::kFail, Status(code, "injected")};
  };
  const std::vector<std::vector<FaultySink::Decision>> all = {
      {fails(StatusCode::kUnavailable), fails(StatusCode::kUnavailable),
       fails(StatusCode::kUnavailable)},
      {fails(StatusCode::kPermissionDenied)},
      {{Fault::kLoseReply}},
      {fails(StatusCode::kUnavailable),
       {Fault::kLoseReply},
       fails(StatusCode::kPermissionDenied)}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const std::string& key : {kZip, kMovie}) {
      INFO(i << " of " << key);
      Studio studio;
      const auto receiver = std::make_shared<Receiver>(*studio.sink);
      RecordingOptions options = Told(studio, receiver);
      options.finish_timeout = minutes(5);
      auto recorder = studio.Open(std::move(options));
      studio.Push(*recorder, Stream(3, 50, false));
      std::size_t attempts = 0;
      studio.decide = [&, key](const std::string& asked) {
        return asked == key && attempts < all[i].size()
                   ? all[i][attempts++]
                   : FaultySink::Decision();
      };
      recorder->Finish();
      const RecordingResult result = recorder->Wait();
      INFO(result.status.message());
      CHECK(result.status.ok());
      CHECK(attempts == all[i].size());
      CHECK(result.outputs[0].missing.empty());
      CHECK(result.outputs[0].made.size() == 2);
      studio.simulation->Advance(seconds(1));
      CHECK(receiver->succeeded == 1);
      CHECK(receiver->all_stored);
      CHECK(studio.Stored(kZip) == 1);
      CHECK(studio.Stored(kMovie) == 1);
      CHECK(Pictures(studio.Zip()) == Numbers(75));
      CHECK(Shown(studio) == Numbers(75));
      CheckSpoolIsEmpty(studio);
    }
  }
}

RecordingOptions TwoContainers(const Studio& studio) {
  RecordingOptions options = ZipOptions(studio);
  options.outputs = {};
  for (const std::string name : {"ts", "fmp4"}) {
    OutputOptions output{.id = name, .sink = studio.faulty};
    output.container = name == "ts" ? Container::kMpegTs : Container::kFmp4;
    output.segment_path = name + "/{seq}.{ext}";
    output.init_path = name + "/init-{hash}.mp4";
    output.playlists = {{.path = name + "/index.m3u8"}};
    output.archive_path = name + ".zip";
    if (name == "fmp4") output.movie_path = kMovie;
    options.outputs.push_back(std::move(output));
  }
  return options;
}

TEST_CASE("vod: two outputs have an archive each, of their own container") {
  Studio studio;
  auto recorder = studio.Open(TwoContainers(studio));
  studio.Push(*recorder, Stream(5, 50, false));
  studio.simulation->Advance(seconds(2));
  studio.Kill(recorder);
  studio.Start();
  recorder = studio.Open(TwoContainers(studio));
  studio.Push(*recorder, Stream(3, 50, false, 200));
  // One of them fails.
  studio.decide = [](const std::string& key) {
    return key == "ts.zip" ? FaultySink::Decision{Fault::kFail}
                           : FaultySink::Decision();
  };
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  CHECK(!result.status.ok());
  CHECK(!result.outputs[0].status.ok());
  INFO(result.outputs[1].status.message());
  CHECK(result.outputs[1].status.ok());
  CHECK(result.outputs[1].made.size() == 2);
  recorder = nullptr;
  studio.Restart();
  studio.decide = nullptr;
  const RecordingResult resumed = ResumeOnly(studio);
  INFO(resumed.status.message());
  CHECK(resumed.status.ok());

  const auto wanted = Joined(Numbers(125), Numbers(75, 200));
  for (const std::string name : {"ts", "fmp4"}) {
    INFO(name);
    CHECK(MarksOf(*studio.sink, 'A', name + "/index.m3u8") == wanted);
    const Entries entries = studio.Zip(name + ".zip");
    CHECK(Pictures(entries) == wanted);
    CheckIsStored(studio, entries, name + "/");
    CHECK(entries.contains(name == "ts" ? "0.ts" : "0.m4s"));
    CHECK(studio.Stored(name + ".zip") == 1);
  }
  CHECK(Shown(studio) == wanted);
  CHECK(studio.Stored(kMovie) == 1);
  CheckSpoolIsEmpty(studio);
}

TEST_CASE("vod: what one output has and another does not is owed, not kept") {
  std::set<std::uint64_t> owed;
  for (const bool keeper_first : {false, true}) {
    INFO(keeper_first);
    Studio studio;
    RecordingOptions options = ZipAndMovieOptions(studio);
    OutputOptions other = options.outputs[0];
    other.id = "other";
    other.archive_path.clear();
    other.movie_path.clear();
    other.sink = std::make_shared<FaultySink>(
        std::make_shared<MemorySink>(),
        [](std::uint64_t, const std::string& key) {
          return key.ends_with(".m4s") ? FaultySink::Decision{Fault::kStall}
                                       : FaultySink::Decision();
        });
    options.outputs.insert(
        keeper_first ? options.outputs.end() : options.outputs.begin(), other);
    auto recorder = studio.Open(std::move(options));
    studio.Push(*recorder, Stream(7, 50, false));
    studio.Kill(recorder);
    studio.Start();
    const auto left = ListInterrupted(studio.simulation->runtime());
    REQUIRE(left->size() == 1);
    CHECK(left->front().bytes_kept == 0);
    CHECK(left->front().files_owed.size() == 2);
    owed.insert(left->front().bytes_owed);
  }
  CHECK(owed.size() == 1);
  CHECK(*owed.begin() > 10000);
}

}  // namespace
}  // namespace hlsrec
