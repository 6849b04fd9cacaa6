// The chat beside a recording: all of it, whatever dies, and nothing that was
// said to one alone.
#include "hlsrec/chat.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "hlsrec/recorder.h"
#include "hlsrec/resume.h"
#include "hlsrec/testing.h"
#include "tests/catch.h"
#include "tests/record/machine.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::MemorySink;
using testing::SimulatedRuntime;

constexpr std::string_view kHeader =
    "SenderPeerID,SenderName,SenderUserID,Roles,SentAt,Type,Message\r\n";
const std::string kChat = "chat.csv";

// What it was told of a recording's end, and whether the chat was there.
class Receiver final : public Notifier {
 public:
  explicit Receiver(const MemorySink& sink) : sink_(sink) {}
  void Notify(Notification notification, Done done) override {
    if (notification.type == NotificationType::kRecordingSucceeded) {
      success = Json::parse(notification.data);
      stored_at_success = sink_.objects().contains(kChat);
    }
    done({});
  }
  std::string Describe() const override { return "receiver"; }

  Json success;
  bool stored_at_success = false;

 private:
  const MemorySink& sink_;
};

struct Studio : Machine {
  std::shared_ptr<Receiver> receiver = std::make_shared<Receiver>(*sink);

  RecordingOptions Options() {
    RecordingOptions options = CameraOptions(faulty);
    options.outputs[0].id = "store";
    options.outputs[0].manifest_path = "recording.json";
    options.outputs[0].chat = {.path = kChat, .captions_path = "chat.vtt"};
    options.notifiers = {{.notifier = receiver}};
    options.finish_timeout = seconds(5);
    return options;
  }
  using Machine::Open;
  std::unique_ptr<Recorder> Open() { return Open(Options()); }
  // In real time.
  void Push(Recorder& recorder, double duration, std::int64_t first = 0) {
    Machine::Push(recorder, Stream(duration, 50, false, first));
  }
  void Refuse(const std::string& refused) {
    fails = [refused](const std::string& key) { return key == refused; };
  }
  // The messages of the stored file, in its order.
  [[nodiscard]] std::vector<std::string> Messages() const {
    std::string text = sink->Text(kChat);
    REQUIRE(text.starts_with(kHeader));
    text.erase(0, kHeader.size());
    std::vector<std::string> messages;
    while (!text.empty()) {
      const std::size_t end = text.find("\r\n");
      const std::string record = text.substr(0, end);
      messages.push_back(record.substr(record.rfind(',') + 1));
      text.erase(0, end + 2);
    }
    return messages;
  }
};

using Texts = std::vector<std::string>;

TEST_CASE("chat: stored as it was said, named, and before success is told") {
  Studio studio;
  auto recorder = studio.Open();
  studio.Push(*recorder, 1);
  REQUIRE(recorder->chat()
              .Append({.sender_peer_id = "p1",
                       .sender_name = "Ann, Bo",
                       .sender_user_id = "u1",
                       .roles = {"host"},
                       .message = "hello"})
              .ok());
  studio.Push(*recorder, 3, 25);
  REQUIRE(recorder->chat().Append({.message = "=1"}).ok());
  CHECK(!studio.sink->objects().contains(kChat));
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  CHECK(result.status.ok());
  CHECK(result.progress.chat_messages == 2);
  CHECK(studio.sink->Text(kChat) ==
        std::string(kHeader) +
            "p1,\"Ann, Bo\",u1,\"[\"\"host\"\"]\",2026-01-01T00:00:01.000Z,"
            "chat,hello\r\n"
            ",,,[],2026-01-01T00:00:04.000Z,chat,=1\r\n");
  CHECK(studio.sink->Text("chat.vtt") ==
        "WEBVTT\n"
        "\n00:00:01.000 --> 00:00:06.000\n<v Ann, Bo>hello\n"
        "\n00:00:04.000 --> 00:00:09.000\n=1\n");

  REQUIRE(result.outputs[0].made.size() == 2);
  CHECK(result.outputs[0].made[0].kind == "chat");
  CHECK(result.outputs[0].made[0].key == kChat);
  CHECK(result.outputs[0].made[1].key == "chat.vtt");
  const Json manifest = Json::parse(studio.sink->Text("recording.json"));
  std::set<std::string> kinds;
  for (const Json& object : manifest.at("objects")) {
    kinds.insert(object.at("kind").get<std::string>());
    if (object.at("kind") == "chat") {
      CHECK(object.at("size") == studio.sink->Text(kChat).size());
    }
  }
  CHECK(kinds ==
        std::set<std::string>{"captions", "chat", "media_playlist", "segment"});

  studio.simulation->Advance(seconds(1));
  CHECK(studio.receiver->stored_at_success);
  CHECK(studio.receiver->success.at("chat") ==
        Json{{"output", "store"},
             {"sink", "memory:"},
             {"key", kChat},
             {"size_bytes", studio.sink->Text(kChat).size()}});
}

TEST_CASE("chat: while it is stored the recording is being processed") {
  Studio studio;
  std::vector<std::string> states;
  studio.sink->OnChange([&] {
    const std::string text = studio.sink->Text("recording.json");
    if (text.empty()) return;
    std::string state = Json::parse(text).at("state");
    if (states.empty() || states.back() != state) states.push_back(state);
  });
  auto recorder = studio.Open();
  studio.Push(*recorder, 1);
  REQUIRE(recorder->chat().Append({.message = "a"}).ok());
  studio.Refuse(kChat);
  recorder->Finish();
  studio.simulation->Advance(seconds(2));
  CHECK(states.back() == "post_processing");
  studio.fails = nullptr;
  CHECK(recorder->Wait().status.ok());
  CHECK(states == Texts{"starting", "running", "stopping", "post_processing",
                        "completed"});
  studio.sink->OnChange(nullptr);
}

// All that the machine holds, as bytes.
std::string Everything(const Studio& studio) {
  std::string all;
  for (const auto& [key, bytes] : studio.sink->objects()) all += key + bytes;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           studio.directory.Path("spool"))) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    all.append(std::istreambuf_iterator<char>(file), {});
  }
  return all;
}

TEST_CASE("chat: a direct message is in no file, the spool's neither") {
  Studio studio;
  auto recorder = studio.Open();
  studio.Push(*recorder, 1);
  REQUIRE(recorder->chat().Append({.message = "for-everybody"}).ok());
  REQUIRE(recorder->chat()
              .Append({.recipient_peer_id = "peer-of-mine",
                       .message = "for-one-alone"})
              .ok());
  studio.Push(*recorder, 1, 25);
  const auto check = [&] {
    const std::string all = Everything(studio);
    CHECK(all.find("for-everybody") != std::string::npos);
    CHECK(all.find("for-one-alone") == std::string::npos);
    CHECK(all.find("peer-of-mine") == std::string::npos);
  };
  check();
  recorder->Finish();
  CHECK(recorder->Wait().progress.chat_messages == 1);
  check();
  CHECK(studio.Messages() == Texts{"for-everybody"});
}

TEST_CASE("chat: who goes on after a kill goes on in the same file") {
  Studio studio;
  auto recorder = studio.Open();
  studio.Push(*recorder, 3);
  REQUIRE(recorder->chat().Append({.message = "a"}).ok());
  REQUIRE(recorder->chat().Append({.message = "b"}).ok());
  // A second is what a kill may cost.
  studio.simulation->Advance(seconds(1));
  studio.Kill(recorder);

  studio.Start();
  recorder = studio.Open();
  REQUIRE(recorder->chat().Append({.message = "c"}).ok());
  studio.Push(*recorder, 3, 75);
  studio.Kill(recorder);

  studio.Start();
  recorder = studio.Open();
  studio.Push(*recorder, 1, 150);
  REQUIRE(recorder->chat().Append({.message = "d"}).ok());
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  CHECK(studio.Messages() == Texts{"a", "b", "c", "d"});
}

TEST_CASE("chat: who ends an interrupted recording stores it") {
  Studio studio;
  auto recorder = studio.Open();
  studio.Push(*recorder, 3);
  REQUIRE(recorder->chat().Append({.message = "a"}).ok());
  studio.simulation->Advance(milliseconds(10));
  studio.Kill(recorder);
  studio.Start();
  const RecordingResult result = ResumeOnly(studio);
  CHECK(result.status.ok());
  CHECK(studio.Messages() == Texts{"a"});
  CHECK(studio.sink->Text("chat.vtt").starts_with("WEBVTT\n\n00:00:02."));
}

TEST_CASE("chat: what can't be stored is owed, and the recording with it") {
  Studio studio;
  auto recorder = studio.Open();
  studio.Push(*recorder, 3);
  REQUIRE(recorder->chat().Append({.message = "a"}).ok());
  studio.Refuse(kChat);
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  CHECK(!result.status.ok());
  const Texts& missing = result.outputs[0].missing;
  CHECK(std::find(missing.begin(), missing.end(), kChat) != missing.end());
  // It is stored.
  CHECK(std::find(missing.begin(), missing.end(), "chat.vtt") == missing.end());
  studio.simulation->Advance(seconds(1));
  CHECK(studio.receiver->success.is_null());
  recorder = nullptr;
  studio.simulation = nullptr;

  studio.Start();
  studio.fails = nullptr;
  CHECK(ResumeOnly(studio).status.ok());
  CHECK(studio.Messages() == Texts{"a"});
  CHECK(ListInterrupted(studio.simulation->runtime())->empty());
}

TEST_CASE("chat: whole after a death at any moment of the end") {
  int deaths = 0;
  for (int tasks = 0;; ++tasks) {
    INFO("dies after " << tasks << " tasks");
    Studio studio;
    auto recorder = studio.Open();
    studio.Push(*recorder, 1);
    REQUIRE(recorder->chat().Append({.message = "a"}).ok());
    studio.simulation->Advance(milliseconds(10));
    REQUIRE(recorder->chat().Append({.message = "b"}).ok());
    recorder->Finish();
    studio.simulation->RunTasks(tasks);
    studio.Kill(recorder);
    studio.Start();
    if (ListInterrupted(studio.simulation->runtime())->empty()) {
      // It was through with everything.
      CHECK(studio.Messages() == Texts{"a", "b"});
      break;
    }
    CHECK(ResumeOnly(studio).status.ok());
    // What was taken in the moment of the death may be lost.
    const Texts messages = studio.Messages();
    CHECK((messages == Texts{"a"} || messages == Texts{"a", "b"}));
    ++deaths;
    REQUIRE(tasks < 1000);
  }
  CHECK(deaths > 10);
}

TEST_CASE("chat: what is said during a pause is shown where it was") {
  Studio studio;
  auto recorder = studio.Open();
  studio.Push(*recorder, 2);
  REQUIRE(recorder->Pause().ok());
  studio.Push(*recorder, 10, 50);
  REQUIRE(recorder->chat().Append({.message = "meanwhile"}).ok());
  REQUIRE(recorder->Unpause().ok());
  studio.Push(*recorder, 2, 300);
  REQUIRE(recorder->chat().Append({.message = "after"}).ok());
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  CHECK(studio.sink->Text("chat.vtt") ==
        "WEBVTT\n"
        "\n00:00:02.000 --> 00:00:07.000\nmeanwhile\n"
        "\n00:00:04.000 --> 00:00:09.000\nafter\n");
}

TEST_CASE("chat: nothing said, nothing stored") {
  Studio studio;
  auto recorder = studio.Open();
  studio.Push(*recorder, 1);
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  CHECK(!studio.sink->objects().contains(kChat));
  CHECK(!studio.sink->objects().contains("chat.vtt"));
  studio.simulation->Advance(seconds(1));
  CHECK(!studio.receiver->success.contains("chat"));
}

TEST_CASE("chat: with a spool in memory") {
  Studio studio;
  studio.simulation = std::make_unique<SimulatedRuntime>(studio.clock);
  auto recorder = studio.Open();
  studio.Push(*recorder, 1);
  REQUIRE(recorder->chat().Append({.message = "a"}).ok());
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  CHECK(studio.Messages() == Texts{"a"});
  CHECK(studio.sink->Text("chat.vtt").starts_with("WEBVTT\n\n00:00:01.000"));
}

TEST_CASE("chat: what is not taken says why") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.outputs[0].chat = {};
  auto recorder = studio.Open(std::move(options));
  CHECK(recorder->chat().Append({.message = "a"}).message() ==
        "chat: no output stores it: set OutputOptions::chat");
  recorder->Abort();
  recorder->Wait();
  recorder = nullptr;

  options = studio.Options();
  options.stream = "door";
  options.outputs[0].playlists = {{.path = "door.m3u8"}};
  options.max_pending_bytes = 100;
  recorder = studio.Open(std::move(options));
  CHECK(recorder->chat().Append({.message = std::string(70000, 'a')}).code() ==
        StatusCode::kInvalidArgument);
  CHECK(recorder->chat().Append({.message = "a"}).ok());
  CHECK(recorder->chat().Append({.message = "b"}).code() ==
        StatusCode::kResourceExhausted);
  studio.simulation->Advance(milliseconds(10));
  CHECK(recorder->chat().Append({.message = "c"}).ok());
  recorder->Finish();
  CHECK(recorder->chat().Append({.message = "d"}).message() ==
        "chat: the recording was finished");
}

TEST_CASE("chat: an earlier recording's stays, and that is told at once") {
  Studio studio;
  REQUIRE(studio.Open() != nullptr);
  studio.simulation->RunUntilIdle();
  bool put = false;
  studio.sink->Put(
      {.key = kChat, .body = MakeStringBody("old"), .content_type = "text/csv"},
      [&](const Status& status) { put = status.ok(); });
  REQUIRE(put);
  RecordingOptions options = studio.Options();
  options.outputs[0].playlists = {{.path = "other.m3u8"}};
  const auto refused =
      Recorder::Open(studio.simulation->runtime(), std::move(options));
  CHECK(refused.status().code() == StatusCode::kAlreadyExists);
  CHECK(refused.status().message().starts_with(
      "output store: chat.csv: a chat is there already: "));
  CHECK(studio.sink->Text(kChat) == "old");
}

TEST_CASE("chat: two objects of an output have two names") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.outputs[0].chat.captions_path = "index.m3u8";
  const auto refused =
      Recorder::Open(studio.simulation->runtime(), std::move(options));
  CHECK(refused.status().message().find(
            "index.m3u8: the chat has the name of another object") !=
        std::string::npos);
}

// A store that tells an ETag for each version it takes.
class TellingSink final : public Sink {
 public:
  explicit TellingSink(std::shared_ptr<MemorySink> inner)
      : inner_(std::move(inner)) {}
  void Put(PutRequest request, Done done) override {
    const auto told = request.on_etag;
    const std::string etag = "\"" + request.key + "\"";
    inner_->Put(std::move(request), [told, etag, done](Status status) {
      if (status.ok() && told) told(etag);
      done(std::move(status));
    });
  }
  void Get(std::string key, std::uint64_t max_bytes, GetDone done) override {
    inner_->Get(std::move(key), max_bytes, std::move(done));
  }
  void Remove(std::string key, Done done) override {
    inner_->Remove(std::move(key), std::move(done));
  }
  void List(std::string prefix, ListDone done) override {
    inner_->List(std::move(prefix), std::move(done));
  }
  std::string Describe() const override { return "telling:"; }

 private:
  const std::shared_ptr<MemorySink> inner_;
};

TEST_CASE("etags: manifests have what the store told, after a death, too") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.outputs[0].container = Container::kFmp4;
  options.outputs[0].init_path = "init-{hash}.mp4";
  const auto sink = std::make_shared<TellingSink>(studio.sink);
  options.outputs[0].sink = sink;
  auto recorder = studio.Open(options);
  studio.Push(*recorder, 5);
  REQUIRE(recorder->chat().Append({.message = "a"}).ok());
  studio.simulation->Advance(milliseconds(10));
  REQUIRE(studio.sink->objects().contains("1.m4s"));
  studio.Kill(recorder);
  studio.Start();
  recorder = studio.Open(options);
  studio.Push(*recorder, 3, 125);
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  const Json manifest = Json::parse(studio.sink->Text("recording.json"));
  std::size_t segments = 0;
  for (const Json& object : manifest.at("objects")) {
    INFO(object.dump());
    if (object.at("kind") == "init_section") continue;  // of the first run
    CHECK(object.value("etag", "") ==
          "\"" + object.at("key").get<std::string>() + "\"");
    if (object.at("kind") == "segment") ++segments;
  }
  CHECK(segments >= 4);
}

}  // namespace
}  // namespace hlsrec
