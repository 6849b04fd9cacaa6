// What others are told of a recording: after it is true, at least once, in
// order, whatever dies meanwhile.
#include "hlsrec/notification.h"

#include <map>
#include <set>
#include <thread>

#include "hlsrec/recorder.h"
#include "hlsrec/resume.h"
#include "hlsrec/testing.h"
#include "src/base/file.h"
#include "src/base/runtime_core.h"
#include "src/deliver/outbox.h"
#include "src/spool/spool.h"
#include "src/spool/sqlite_journal.h"
#include "tests/catch.h"
#include "tests/record/machine.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::MemorySink;
using testing::SimulatedRuntime;

// What it was told, and what the sink held just then.
class Receiver final : public Notifier {
 public:
  struct Told {
    Notification notification;
    std::set<std::string> stored;
    std::chrono::steady_clock::time_point when;
  };
  Receiver(const MemorySink& sink, const testing::ManualClock& clock)
      : sink_(sink), clock_(clock) {}

  void Notify(Notification notification, Done done) override {
    const auto keys = sink_.Keys();
    all.push_back(
        {std::move(notification), {keys.begin(), keys.end()}, clock_.Steady()});
    if (answer.ok()) taken.push_back(all.back());
    done(answer);
  }
  std::string Describe() const override { return "receiver"; }

  // Names of what was taken, without repetitions in a row.
  [[nodiscard]] std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const Told& told : taken) {
      const std::string name(NotificationTypeName(told.notification.type));
      if (names.empty() || names.back() != name) names.push_back(name);
    }
    return names;
  }

  Status answer;
  std::vector<Told> all;
  std::vector<Told> taken;

 private:
  const MemorySink& sink_;
  const testing::ManualClock& clock_;
};

struct Studio : Machine {
  std::shared_ptr<Receiver> receiver = std::make_shared<Receiver>(*sink, clock);

  RecordingOptions Options() {
    RecordingOptions options = CameraOptions(sink);
    options.fields = {{"room_id", "r1"}};
    options.outputs[0].id = "store";
    options.notifiers = {{.notifier = receiver,
                          .types = {NotificationType::kRecordingStarted,
                                    NotificationType::kRecordingStopped,
                                    NotificationType::kRecordingSucceeded,
                                    NotificationType::kRecordingFailed,
                                    NotificationType::kSegmentStored}}};
    return options;
  }
  std::unique_ptr<Recorder> Open() { return Machine::Open(Options()); }
  void Push(Recorder& recorder, double duration) {
    Machine::Push(recorder, Stream(duration, 50, false));
  }
  std::uint64_t Wait(milliseconds timeout) {
    const auto owed = WaitForNotifications(simulation->runtime(), timeout);
    REQUIRE(owed.ok());
    return *owed;
  }
};

// Each id says one thing, and was told for the first time in this order.
void CheckOnceInOrder(const Receiver& receiver) {
  std::map<std::string, std::string> by_id;
  std::vector<NotificationType> firsts;
  for (const auto& told : receiver.taken) {
    const Notification& notification = told.notification;
    const std::string what(NotificationTypeName(notification.type));
    const auto [known, fresh] = by_id.emplace(notification.id, what);
    CHECK(known->second == what);
    if (fresh) firsts.push_back(notification.type);
  }
  REQUIRE(!firsts.empty());
  CHECK(firsts.front() == NotificationType::kRecordingStarted);
  CHECK(firsts.back() == NotificationType::kRecordingSucceeded);
  CHECK(std::count(firsts.begin(), firsts.end(),
                   NotificationType::kRecordingStopped) == 1);
  CHECK(std::count(firsts.begin(), firsts.end(),
                   NotificationType::kRecordingSucceeded) == 1);
}

// What it speaks of was there when it was told.
void CheckStoredBefore(const Receiver& receiver) {
  for (const auto& told : receiver.all) {
    const Notification& notification = told.notification;
    if (notification.type == NotificationType::kSegmentStored) {
      bool named = false;
      for (const std::string& key : told.stored) {
        named = named ||
                notification.data.find("\"" + key + "\"") != std::string::npos;
      }
      CHECK(named);
    } else if (notification.type == NotificationType::kRecordingSucceeded) {
      CHECK(told.stored.contains("index.m3u8"));
      CHECK(told.stored.contains("3.ts"));
    }
  }
}

std::size_t CountSegments(const Receiver& receiver) {
  std::set<std::string> ids;
  for (const auto& told : receiver.taken) {
    if (told.notification.type == NotificationType::kSegmentStored) {
      ids.insert(told.notification.id);
    }
  }
  return ids.size();
}

TEST_CASE("notifications: what a recording tells, in its order") {
  Studio studio;
  auto recorder = studio.Open();
  studio.Push(*recorder, 7);
  recorder->Finish();
  REQUIRE(recorder->Wait().status.ok());
  CHECK(studio.Wait(seconds(1)) == 0);
  CHECK(studio.receiver->Names() ==
        std::vector<std::string>{"recording.started", "segment.stored",
                                 "recording.stopped", "segment.stored",
                                 "recording.success"});
  CHECK(CountSegments(*studio.receiver) == 4);
  CheckOnceInOrder(*studio.receiver);
  CheckStoredBefore(*studio.receiver);
  const std::string& data = studio.receiver->taken.back().notification.data;
  for (const char* part :
       {"\"stream\":\"cam\"", "\"session\":\"s\"", "\"room_id\":\"r1\"",
        "\"duration_ms\":7000", "\"playlists\":[\"index.m3u8\"]",
        "\"missing_count\":0", "\"sink\":\"memory:\""}) {
    INFO(data);
    CHECK(data.find(part) != std::string::npos);
  }
}

TEST_CASE("notifications: killed at any task, each is told, once it is true") {
  int kills = 0;
  for (int tasks = 0;; ++tasks) {
    Studio studio;
    auto recorder = studio.Open();
    studio.Push(*recorder, 7);
    recorder->Finish();
    // What is left of the end, and of telling it.
    studio.simulation->RunTasks(tasks);
    const bool over = studio.receiver->Names().back() == "recording.success";
    studio.Kill(recorder);
    ++kills;
    studio.Start();
    REQUIRE(AttachNotifier(studio.simulation->runtime(), studio.receiver).ok());
    const auto left = ListInterrupted(studio.simulation->runtime());
    REQUIRE(left.ok());
    for (const auto& each : *left) {
      const auto result = Resume(
          studio.simulation->runtime(), each.id,
          {.open_sink =
               [&](const std::string&) -> StatusOr<std::shared_ptr<Sink>> {
            return std::shared_ptr<Sink>(studio.sink);
          }});
      REQUIRE(result.ok());
      REQUIRE(result->status.ok());
    }
    CHECK(studio.Wait(seconds(1)) == 0);
    INFO(tasks);
    CHECK(CountSegments(*studio.receiver) == 4);
    CheckOnceInOrder(*studio.receiver);
    CheckStoredBefore(*studio.receiver);
    if (over) break;
  }
  CHECK(kills > 10);
}

TEST_CASE("notifications: one that goes on says so, under its own id") {
  Studio studio;
  auto recorder = studio.Open();
  studio.Push(*recorder, 5);
  studio.Kill(recorder);
  studio.Start();
  recorder = studio.Open();
  studio.Push(*recorder, 5);
  recorder->Finish();
  REQUIRE(recorder->Wait().status.ok());
  CHECK(studio.Wait(seconds(1)) == 0);
  std::set<std::string> starts;
  std::set<std::string> recordings;
  for (const auto& told : studio.receiver->taken) {
    recordings.insert(told.notification.recording);
    if (told.notification.type != NotificationType::kRecordingStarted) continue;
    const bool second = starts.size() == 1;
    if (starts.insert(told.notification.id).second && second) {
      CHECK(told.notification.data.find("\"resumed\":true") !=
            std::string::npos);
    }
  }
  CHECK(starts.size() == 2);
  CHECK(recordings.size() == 1);
  CheckOnceInOrder(*studio.receiver);
}

TEST_CASE("notifications: a receiver that is away is asked again, in order") {
  Studio studio;
  studio.receiver->answer = Status(StatusCode::kUnavailable, "away");
  auto recorder = studio.Open();
  const auto start = studio.clock.Steady();
  studio.simulation->Advance(seconds(20));
  // At once, then after 1, 3 and 10 s.
  REQUIRE(studio.receiver->all.size() == 4);
  const std::vector<seconds> expected = {seconds(0), seconds(1), seconds(4),
                                         seconds(14)};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(studio.receiver->all[i].when - start == expected[i]);
    CHECK(studio.receiver->all[i].notification.attempt ==
          static_cast<int>(i) + 1);
    CHECK(studio.receiver->all[i].notification.id ==
          studio.receiver->all[0].notification.id);
  }
  studio.Push(*recorder, 7);
  recorder->Finish();
  REQUIRE(recorder->Wait().status.ok());
  CHECK(studio.Wait(seconds(5)) == 7);
  CHECK(studio.receiver->taken.empty());

  // The next process tells what this one owed.
  studio.Kill(recorder);
  studio.Start();
  studio.receiver->answer = {};
  REQUIRE(AttachNotifier(studio.simulation->runtime(), studio.receiver).ok());
  CHECK(studio.Wait(seconds(5)) == 0);
  CheckOnceInOrder(*studio.receiver);
  CHECK(studio.receiver->taken.size() == 7);
}

TEST_CASE("notifications: what nobody takes for too long is given up") {
  Studio studio;
  studio.receiver->answer = Status(StatusCode::kUnavailable, "away");
  REQUIRE(SetNotificationSchedule(studio.simulation->runtime(),
                                  {.give_up_after = seconds(60)})
              .ok());
  auto recorder = studio.Open();
  studio.simulation->Advance(seconds(240));
  studio.receiver->answer = {};
  studio.Push(*recorder, 3);
  recorder->Finish();
  REQUIRE(recorder->Wait().status.ok());
  CHECK(studio.Wait(seconds(1)) == 0);
  CHECK(studio.receiver->Names().front() == "segment.stored");

  const auto all = ListNotifications(studio.simulation->runtime());
  REQUIRE(all.ok());
  REQUIRE(all->front().state == NotificationRecord::State::kGivenUp);
  CHECK(all->front().notifier == "receiver");
  CHECK(all->back().state == NotificationRecord::State::kDelivered);
}

TEST_CASE("notifications: what is not wanted is not told again") {
  Studio studio;
  studio.receiver->answer = Status(StatusCode::kCancelled, "gone");
  auto recorder = studio.Open();
  studio.simulation->Advance(seconds(20));
  CHECK(studio.receiver->all.size() == 1);
}

TEST_CASE("notifications: replayed on demand, with their ids") {
  for (const bool in_memory : {false, true}) {
    Studio studio;
    if (in_memory) {
      studio.simulation = std::make_unique<SimulatedRuntime>(studio.clock);
    }
    auto recorder = studio.Open();
    studio.Push(*recorder, 7);
    recorder->Finish();
    REQUIRE(recorder->Wait().status.ok());
    CHECK(studio.Wait(seconds(1)) == 0);
    const auto first = studio.receiver->taken;
    const auto replayed = ReplayNotifications(
        studio.simulation->runtime(),
        {.recording = first.front().notification.recording});
    REQUIRE(replayed.ok());
    CHECK(*replayed == first.size());
    CHECK(studio.Wait(seconds(1)) == 0);
    const auto& all = studio.receiver->taken;
    REQUIRE(all.size() == 2 * first.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
      const Notification& again = all[first.size() + i].notification;
      CHECK(again.id == first[i].notification.id);
      CHECK(again.data == first[i].notification.data);
      CHECK(again.replayed);
      CHECK(!first[i].notification.replayed);
    }
    const auto none = ReplayNotifications(studio.simulation->runtime(),
                                          {.recording = "another"});
    REQUIRE(none.ok());
    CHECK(*none == 0);
  }
}

TEST_CASE("notifications: a recording that owes says that it can be resumed") {
  Studio studio;
  RecordingOptions options = studio.Options();
  bool away = false;
  options.outputs[0].sink = std::make_shared<testing::FaultySink>(
      studio.sink, [&](std::uint64_t, const std::string&) {
        return testing::FaultySink::Decision{
            .fault = away ? testing::Fault::kFail : testing::Fault::kNone};
      });
  options.notifiers[0].types = {};
  options.finish_timeout = seconds(2);
  auto opened = Recorder::Open(studio.simulation->runtime(), options);
  REQUIRE(opened.ok());
  studio.Push(**opened, 3);
  away = true;
  studio.Push(**opened, 3);
  (*opened)->Finish();
  CHECK(!(*opened)->Wait().status.ok());
  CHECK(studio.Wait(seconds(1)) == 0);
  CHECK(studio.receiver->Names() ==
        std::vector<std::string>{"recording.started", "storage.degraded",
                                 "recording.stopped", "segment.lost",
                                 "recording.failed"});
  CHECK(studio.receiver->taken.back().notification.data.find(
            "\"resumable\":true") != std::string::npos);
}

// Takes no notifications while it is told so.
class RefusingJournal final : public spool::Journal {
 public:
  RefusingJournal(std::unique_ptr<spool::Journal> journal, const bool& refuses)
      : journal_(std::move(journal)), refuses_(refuses) {}
  spool::RecordingId NewRecording() override {
    return journal_->NewRecording();
  }
  bool HasForgotten(spool::RecordingId id) const override {
    return journal_->HasForgotten(id);
  }
  void Add(spool::JournalEntry entry, Done done) override {
    if (refuses_ && std::holds_alternative<spool::NotificationQueued>(entry)) {
      if (done) done(Status(StatusCode::kResourceExhausted, "full"));
      return;
    }
    journal_->Add(std::move(entry), std::move(done));
  }
  std::vector<spool::RecordingSummary> Recordings() override {
    return journal_->Recordings();
  }
  Status Claim(const std::string& identity) override {
    return journal_->Claim(identity);
  }
  void Release(const std::string& identity) override {
    journal_->Release(identity);
  }
  void Load(spool::RecordingId id, Detail detail, Loaded loaded) override {
    journal_->Load(id, detail, std::move(loaded));
  }
  void LoadPart(const spool::SeriesPart& part, Loaded loaded) override {
    journal_->LoadPart(part, std::move(loaded));
  }
  bool HasNotifications() const override {
    return journal_->HasNotifications();
  }
  void LoadNotifications(spool::NotificationFilter filter,
                         spool::NotificationsLoaded loaded) override {
    journal_->LoadNotifications(std::move(filter), std::move(loaded));
  }

 private:
  const std::unique_ptr<spool::Journal> journal_;
  const bool& refuses_;
};

TEST_CASE("notifications: a journal that takes none holds nobody up") {
  Studio studio;
  bool refuses = false;
  auto created = SimulatedRuntime::Create(
      studio.clock, [&](RuntimeCore& core, std::unique_ptr<spool::Spool>& out) {
        auto opened = spool::OpenFileSpool(
            core, PosixFileSystem(),
            {.directory = studio.directory.Path("refusing")},
            [&](const std::string& path, const std::function<void()>&)
                -> StatusOr<std::unique_ptr<spool::Journal>> {
              auto journal = spool::OpenSqliteJournal(core, {.path = path});
              if (!journal.ok()) return journal.status();
              return std::unique_ptr<spool::Journal>(
                  std::make_unique<RefusingJournal>(std::move(journal).value(),
                                                    refuses));
            });
        if (opened.ok()) out = std::move(opened).value();
        return opened.status();
      });
  REQUIRE(created.ok());
  studio.simulation = std::move(created).value();
  auto recorder = studio.Open();
  studio.Push(*recorder, 3);
  refuses = true;
  studio.Push(*recorder, 3);
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  // Who finds the recording tells its end again: it is not forgotten.
  CHECK(studio.simulation->runtime()
            ->core()
            .spool()
            .journal()
            .Recordings()
            .size() == 1);
  refuses = false;
  studio.simulation->Advance(seconds(1));
  CHECK(studio.Wait(seconds(1)) == 0);
  CHECK(studio.receiver->Names().back() == "recording.success");
}

// Answers on a thread of its own, which it joins at its end.
class ThreadedReceiver final : public Notifier {
 public:
  ~ThreadedReceiver() override {
    CHECK(thread_.get_id() != std::this_thread::get_id());
    if (thread_.joinable()) thread_.join();
  }
  void Notify(Notification /*notification*/, Done done) override {
    if (thread_.joinable()) thread_.join();  // owed since the run before
    thread_ = std::thread([this, done = std::move(done)] {
      asked.Open();
      done({});
    });
  }
  std::string Describe() const override { return "threaded"; }
  Latch asked;

 private:
  std::thread thread_;
};

TEST_CASE("notifications: who answers is not ended by his answer") {
  const TemporaryDirectory directory;
  for (int i = 0; i < 300; ++i) {
    auto runtime =
        Runtime::Create({.spool_directory = directory.Path("spool")}).value();
    auto receiver = std::make_shared<ThreadedReceiver>();
    Latch& asked = receiver->asked;
    auto& core = runtime->core();
    REQUIRE(AttachNotifier(runtime, receiver).ok());
    deliver::Outbox::Of(core)->Queue({.id = std::to_string(i),
                                      .target = "threaded",
                                      .subject = "cam",
                                      .type = "recording.started",
                                      .data = "{}",
                                      .time = core.clock().Wall()},
                                     {});
    core.Await(asked);
    receiver = nullptr;
    runtime = nullptr;
  }
}

TEST_CASE("notifications: what has stopped tells how long it was") {
  Studio studio;
  auto recorder = studio.Open();
  studio.Push(*recorder, 7);
  recorder->Finish();
  REQUIRE(recorder->Wait().status.ok());
  CHECK(studio.Wait(seconds(1)) == 0);
  bool told = false;
  for (const auto& each : studio.receiver->taken) {
    if (each.notification.type != NotificationType::kRecordingStopped) continue;
    told = true;
    INFO(each.notification.data);
    CHECK(each.notification.data.find("\"duration_ms\":7000") !=
          std::string::npos);
  }
  CHECK(told);
}

TEST_CASE("notifications: those named wrongly are refused") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.notifiers.push_back({.notifier = studio.receiver});
  CHECK(Recorder::Open(studio.simulation->runtime(), options)
            .status()
            .message() == "notifiers[1]: receiver: is named twice");
  options.notifiers[1].notifier = nullptr;
  CHECK(Recorder::Open(studio.simulation->runtime(), options)
            .status()
            .message() == "notifiers[1].notifier: is null");
}

}  // namespace
}  // namespace hlsrec
