// What `hlsrec resume` says and does around what is left.
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"
#include "tests/inputs/ports.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests

TEST_CASE("resume: nothing is owed where nothing was interrupted") {
  const TempDirectory directory;
  const Ended nothing = Run(Hlsrec({"resume", directory.path("")}));
  CHECK(nothing.code == 0);
  CHECK(nothing.err.find("no interrupted recording is there") !=
        std::string::npos);
  const Ended nowhere = Run(Hlsrec({"resume", directory.path("nowhere")}));
  CHECK(nowhere.code == 1);
  CHECK(nowhere.err.find("nowhere: is not a folder") != std::string::npos);
}

TEST_CASE("resume: a killed recording is listed, left alone alive, and ended") {
  const TempDirectory directory;
  const std::string folder = directory.path("out");
  const std::string playlist = folder + "/index.m3u8";
  const Words record = Record({MediaFile("h264_aac.ts"), playlist, "--realtime",
                               "--segment-time", "1"});
  Command command(record);
  REQUIRE(WaitUntil([&] { return Lists(playlist, 1); }));
  // Alive: nobody else may.
  const Ended refused = Run(Hlsrec({"resume", folder}));
  INFO(refused.err);
  CHECK(refused.code == 1);
  CHECK(refused.err.find("is in use by process") != std::string::npos);
  CHECK(Run(Hlsrec({"resume", "--discard", "1", folder})).code == 1);
  const Ended second = Run(record);
  CHECK(second.code == 5);
  CHECK(second.err.find("is being recorded") != std::string::npos);
  command.Signal(SIGKILL);
  command.Wait();

  const Ended listed = Run(Hlsrec({"resume", "--list", folder}));
  CHECK(listed.code == 0);
  CHECK(listed.out.find("interrupted") != std::string::npos);
  CHECK_FALSE(ReadPlaylist(playlist).ended);
  const Ended ended = Run(Hlsrec({"resume", folder}));
  INFO(ended.err);
  CHECK(ended.code == 0);
  CHECK(ReadPlaylist(playlist).ended);
  RequireConforms(playlist);
  CHECK(!std::filesystem::exists(folder + "/.hlsrec-spool"));
}

TEST_CASE("resume: another spool does not get at a recording that runs") {
  const TempDirectory directory;
  const std::string pipe = directory.path("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  // Open here too: the input does not end before it is told to.
  std::fstream input(pipe, std::ios::in | std::ios::out | std::ios::binary);
  const std::string playlist = directory.path("out/index.m3u8");
  Command running(Record({pipe, playlist, "--segment-time", "1"}));
  input << ReadText(MediaFile("h264_aac.ts")) << std::flush;
  REQUIRE(WaitUntil([&] { return Lists(playlist, 1); }));
  const Words other = Record({MediaFile("h264_aac.ts"), playlist, "--append",
                              "--spool", directory.path("spool")});
  const Ended refused = Run(other);
  INFO(refused.err);
  CHECK(refused.code == 1);
  CHECK(refused.err.find(playlist + ": ") != std::string::npos);
  CHECK(refused.err.find("another recording writes there") !=
        std::string::npos);
  running.Signal(SIGINT);
  CHECK(running.Wait() == 0);
  RequireConforms(playlist);
  RunWell(other);
  RequireConforms(playlist);
}

TEST_CASE("resume: what a killed recording owes is dropped on demand") {
  const TempDirectory directory;
  const std::string folder = directory.path("out");
  const std::string playlist = folder + "/index.m3u8";
  Command command(Record({MediaFile("h264_aac.ts"), playlist, "--realtime",
                          "--segment-time", "1"}));
  REQUIRE(WaitUntil([&] { return Lists(playlist, 1); }));
  command.Signal(SIGKILL);
  command.Wait();
  const std::string before = ReadPlaylist(playlist).text;
  const Ended unknown = Run(Hlsrec({"resume", "--discard", "7", folder}));
  CHECK(unknown.code == 1);
  CHECK(Holds(unknown, "recording 7: is not in the spool"));
  const Ended listed = RunWell(Hlsrec({"resume", "--list", folder}));
  CHECK(listed.out.starts_with("1: "));
  CHECK(Run(Hlsrec({"resume", "--list", "--discard", "1", folder})).code == 1);
  const Ended dropped =
      RunWell(Hlsrec({"resume", "--discard", "1", "--json", folder}));
  CHECK(Holds(dropped, "\"discarded\":true"));
  CHECK(ReadPlaylist(playlist).text == before);
  CHECK_FALSE(std::filesystem::exists(folder + "/.hlsrec-spool"));
}

TEST_CASE(
    "resume: without its journal a recording goes on by the same command") {
  const bool cut_log = GENERATE(false, true);
  const TempDirectory directory;
  const std::string folder = directory.path("out");
  const std::string playlist = folder + "/index.m3u8";
  const Words record = Record({MediaFile("h264_aac.ts"), playlist, "--realtime",
                               "--segment-time", "1"});
  Command command(record);
  REQUIRE(WaitUntil([&] { return Lists(playlist, 2); }));
  command.Signal(SIGKILL);
  command.Wait();
  std::size_t spoiled = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().filename() != "journal.db") continue;
    if (cut_log) {
      std::filesystem::resize_file(entry.path().string() + "-wal", 0);
    } else {
      std::ofstream(entry.path()) << "no database any more, but some text";
    }
    ++spoiled;
  }
  REQUIRE(spoiled == 1);

  const Ended listed = Run(Hlsrec({"resume", "--list", folder}));
  INFO(listed.err);
  CHECK(listed.code == 0);
  CHECK(listed.out.find("its journal is lost: resume it, or record on") !=
        std::string::npos);
  const Ended ended = Run(record);
  INFO(ended.err);
  CHECK(ended.code == 0);
  CHECK(ReadPlaylist(playlist).ended);
  RequireConforms(playlist);
}
