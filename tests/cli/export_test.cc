// `hlsrec export`: what players see of the file, and where it was read from.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

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

std::string RecordFile(const TempDirectory& directory, const std::string& media,
                       const Words& more = {},
                       const std::string& name = "cam.m3u8") {
  Words words = {"record", MediaFile(media), directory.path(name),
                 "--segment-time", "1"};
  words.insert(words.end(), more.begin(), more.end());
  RunWell(Record({words.begin() + 1, words.end()}));
  return directory.path(name);
}

Json Export(const std::string& playlist, const std::string& file,
            const Words& more = {}, int code = 0) {
  Words words = {"export", playlist, file, "--json"};
  words.insert(words.end(), more.begin(), more.end());
  const Ended ended = Run(Hlsrec(words));
  INFO(ended.out + ended.err);
  REQUIRE(ended.code == code);
  return Json::parse(ended.out);
}

std::vector<std::string> Probe(const std::string& file, const char* stream,
                               const char* entries) {
  const Ended ended = RunWell(
      {"ffprobe", "-v", "error", "-select_streams", stream, "-show_entries",
       entries, "-show_data_hash", "md5", "-of", "csv=p=0", file});
  std::vector<std::string> lines;
  std::istringstream text(ended.out);
  for (std::string line; std::getline(text, line);) {
    if (!line.empty() && line != "N/A") lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> Hashes(const std::string& file, const char* stream) {
  return Probe(file, stream, "packet=data_hash");
}

// The largest step from one packet's decoding to the next one's.
double LargestStep(const std::string& file, const char* stream) {
  double largest = 0;
  double before = 0;
  bool first = true;
  for (const std::string& line : Probe(file, stream, "packet=dts_time")) {
    const double time = std::stod(line);
    if (!first) {
      CHECK(time > before);
      largest = std::max(largest, time - before);
    }
    first = false;
    before = time;
  }
  CHECK_FALSE(first);
  return largest;
}

bool HasIndexFirst(const std::string& file) {
  const std::string bytes = ReadText(file);
  return bytes.find("moov") < bytes.find("mdat");
}

void Replace(const std::string& path, const std::string& what,
             const std::string& with) {
  std::string text = ReadText(path);
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  text.replace(at, what.size(), with);
  std::ofstream(path) << text;
}

std::size_t Temporaries(const std::string& folder) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    count += entry.path().extension() == ".tmp" ? 1U : 0U;
  }
  return count;
}

}  // namespace

TEST_CASE("export: every container, from TS and from fMP4, packet for packet") {
  const TempDirectory directory;
  for (const std::string container : {"ts", "fmp4"}) {
    const std::string playlist =
        RecordFile(directory, "h264_aac.mp4", {"--container", container},
                   container + ".m3u8");
    const Contents recorded = RecordedContents(playlist);
    REQUIRE(recorded.video.size() == 75);
    for (const std::string suffix : {".mp4", ".ts", ".mkv"}) {
      INFO(container + suffix);
      const std::string file = directory.path(container + suffix);
      const Json report = Export(playlist, file);
      CheckSame(recorded, ContentsOf(file));
      CHECK(report.at("packets") ==
            recorded.video.size() + recorded.audio.size());
      CHECK(report.at("bytes") == fs::file_size(file));
      CHECK(LargestStep(file, "v") < 0.0411);
      CHECK(LargestStep(file, "a") < 0.0245);
    }
    CHECK(HasIndexFirst(directory.path(container + ".mp4")));
  }
  // Where the framing is the same, so is every byte.
  CHECK(Hashes(directory.path("fmp4.mp4"), "v") ==
        Hashes(MediaFile("h264_aac.mp4"), "v"));
  // Sound is a whole number of frames, whatever a TS's clock made of it.
  for (const std::string& line :
       Probe(directory.path("ts.mp4"), "a", "packet=duration")) {
    CHECK(line == "1024");
  }
}

TEST_CASE("export: other codecs keep what they are") {
  const TempDirectory directory;
  struct Case {
    std::string media;
    std::string suffix;
  };
  for (const Case& each :
       {Case{"h265_aac.ts", ".mp4"}, Case{"mpeg2_ac3.ts", ".ts"},
        Case{"av1_opus.mkv", ".mp4"}, Case{"h264_eac3.ts", ".mkv"},
        Case{"aac.aac", ".mp4"}}) {
    INFO(each.media);
    const std::string playlist =
        RecordFile(directory, each.media, {}, each.media + ".m3u8");
    const std::string file = directory.path(each.media + each.suffix);
    Export(playlist, file);
    CheckSame(RecordedContents(playlist), ContentsOf(file));
  }
  const std::string av1 = directory.path("av1_opus.mkv.m3u8");
  const Ended ended = Run(Hlsrec({"export", av1, directory.path("no.ts")}));
  CHECK(ended.code == 2);
  CHECK(Holds(ended, "av1: not possible in .ts"));
  CHECK_FALSE(fs::exists(directory.path("no.ts")));
}

TEST_CASE("export: over a discontinuity time goes on") {
  const TempDirectory directory;
  for (const std::string container : {"ts", "fmp4"}) {
    INFO(container);
    const std::string name = container + ".m3u8";
    const Words more = {"--container", container, "--append"};
    RecordFile(directory, "h264_aac.ts", more, name);
    const std::string playlist =
        RecordFile(directory, "h264_aac.ts", more, name);
    REQUIRE(ReadPlaylist(playlist).discontinuities() == 1);
    const std::string file = directory.path(container + ".mp4");
    const Json report = Export(playlist, file);
    CHECK(report.at("discontinuities") == 1);
    CheckSame(RecordedContents(playlist), ContentsOf(file));
    // Sound and picture do not end at the same time.
    CHECK(LargestStep(file, "v") < 0.15);
    CHECK(LargestStep(file, "a") < 0.15);
  }
}

TEST_CASE("export: pieces that meet at a keyframe share no packet") {
  const TempDirectory directory;
  const std::string playlist =
      RecordFile(directory, "h264_aac.mp4", {"--max-gop", "2"});
  const std::string whole = directory.path("whole.mp4");
  Export(playlist, whole);
  // The first keyframe is where the recording's picture begins.
  const std::string first = Probe(whole, "v", "packet=pts_time").front();
  const std::string middle = std::to_string(std::stod(first) + 1);
  const std::string begin = directory.path("begin.mp4");
  const std::string end = directory.path("end.mp4");
  Export(playlist, begin, {"--to", middle});
  Export(playlist, end, {"--from", middle});
  for (const char* stream : {"v", "a"}) {
    std::vector<std::string> both = Hashes(begin, stream);
    const std::vector<std::string> more = Hashes(end, stream);
    both.insert(both.end(), more.begin(), more.end());
    CHECK(both == Hashes(whole, stream));
  }
  CHECK(Hashes(begin, "v").size() == 25);
  // Neither picture is a keyframe: the piece has what was asked for, and more.
  const Json report = Export(playlist, directory.path("piece.mp4"),
                             {"--from", "0:01.5", "--to", "1800ms"});
  CHECK(Hashes(directory.path("piece.mp4"), "v").size() == 25);
  CHECK(report.at("start").get<double>() == Approx(1).margin(0.1));
  const std::string date = ReadText(playlist);
  const std::size_t at = date.find("DATE-TIME:") + 10;
  Export(playlist, directory.path("date.mp4"),
         {"--from", date.substr(at, date.find('\n', at) - at)});
  CHECK(Hashes(directory.path("date.mp4"), "v") == Hashes(whole, "v"));
}

TEST_CASE("export: gaps are told and keep their time") {
  const TempDirectory directory;
  const std::string playlist = RecordFile(directory, "h264_aac.ts");
  Replace(playlist, "cam-000001.ts", "#EXT-X-GAP\ncam-000001.ts");
  Replace(playlist, "VERSION:3", "VERSION:8");
  const std::string file = directory.path("cam.mp4");
  const Json report = Export(playlist, file, {}, 3);
  CHECK(report.at("gaps") == 1);
  CHECK(report.at("gap_duration").get<double>() == Approx(1).margin(0.1));
  CHECK(LargestStep(file, "v") == Approx(1.04).margin(0.1));
  CHECK(Hashes(file, "v").size() == 50);

  fs::remove(directory.path("cam-000002.ts"));
  const Ended missing =
      Run(Hlsrec({"export", playlist, directory.path("missing.mp4")}));
  CHECK(missing.code == 2);
  CHECK(Holds(missing, "cam-000002.ts"));
  CHECK_FALSE(fs::exists(directory.path("missing.mp4")));
  CHECK(Temporaries(directory.path("")) == 0);
  CHECK(Export(playlist, directory.path("rest.mp4"), {"--skip-missing"}, 3)
            .at("gaps") == 2);
}

TEST_CASE("export: a change of format is named, and a TS holds it") {
  const TempDirectory directory;
  const std::string playlist = RecordFile(directory, "changed_size.ts");
  const Ended ended =
      Run(Hlsrec({"export", playlist, directory.path("cam.mp4")}));
  INFO(ended.out + ended.err);
  CHECK(ended.code == 2);
  CHECK(Holds(ended, "h264 160x120 to h264 320x180"));
  CHECK_FALSE(fs::exists(directory.path("cam.mp4")));
  const std::string before = directory.path("before.mp4");
  Export(playlist, before, {"--to", "2.9"});
  CHECK(Hashes(before, "v").size() == 75);
}

TEST_CASE("export: nothing of a recording is replaced by what is made of it") {
  const TempDirectory directory;
  const std::string playlist = RecordFile(directory, "h264_aac.ts");
  const std::string before = ReadPlaylist(playlist).text;
  const std::string segment = directory.path("cam-000001.ts");
  const auto size = fs::file_size(segment);
  for (const Words& words :
       {Words{"export", playlist, segment, "--force"},
        Words{"clip", playlist, playlist, "--force", "--to", "1"},
        Words{"clip", playlist, directory.path("clip.mp4"), "--to", "1"},
        Words{"package", playlist, playlist, "--force"}}) {
    INFO(words[0] << " " << words[2]);
    const Ended ended = Run(Hlsrec(words));
    INFO(ended.err);
    CHECK(ended.code == 1);
    CHECK(Holds(ended, ": "));
  }
  CHECK(ReadPlaylist(playlist).text == before);
  CHECK(fs::file_size(segment) == size);
  CHECK(Temporaries(directory.path("")) == 0);
}

TEST_CASE("export: folders are made, and what can't be written is told first") {
  const TempDirectory directory;
  const std::string playlist = RecordFile(directory, "h264_aac.ts");
  RunWell(Hlsrec({"export", playlist, directory.path("a/b/cam.mp4")}));
  CHECK(fs::exists(directory.path("a/b/cam.mp4")));
  const Ended refused =
      Run(Hlsrec({"export", playlist, directory.path("a/b/cam.mp4/x.mp4")}));
  CHECK(refused.code == 5);
  CHECK(Holds(refused, "cam.mp4/x.mp4: can't be written there: "));
  CHECK_FALSE(Holds(refused, ".tmp"));
}

TEST_CASE("export: sound that joins late has its place") {
  const TempDirectory directory;
  const std::string playlist = RecordFile(directory, "late_audio.ts");
  for (const std::string name : {"late.mp4", "late.mkv", "late.ts"}) {
    INFO(name);
    const std::string file = directory.path(name);
    CHECK(Export(playlist, file).at("tracks") == Json({"h264", "aac"}));
    CheckSame(RecordedContents(playlist), ContentsOf(file));
    const double picture =
        std::stod(Probe(file, "v", "packet=pts_time").front());
    const double sound = std::stod(Probe(file, "a", "packet=pts_time").front());
    CHECK(sound - picture == Approx(8.1).margin(0.3));
  }
}

TEST_CASE("export: of a multivariant playlist, the sound that is asked for") {
  const TempDirectory directory;
  const std::string playlist = RecordFile(directory, "two_languages.ts");
  const std::string file = directory.path("cam.mp4");
  CHECK(Export(playlist, file).at("tracks") == Json({"h264", "aac"}));
  CHECK(LargestStep(file, "a") < 0.0245);
  Export(playlist, directory.path("de.mp4"), {"--audio", "de"});
  CHECK(Hashes(directory.path("de.mp4"), "a") != Hashes(file, "a"));
  CHECK(Export(playlist, directory.path("all.mkv"), {"--audio", "all"})
            .at("tracks") == Json({"h264", "aac", "aac"}));
  CHECK(Export(playlist, directory.path("none.mp4"), {"--audio", "none"})
            .at("tracks") == Json({"h264"}));
  const Ended unknown = Run(Hlsrec(
      {"export", playlist, directory.path("x.mp4"), "--variant", "720"}));
  CHECK(unknown.code == 1);
  CHECK(Holds(unknown, "160x120"));
}

TEST_CASE("export: a file that is there stays, and wrong words are told") {
  const TempDirectory directory;
  const std::string playlist = RecordFile(directory, "h264_aac.ts");
  const std::string file = directory.path("cam.mp4");
  std::ofstream(file) << "mine";
  const Ended there = Run(Hlsrec({"export", playlist, file}));
  CHECK(there.code == 5);
  CHECK(ReadText(file) == "mine");
  Export(playlist, file, {"--force"});
  CHECK(ReadText(file) != "mine");
  RequireRefused(Hlsrec({"export", playlist, "cam.avi"}), ".mkv");
  RequireRefused(Hlsrec({"export", playlist, "a.mp4", "--from", "x"}),
                 "--from: `x`: want seconds");
  RequireRefused(Hlsrec({"export", playlist, "a.mp4", "--from", "60"}),
                 "the recording has 3.");
  RequireRefused(
      Hlsrec({"export", playlist, "a.mp4", "--from", "2", "--to", "1"}),
      "not behind");
}

TEST_CASE("export: from a web server and a bucket as from a disk") {
  const TempDirectory directory;
  const CommandOptions here = WithBucket(directory);
  const NginxServer nginx;
  const SwiftServer swift;
  const std::string bucket =
      "s3://bucket/v/cam.m3u8?endpoint=" + swift.endpoint();
  const std::string local = directory.path("cam.m3u8");
  const std::string encoded = nginx.Http("/open/rec/a%20cam.m3u8");
  // One recording: its date is the file's creation time.
  RunWell(Hlsrec({"record", MediaFile("h264_aac.ts"), local, encoded, bucket,
                  "--segment-time", "1"}),
          here);
  RunWell(Hlsrec({"export", local, "local.mp4"}), here);
  RunWell(Hlsrec({"export", encoded, "web.mp4"}), here);
  RunWell(Hlsrec({"export", bucket, "bucket.mp4"}), here);
  const std::string signature = encoded + "?signature=s3cret";
  RunWell(Hlsrec({"export", signature, "presigned.mp4"}), here);
  for (const std::string name : {"web", "bucket", "presigned"}) {
    INFO(name);
    CHECK(ReadText(directory.path(name + ".mp4")) ==
          ReadText(directory.path("local.mp4")));
  }
  fs::remove(nginx.Folder("/open/rec/a cam-000001.ts"));
  const Ended missing = Run(Hlsrec({"export", signature, "x.mp4"}), here);
  CHECK(missing.code == 2);
  CHECK(Holds(missing, "000001.ts"));
  CHECK_FALSE(Holds(missing, "s3cret"));
}

TEST_CASE("export: a bar on a terminal, objects with --json, else quiet") {
  const TempDirectory directory;
  const std::string playlist = RecordFile(directory, "h264_aac.ts");
  const auto typed = [&](const std::string& file, const std::string& more) {
    std::string line;
    for (const std::string& word :
         Hlsrec({"export", playlist, directory.path(file)})) {
      line += "'" + word + "' ";
    }
    return RunWell({"script", "-qec", line + more, "/dev/null"}).out;
  };
  const std::string bar = typed("bar.mp4", "");
  CHECK(bar.find("[###") != std::string::npos);
  CHECK(bar.find("% 1 of 3 segments") != std::string::npos);
  CHECK(typed("quiet.mp4", "--quiet").empty());

  const Ended json = RunWell(
      Hlsrec({"export", playlist, directory.path("json.mp4"), "--json"}));
  const Json last = Json::parse(json.err);
  CHECK(last.at("progress") == "export");
  CHECK(last.at("done") == 3);
  CHECK(last.at("total") == 3);
  const Ended plain =
      RunWell(Hlsrec({"export", playlist, directory.path("plain.mp4")}));
  CHECK(plain.err.empty());
}
