// Who is told of a recording: programs and webhooks.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"
#include "tests/net/scripted_server.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests
using hlsrec::ScriptedServer;
using Json = nlohmann::json;

namespace {

std::string WriteFile(const TempDirectory& directory, const std::string& name,
                      const std::string& text) {
  std::ofstream(directory.path(name)) << text;
  return directory.path(name);
}

// Appends what it is told to `told`.
std::string HookInto(const TempDirectory& directory) {
  const std::string path =
      WriteFile(directory, "hook",
                "#!/bin/sh\nprintf '%s ' \"$1\" >>'" + directory.path("told") +
                    "'\ncat >>'" + directory.path("told") + "'\n");
  ::chmod(path.c_str(), 0700);
  return path;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("events: a program is told, in order, and again on demand") {
  const TempDirectory directory;
  const std::string hook = HookInto(directory);
  RunWell(
      Record({MediaFile("h264_aac.ts"), directory.path("out"), "--segment-time",
              "1", "--session", "s", "--on-event", hook, "--events", "all"}));
  const auto told = Lines(ReadAll(directory.path("told")));
  REQUIRE(told.size() == 6);
  CHECK(told.front().starts_with("recording.started {"));
  CHECK(told.back().starts_with("recording.success {"));
  const Json last = Json::parse(told.back().substr(told.back().find('{')));
  CHECK(last.at("type") == "recording.success");
  CHECK(last.at("data").at("outputs").at(0).at("playlists").at(0) ==
        "h264_aac/s/index.m3u8");

  const Ended list =
      RunWell(Hlsrec({"events", "list", directory.path("out"), "--json"}));
  const auto listed = Lines(list.out);
  REQUIRE(listed.size() == 6);
  CHECK(Json::parse(listed.back()).at("id") == last.at("id"));
  CHECK(Json::parse(listed.back()).at("state") == "delivered");

  const Ended replay =
      RunWell(Hlsrec({"events", "replay", directory.path("out"), "--on-event",
                      hook, "--from", "1h"}));
  CHECK(Holds(replay, "6 events replayed"));
  const auto again = Lines(ReadAll(directory.path("told")));
  REQUIRE(again.size() == 12);
  const Json replayed =
      Json::parse(again.back().substr(again.back().find('{')));
  CHECK(replayed.at("id") == last.at("id"));
  CHECK(replayed.at("is_replay") == true);
}

TEST_CASE("events: what a webhook does not take is owed, and sent later") {
  const TempDirectory directory;
  std::atomic<bool> away = true;
  ScriptedServer server([&away](const ScriptedServer::Request&) {
    return ScriptedServer::Reply{.status = away ? 503 : 0};
  });
  const std::string secret = WriteFile(
      directory, "secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
  const std::string url =
      WriteFile(directory, "url", server.Url("/hook?token=t0k3n") + "\n");
  const std::vector<std::string> webhook = {"--webhook", "@" + url,
                                            "--webhook-secret-file", secret};
  std::vector<std::string> arguments = {
      MediaFile("h264_aac.ts"), directory.path("out"),
      "--segment-time",         "1",
      "--finish-timeout",       "1"};
  arguments.insert(arguments.end(), webhook.begin(), webhook.end());
  const Ended owed = Run(Record(arguments));
  CHECK(owed.code == 4);
  CHECK(Holds(owed, "3 events are owed"));
  CHECK(Holds(owed, "/hook: http 503"));
  CHECK(Holds(owed, "waiting for receivers to take 3 events"));
  const Ended listed =
      RunWell(Hlsrec({"resume", directory.path("out"), "--list"}));
  CHECK(listed.out.starts_with("events: 3 owed to "));
  const Ended other = Run(Hlsrec({"events", "replay", directory.path("out"),
                                  "--webhook", server.Url("/other")}));
  CHECK(other.code == 1);
  CHECK(Holds(other, "was told of no recording here"));
  CHECK(Holds(other, "/hook"));
  const Ended unnamed = Run(
      Hlsrec({"resume", directory.path("out"), "--finish-timeout", "100ms"}));
  CHECK(unnamed.code == 4);
  CHECK(Holds(unnamed, "name it by --webhook"));
  CHECK(server.log().empty());

  away = false;
  std::vector<std::string> resume = {"resume", directory.path("out")};
  resume.insert(resume.end(), webhook.begin(), webhook.end());
  RunWell(Hlsrec(resume));
  std::vector<std::string> types;
  for (const auto& stored : server.log()) {
    types.push_back(Json::parse(stored.bytes).at("type"));
  }
  CHECK(types == std::vector<std::string>{"recording.started",
                                          "recording.stopped",
                                          "recording.success"});
  CHECK(
      server.requests().back().Header("webhook-signature").starts_with("v1,"));
  // No secret is anywhere.
  for (const Ended* ended : {&owed, &unnamed}) {
    CHECK_FALSE(Holds(*ended, "t0k3n"));
    CHECK_FALSE(Holds(*ended, "whsec"));
  }
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(directory.path("out"))) {
    if (!entry.is_regular_file()) continue;
    const std::string bytes = ReadAll(entry.path());
    CHECK(bytes.find("t0k3n") == std::string::npos);
    CHECK(bytes.find("MfKQ9r8") == std::string::npos);
  }
}

TEST_CASE("events: words that make no sense are told by their flag") {
  const TempDirectory directory;
  const std::string input = MediaFile("h264_aac.ts");
  const std::string out = directory.path("out");
  const auto refusal = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {input, out});
    const Ended ended = Run(Record(flags));
    CHECK(ended.code == 1);
    return ended;
  };
  CHECK(Holds(refusal({"--webhook", "http://example.com/x"}), "use https"));
  CHECK(Holds(refusal({"--on-event", directory.path("none")}),
              "--on-event: " + directory.path("none")));
  CHECK(Holds(refusal({"--events", "sometimes"}), "--events: `sometimes`"));
  CHECK(Holds(refusal({"--webhook", "@" + directory.path("none")}),
              "--webhook: " + directory.path("none") + ": can't be read"));
  const Ended nobody = Run(Hlsrec({"events", "list", out}));
  CHECK(nobody.code == 1);
  CHECK_FALSE(std::filesystem::exists(out + "/.hlsrec-spool"));
}
