// `--chat`: JSON lines in, what Python's csv reads out.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"
#include "tests/inputs/ports.h"
#include "tests/net/nginx_server.h"
#include "tests/s3/store_server.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests
using hlsrec::NginxServer;

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const Json kHeader = {"SenderPeerID", "SenderName", "SenderUserID", "Roles",
                      "SentAt",       "Type",       "Message"};

// As another program reads it.
Json ReadCsv(const std::string& path) {
  const Ended ended =
      RunWell({"python3", "-c",
               "import csv, json, sys\n"
               "with open(sys.argv[1], newline='', encoding='utf-8') as f:\n"
               "    print(json.dumps(list(csv.reader(f, strict=True))))",
               path});
  return Json::parse(ended.out);
}

Json LastFields(const Json& rows) {
  Json fields = Json::array();
  for (const Json& row : rows) fields.push_back(row.at(row.size() - 1));
  return fields;
}

std::string Written(const TempDirectory& directory, const std::string& text) {
  const std::string path = directory.path("chat.jsonl");
  std::ofstream(path) << text;
  return path;
}

// Recorded in a moment.
Words RecordChat(const std::string& output, const std::string& chat,
                 const Words& more = {}) {
  Words words = {
      "record", MediaFile("h264_aac.ts"), output, "--chat", chat, "--session",
      "s",      "--segment-time",         "1"};
  words.insert(words.end(), more.begin(), more.end());
  return Hlsrec(words);
}

// Says it to whoever reads the FIFO.
void Say(const std::string& fifo, const std::string& line) {
  const int fd = ::open(fifo.c_str(), O_WRONLY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  REQUIRE(::write(fd, line.data(), line.size()) ==
          static_cast<ssize_t>(line.size()));
  ::close(fd);
}

}  // namespace

TEST_CASE("chat: Python's csv reads what was said") {
  const TempDirectory directory;
  const std::string chat = Written(
      directory,
      R"({"sender_peer_id": "p1", "sender_name": "Ann \"A\" Bo", )"
      R"("sender_user_id": "u,1", "roles": ["host", "guest"], )"
      R"("sent_at": "2026-01-01T01:00:00+01:00", "message": "a\nb,\"c\" ä"})"
      "\n\r\n"
      R"({"message": "=1", "recipient_peer_id": null})"
      "\n"
      R"({"message": "psst", "recipient_peer_id": "p2"})"
      "\n"
      R"({"message": "the last line has no end"})");
  const Ended ended = RunWell(RecordChat(directory.path("rec"), chat));
  CHECK(!Holds(ended, "--chat"));
  const std::string folder = directory.path("rec/h264_aac/s/");
  const Json rows = ReadCsv(folder + "chat.csv");
  REQUIRE(rows.size() == 4);
  CHECK(rows[0] == kHeader);
  CHECK(rows[1] == Json{"p1", "Ann \"A\" Bo", "u,1", R"(["host","guest"])",
                        "2026-01-01T00:00:00.000Z", "chat", "a\nb,\"c\" ä"});
  CHECK(rows[2][3] == "[]");
  CHECK(rows[2][6] == "=1");
  CHECK(rows[3][6] == "the last line has no end");
  RequireConforms(folder);
  // Nowhere at all.
  for (const auto& entry :
       fs::recursive_directory_iterator(directory.path("rec"))) {
    if (!entry.is_regular_file()) continue;
    CHECK(ReadText(entry.path().string()).find("psst") == std::string::npos);
  }
}

TEST_CASE("chat: bad lines are told by number and member, and left out") {
  const TempDirectory directory;
  const std::string chat =
      Written(directory,
              "{\"message\": \"a\"}\nhello\n{\"message\": \"b\", "
              "\"recipient\": \"p\"}\n"
              "{\"message\": \"" +
                  std::string(std::size_t{2} << 20, 'x') +
                  "\"}\n{\"message\": \"c\", \"sent_at\": \"noon\"}\n"
                  "{\"message\": \"=d\"}\n");
  const Ended ended = Run(
      RecordChat(directory.path("cam.m3u8"), "-", {"--chat-escape-formulas"}),
      {.stdin_path = chat});
  INFO(ended.err);
  CHECK(ended.code == 0);
  const std::string where = "--chat: standard input: ";
  CHECK(Holds(ended, where + "line 2: is no JSON: left out"));
  CHECK(Holds(ended, where + "line 3: recipient: is no member of a message"));
  CHECK(Holds(ended, where + "line 4: is too long: left out"));
  CHECK(Holds(ended, where + "line 5: sent_at: `noon`: want a time as"));
  CHECK(LastFields(ReadCsv(directory.path("cam_chat.csv"))) ==
        Json{"Message", "a", "'=d"});
}

TEST_CASE("chat: what can't be read is told before anything is recorded") {
  const TempDirectory directory;
  const Ended missing =
      Run(RecordChat(directory.path("rec"), directory.path("none")));
  CHECK(missing.code == 1);
  CHECK(Holds(missing, "none: No such file or directory"));
  CHECK_FALSE(fs::exists(directory.path("rec/h264_aac")));
  const Ended both =
      Run(Hlsrec({"record", "-", directory.path("rec"), "--chat", "-"}));
  CHECK(both.code == 1);
  CHECK(Holds(both, "is the input already"));
}

TEST_CASE("chat: a FIFO is read while it lasts, and goes on after a kill") {
  const TempDirectory directory;
  const std::string fifo = directory.path("chat");
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const std::string output = directory.path("cam.m3u8");
  const Words words =
      RecordChat(output, fifo, {"--realtime", "--chat-captions"});
  {
    Command recording(words);
    REQUIRE(WaitUntil([&] { return Lists(output, 1); }));
    Say(fifo, "{\"message\": \"a\"}\n");
    Say(fifo, "{\"message\": \"b\"}\n");
    // The journal knows within a moment; a second is what is promised.
    REQUIRE(WaitUntil([&] { return Lists(output, 2); }));
    recording.Signal(SIGKILL);
    recording.Wait();
  }
  Command again(words);
  REQUIRE(WaitUntil([&] { return Lists(output, 3); }));
  Say(fifo, "{\"message\": \"c\"}\n");
  // What is in the FIFO by then belongs to it.
  again.Signal(SIGINT);
  INFO(again.err());
  CHECK(again.Wait() == 0);
  CHECK(LastFields(ReadCsv(directory.path("cam_chat.csv"))) ==
        Json{"Message", "a", "b", "c"});
  // FFmpeg reads what players would.
  RunWell({"ffprobe", "-v", "error", directory.path("cam_chat.vtt")});
}

TEST_CASE("chat: on a web server") {
  const NginxServer nginx;
  const TempDirectory directory;
  const std::string chat = Written(directory, "{\"message\": \"a\"}\n");
  RunWell(RecordChat(nginx.Http("/open/rec"), chat, {"--manifest"}),
          {.directory = directory.path("")});
  const std::string folder = nginx.Folder("/open/rec/h264_aac/s/");
  CHECK(LastFields(ReadCsv(folder + "chat.csv")) == Json{"Message", "a"});
  CHECK(Json::parse(ReadText(folder + "recording.json")).at("state") ==
        "completed");
}

TEST_CASE("chat: in a bucket, where 100ms looks for it") {
  const SwiftServer swift;
  const TempDirectory directory;
  const CommandOptions here = WithBucket(directory);
  const std::string chat = Written(directory, "{\"message\": \"a\"}\n");
  const auto url = [&](const std::string& path) {
    return "s3://bucket" + path + "?endpoint=" + swift.endpoint();
  };
  RunWell(RecordChat(url(""), chat,
                     {"--manifest", "--layout", "100ms-beam", "--identity",
                      "room_id=r", "--identity", "epoch_ms=1767225600000",
                      "--identity", "prefix=p"}),
          here);
  const Ended verified = Run(
      Hlsrec({"verify",
              url("/p/beam/r/20260101/Rec-r-1767225600000_recording.json")}),
      here);
  INFO(verified.out + verified.err);
  CHECK(verified.code == 0);
}
