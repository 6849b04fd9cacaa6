#include "tests/cli/command.h"

#include <algorithm>
#include <filesystem>

#include "tests/catch.h"

namespace hlsrec::testing {
namespace {

std::string Text(const std::string& path) {
  const auto bytes = ReadBytes(path);
  return {bytes.begin(), bytes.end()};
}

Words Shell(const Words& arguments, const CommandOptions& options,
            const TempDirectory& directory) {
  Words words = {
      "/bin/sh",
      "-c",
      R"(cd "$1" && exec <"$2" >"$3" 2>"$4" && shift 4 && exec "$@")",
      "sh",
      options.directory,
      options.stdin_path,
      directory.path("out"),
      directory.path("err"),
      "env"};
  for (const auto& [name, value] : options.environment) {
    words.push_back(name + "=" + value);
  }
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

}  // namespace

Command::Command(const Words& arguments, const CommandOptions& options)
    : process_(std::make_unique<ChildProcess>(
          Shell(arguments, options, directory_))) {}

std::string Command::out() const { return Text(directory_.path("out")); }
std::string Command::err() const { return Text(directory_.path("err")); }

Words Hlsrec(const Words& arguments) {
  Words words = {HLSREC_TEST_COMMAND};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

Words Record(const Words& arguments) {
  Words words = Hlsrec({"record", "--no-sync"});
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

Ended Run(const Words& arguments, const CommandOptions& options) {
  Command command(arguments, options);
  const int code = command.Wait();
  return {.code = code, .out = command.out(), .err = command.err()};
}

Ended RunWell(const Words& arguments, const CommandOptions& options) {
  Ended ended = Run(arguments, options);
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  return ended;
}

CommandOptions WithBucket(const TempDirectory& directory) {
  return {.environment = {{"AWS_ACCESS_KEY_ID", "test:tester"},
                          {"AWS_SECRET_ACCESS_KEY", "testing"},
                          {"AWS_EC2_METADATA_DISABLED", "true"}},
          .directory = directory.path("")};
}

void Unpack(const std::string& zip, const std::string& folder) {
  RunWell({"unzip", "-tqq", zip});
  RunWell({"python3", "-m", "zipfile", "-t", zip});
  std::filesystem::create_directories(folder);
  RunWell({"bsdtar", "-xf", zip, "-C", folder});
}

void Ffmpeg(const Words& arguments) {
  Words words = {"ffmpeg", "-nostdin", "-v", "error", "-y"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  RunWell(words);
}

bool Holds(const Ended& ended, const std::string& text) {
  return (ended.out + ended.err).find(text) != std::string::npos;
}

void RequireRefused(const Words& arguments, const std::string& why) {
  const TempDirectory directory;
  const Ended ended = Run(arguments, {.directory = directory.path("")});
  INFO(ended.err);
  CHECK(ended.code == 1);
  CHECK(Holds(ended, why));
  CHECK_FALSE(Holds(ended, "s3cret"));
}

}  // namespace hlsrec::testing
