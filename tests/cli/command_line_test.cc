// What the command says and understands.
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests

namespace {

std::size_t SegmentsOf(const std::string& playlist) {
  return ReadPlaylist(playlist).segments.size();
}

}  // namespace

TEST_CASE("command line: wrong usage is refused and corrected") {
  struct Case {
    Words words;
    const char* said;
  };
  const Case c =
      GENERATE(Case{{}, "name a command: record, "},
               Case{{"bogus"}, "`bogus` is no command: want record, "},
               Case{{"recrod"}, "did you mean `record`?"},
               Case{{"verify"}, "Try `hlsrec verify --help`"},
               Case{{"record", "in.ts", "out", "--config", "c.toml"},
                    "--config: goes before the command"},
               Case{{"resume", "--discard", "0", "."},
                    "want a number that --list tells"},
               Case{{"record", "in.ts", "out", "--chat", "/tmp"},
                    "is a folder: want a file or FIFO"},
               Case{{"record", "in.ts", "out", "--segmnt-time", "2"},
                    "did you mean `--segment-time`?"},
               Case{{"record", "in.ts", "out", "--segment-time", "soon"},
                    "--segment-time: "},
               Case{{"record", "in.ts", "out", "--playlist", "evnt"},
                    "did you mean `event`?"},
               Case{{"record", "in.ts", "out", "--layout", "antmedai"},
                    "did you mean `antmedia`?"},
               Case{{"record", "in.ts", "out", "--container", "avi"},
                    "there are auto, ts, fmp4"},
               Case{{"record", "in.ts"}, "OUTPUT"},
               Case{{"record", "in.ts", "ftp://host/x"}, "want a local folder"},
               Case{{"completion", "csh"}, "bash, zsh, fish"});
  const Ended ended = Run(Hlsrec(c.words));
  INFO(c.said << "\n" << ended.out << ended.err);
  CHECK(ended.code == 1);
  CHECK(ended.err.find(c.said) != std::string::npos);
}

TEST_CASE("command line: help, version") {
  CHECK(RunWell(Hlsrec({"--version"})).out.starts_with("hlsrec "));
  const Ended help = RunWell(Hlsrec({"record", "--help"}));
  CHECK(help.out.find("Examples:") != std::string::npos);
  CHECK(help.out.find("--segment-time") != std::string::npos);
  CHECK(help.err.empty());
}

TEST_CASE("command line: a flag beats the file, that beats a variable") {
  const TempDirectory directory;
  const std::string playlist = directory.path("index.m3u8");
  const std::string config = directory.path("hlsrec.toml");
  std::ofstream(config) << "[record]\nsegment-time = \"1\"\n";
  Words words = {
      HLSREC_TEST_COMMAND,      "--config", config, "record", "--no-sync",
      MediaFile("h264_aac.ts"), playlist};
  SECTION("the file") {
    RunWell(words);
    CHECK(SegmentsOf(playlist) == 3);
  }
  SECTION("the variable") {
    RunWell(Record({MediaFile("h264_aac.ts"), playlist}),
            {.environment = {{"HLSREC_SEGMENT_TIME", "1"}}});
    CHECK(SegmentsOf(playlist) == 3);
  }
  SECTION("the file and the variable") {
    RunWell(words, {.environment = {{"HLSREC_SEGMENT_TIME", "6"}}});
    CHECK(SegmentsOf(playlist) == 3);
  }
  SECTION("the flag") {
    words.insert(words.end(), {"--segment-time", "6"});
    RunWell(words, {.environment = {{"HLSREC_SEGMENT_TIME", "2"}}});
    CHECK(SegmentsOf(playlist) == 1);
  }
  SECTION("a wrong name in the file") {
    std::ofstream(config) << "[record]\nsegmnt-time = \"1\"\n";
    const Ended ended = Run(words);
    INFO(ended.err);
    CHECK(ended.code == 1);
    CHECK(ended.err.find("segmnt-time") != std::string::npos);
  }
}

TEST_CASE("command line: --json is one object a line, the summary last") {
  const TempDirectory directory;
  const Ended ended =
      RunWell(Record({"--json", MediaFile("h264_aac.ts"), "--segment-time", "1",
                      directory.path("index.m3u8")}));
  CHECK(ended.err.empty());
  std::istringstream lines(ended.out);
  nlohmann::json last;
  std::size_t stored = 0;
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    last = nlohmann::json::parse(line, nullptr, false);
    REQUIRE(last.is_object());
    if (last["event"] == "segment_stored") ++stored;
  }
  CHECK(stored == 3);
  REQUIRE(last["event"] == "summary");
  CHECK(last["exit_code"] == 0);
  CHECK(last["progress"]["packets"] ==
        last["progress"]["packets_written"].get<std::uint64_t>() +
            last["progress"]["packets_dropped"].get<std::uint64_t>());

  const Ended check =
      RunWell(Hlsrec({"check", "--json", directory.path("index.m3u8")}));
  CHECK(nlohmann::json::parse(check.out, nullptr, false)["ok"] == true);
  const Ended probe =
      RunWell(Hlsrec({"probe", "--json", MediaFile("h264_aac.ts")}));
  CHECK(nlohmann::json::parse(probe.out, nullptr, false).is_object());
}

TEST_CASE("command line: --quiet says nothing") {
  const TempDirectory directory;
  const Ended ended = RunWell(Record(
      {"--quiet", MediaFile("h264_aac.ts"), directory.path("index.m3u8")}));
  CHECK(ended.out.empty());
  CHECK(ended.err.empty());
}

TEST_CASE("command line: the manual page has no mistakes in it") {
  const TempDirectory directory;
  const std::string page = directory.path("hlsrec.1");
  std::ofstream(page) << RunWell(Hlsrec({"man"})).out;
  const Ended roff =
      RunWell({"groff", "-ww", "-man", "-z", "-K", "utf8", page});
  CHECK(roff.err.empty());
  const Ended man =
      RunWell({"man", "--warnings", "-l", page},
              {.environment = {{"MANWIDTH", "78"}, {"LC_ALL", "C.UTF-8"}}});
  CHECK(man.err.empty());
  CHECK(man.out.find("--segment-time") != std::string::npos);
}

TEST_CASE("command line: the completions load") {
  const std::string shell = GENERATE("bash", "zsh", "fish");
  INFO(shell);
  const TempDirectory directory;
  const std::string script = directory.path("completion");
  std::ofstream(script) << RunWell(Hlsrec({"completion", shell})).out;
  const Ended checked = RunWell({shell, "-n", script});
  CHECK(checked.err.empty());
  if (shell != "bash") return;
  // The third word is being typed.
  const Ended completed = RunWell(
      {"bash", "-c",
       "source '" + script +
           "'; f=$(complete -p hlsrec | sed 's/.*-F \\([^ ]*\\).*/\\1/'); "
           "COMP_WORDS=(hlsrec record --segment-t); COMP_CWORD=2; "
           "COMP_LINE='hlsrec record --segment-t'; COMP_POINT=25; "
           "$f hlsrec --segment-t record; echo \"${COMPREPLY[@]}\""});
  INFO(completed.out << completed.err);
  CHECK(completed.out.find("--segment-time") != std::string::npos);
}
