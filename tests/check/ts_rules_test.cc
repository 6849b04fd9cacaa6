#include <functional>
#include <string>

#include "tests/catch.h"
#include "tests/check/recording_files.h"
#include "tests/check/sound_recordings.h"
#include "tests/check/ts_builder.h"

namespace hlsrec::check {
namespace {

void Expect(const RecordingFiles& files, const Rules& rules,
            CheckProfile profile = CheckProfile::kRfc) {
  const CheckReport report = files.Check("a.m3u8", profile);
  INFO(Describe(report.findings));
  CHECK(RulesOf(report.findings) == rules);
}

int PidOf(const Bytes& packet) { return (packet[1] & 0x1F) << 8 | packet[2]; }

TEST_CASE("ts rules: a sound recording has no findings") {
  Expect(TsRecording(), {});
  const CheckReport report = TsRecording().Check("a.m3u8");
  CHECK(report.playlists == 1);
  CHECK(report.segments == 4);
  CHECK(report.bytes_read > 0);
}

TEST_CASE("ts rules: sound alone, and picture alone, are sound") {
  Expect(UniformTs([](TsBuilder& b) { b.video = false; }), {});
  Expect(UniformTs([](TsBuilder& b) { b.audio = false; }), {});
}

TEST_CASE("ts rules: R108: timestamps that wrap are no discontinuity") {
  Expect(UniformTs([](TsBuilder& b) {
           b.clock = (std::int64_t{1} << 33) - 90'000 * 3 / 3600 * 3600;
         }),
         {});
}

TEST_CASE("ts rules: R12: a segment longer than its EXTINF may say") {
  RecordingFiles files = TsRecording([](TsBuilder& b) { b.frames = 64; },
                                     [](TsBuilder& b) { b.frames = 50; });
  files["a.m3u8"] = With(kTsPlaylist, "2.000,\n1.ts", "2.499,\n1.ts");
  Expect(files, {"R12?", "R14?"});
  Expect(files, {"R12", "R12?", "R14", "R29?"}, CheckProfile::kApple);
}

TEST_CASE("ts rules: R14: EXTINF that says what the media does not") {
  RecordingFiles files = TsRecording();
  files["a.m3u8"] = With(kTsPlaylist, "2.000,\n1.ts", "1.000,\n1.ts");
  Expect(files, {"R14"});
  files["a.m3u8"] = With(kTsPlaylist, "2.000,\n1.ts", "1.900,\n1.ts");
  Expect(files, {"R14?"});
  files["a.m3u8"] = With(kTsPlaylist, "2.000,\n1.ts", "1.970,\n1.ts");
  Expect(files, {});
  files["a.m3u8"] = With(kTsPlaylist, "2.000,\n3.ts", "0.900,\n3.ts");
  Expect(files, {"R14"});
}

TEST_CASE("ts rules: R14: small errors that add up") {
  RecordingFiles files = TsRecording();
  std::string text = kTsPlaylist;
  for (int i = 0; i < 3; ++i) text = With(text, "2.000", "1.980");
  files["a.m3u8"] = text;
  Expect(files, {"R14?"});
}

TEST_CASE("ts rules: R16, R17: a segment starts with a key frame") {
  const RecordingFiles plain = TsRecording([](TsBuilder& b) { b.idr = false; },
                                           [](TsBuilder& b) { b.idr = true; });
  Expect(plain, {"R17"});
  RecordingFiles unclaimed = plain;
  unclaimed["a.m3u8"] = With(kTsPlaylist, "#EXT-X-INDEPENDENT-SEGMENTS\n", "");
  Expect(unclaimed, {"R16?", "R17?"});
  const RecordingFiles open = TsRecording(
      [](TsBuilder& b) {
        b.idr = false;
        b.recovery_point = true;
      },
      [](TsBuilder& b) { b.idr = true; });
  Expect(open, {"R16?"});
}

TEST_CASE("ts rules: R18: a segment that begins inside a PES packet") {
  Expect(RepackedTs([](TsBuilder::Packets& packets) {
           // The tables stay; the first packet of the first picture moves on.
           Bytes first = packets[2];
           first[1] = static_cast<std::uint8_t>(first[1] & ~0x40U);
           packets[2] = first;
         }),
         {"R17", "R18?"});
}

TEST_CASE("ts rules: R18: a PES packet that ends early") {
  Expect(RepackedTs([](TsBuilder::Packets& packets) {
           for (auto packet = packets.rbegin(); packet != packets.rend();
                ++packet) {
             if (PidOf(*packet) != kAudioPid) continue;
             // Claims one byte more than there is.
             std::uint8_t& length = (*packet)[packet->size() - 64 - 14 + 5];
             REQUIRE(length == 72);
             ++length;
             return;
           }
         }),
         {"R18?"});
}

TEST_CASE("ts rules: R25: timestamps jump without DISCONTINUITY") {
  const RecordingFiles jump =
      TsRecording([](TsBuilder& b) { b.clock += 900'000; });
  Expect(jump, {"R25", "R53?"});
  Expect(TsRecording([](TsBuilder& b) { b.clock = 0; }), {"R25", "R53?"});
  RecordingFiles tagged = jump;
  tagged["a.m3u8"] = With(kTsPlaylist, "#EXTINF:2.000,\n1",
                          "#EXT-X-DISCONTINUITY\n#EXTINF:2.000,\n1");
  Expect(tagged, {});
}

TEST_CASE("ts rules: R25: the picture changes without DISCONTINUITY") {
  const RecordingFiles change =
      TsRecording([](TsBuilder& b) { b.sps = LargeSps(); });
  Expect(change, {"R25"});
  RecordingFiles tagged = change;
  tagged["a.m3u8"] = With(kTsPlaylist, "#EXTINF:2.000,\n1",
                          "#EXT-X-DISCONTINUITY\n#EXTINF:2.000,\n1");
  Expect(tagged, {});
}

TEST_CASE("ts rules: R25: tracks change without DISCONTINUITY") {
  Expect(TsRecording([](TsBuilder& b) { b.audio = false; }), {"R25"});
}

TEST_CASE("ts rules: R31: a listed segment is missing or empty") {
  RecordingFiles files = TsRecording();
  files.Remove("1.ts");
  Expect(files, {"R31"});
  files.Set("1.ts", std::string_view());
  Expect(files, {"R31"});
}

TEST_CASE("ts rules: a gap is not asked for") {
  RecordingFiles files = TsRecording();
  files.Remove("1.ts");
  files["a.m3u8"] =
      With(kTsPlaylist, "#EXTINF:2.000,\n1", "#EXT-X-GAP\n#EXTINF:2.000,\n1");
  Expect(files, {});
}

TEST_CASE("ts rules: R34: a gap lasts as long as what is missing") {
  RecordingFiles files = TsRecording();
  files["a.m3u8"] =
      With(kTsPlaylist, "#EXTINF:2.000,\n1", "#EXT-X-GAP\n#EXTINF:1.000,\n1");
  Expect(files, {"R34?"});
}

TEST_CASE("ts rules: R43: a range ends inside its file") {
  RecordingFiles files;
  TsBuilder builder;
  const Bytes a = builder.NextBytes();
  const Bytes b = builder.NextBytes();
  Bytes all = a;
  Append(all, b);
  files.Set("all.ts", all);
  const auto playlist = [&](std::size_t second) {
    return "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:2\n"
           "#EXT-X-INDEPENDENT-SEGMENTS\n#EXTINF:2.000,\n#EXT-X-BYTERANGE:" +
           std::to_string(a.size()) +
           "@0\nall.ts\n#EXTINF:2.000,\n#EXT-X-BYTERANGE:" +
           std::to_string(second) + "\nall.ts\n#EXT-X-ENDLIST\n";
  };
  files.Set("a.m3u8", playlist(b.size()));
  Expect(files, {});
  files.Set("a.m3u8", playlist(b.size() + 1));
  Expect(files, {"R43"});
}

TEST_CASE("ts rules: R51: one program, its tables in every segment, first") {
  const auto on = [](TsBuilder& b) { b.pat = b.pmt = b.tables_first = true; };
  Expect(TsRecording([](TsBuilder& b) { b.pat = false; }, on), {"R51"});
  Expect(TsRecording([](TsBuilder& b) { b.pmt = false; }, on), {"R51"});
  Expect(TsRecording([](TsBuilder& b) { b.tables_first = false; }, on),
         {"R17", "R51?"});
  Expect(UniformTs([](TsBuilder& b) { b.programs = 2; }), {"R51"});
}

TEST_CASE("ts rules: R52: counters go on, within and across segments") {
  Expect(RepackedTs([](TsBuilder::Packets& packets) {
           for (std::size_t i = 20; i < packets.size(); ++i) {
             if (PidOf(packets[i]) != kVideoPid) continue;
             packets[i][3] ^= 8;
             return;
           }
         }),
         {"R52"});
  const RecordingFiles restarted =
      TsRecording([](TsBuilder& b) { b.counters[kVideoPid] += 5; });
  Expect(restarted, {"R52"});
  RecordingFiles tagged = restarted;
  tagged["a.m3u8"] = With(kTsPlaylist, "#EXTINF:2.000,\n1",
                          "#EXT-X-DISCONTINUITY\n#EXTINF:2.000,\n1");
  Expect(tagged, {});
}

TEST_CASE("ts rules: R53: timestamps do not go back a little") {
  RecordingFiles files =
      TsRecording([](TsBuilder& b) { b.clock -= 5 * b.frame_ticks; });
  files["a.m3u8"] = With(kTsPlaylist, "2.000,\n0.ts", "1.800,\n0.ts");
  Expect(files, {"R53"});
}

TEST_CASE("ts rules: R54: stream types are those of HLS") {
  Expect(UniformTs([](TsBuilder& b) { b.audio_type = 0x8A; }), {"R54?"});
  Expect(UniformTs([](TsBuilder& b) { b.audio_type = 0x8A; }),
         {"R54", "R29?", "R12?"}, CheckProfile::kApple);
}

TEST_CASE("ts rules: R55: whole packets, each with its sync byte") {
  RecordingFiles cut = TsRecording();
  cut["3.ts"].pop_back();
  CHECK(RulesOf(cut.Check("a.m3u8").findings).contains("R55"));
  RecordingFiles longer = TsRecording();
  longer["1.ts"].push_back('x');
  Expect(longer, {"R55"});
  Expect(RepackedTs([](TsBuilder::Packets& packets) {
           // A packet of its own that says it is damaged.
           Bytes broken = packets.back();
           broken[1] = static_cast<std::uint8_t>(broken[1] | 0x80U);
           packets.push_back(broken);
         }),
         {"R55"});
  Expect(RepackedTs([](TsBuilder::Packets& packets) {
           Bytes broken = packets.back();
           broken[0] = 0x48;
           packets.push_back(broken);
         }),
         {"R55"});
}

TEST_CASE("ts rules: R55: clock references come ten times a second") {
  Expect(UniformTs([](TsBuilder& b) { b.pcr_every = 2; }), {});
  Expect(UniformTs([](TsBuilder& b) { b.pcr_every = 4; }), {"R55?"});
}

TEST_CASE("ts rules: R55: what is no media at all") {
  RecordingFiles files = TsRecording();
  files.Set("1.ts", "<html>404 not found</html>");
  Expect(files, {"R55"});
}

TEST_CASE("ts rules: R56: delimiters and parameter sets") {
  Expect(UniformTs([](TsBuilder& b) { b.delimiter = false; }), {"R56"});
  Expect(TsRecording([](TsBuilder& b) { b.parameter_sets = false; },
                     [](TsBuilder& b) { b.parameter_sets = true; }),
         {"R56"});
}

TEST_CASE("ts rules: R57: padding and a second sound are told") {
  Expect(RepackedTs([](TsBuilder::Packets& packets) {
           Bytes null = {0x47, 0x1F, 0xFF, 0x10};
           null.resize(188, 0xFF);
           packets.insert(packets.end(), packets.size() / 10, null);
         }),
         {"R57?"});
  Expect(UniformTs([](TsBuilder& b) { b.second_audio = true; }), {});
  Expect(UniformTs([](TsBuilder& b) { b.second_audio = true; }),
         {"R57?", "R29?", "R12?"}, CheckProfile::kApple);
}

TEST_CASE("ts rules: R111: BITRATE is within a tenth") {
  RecordingFiles files = TsRecording();
  const auto kbps = static_cast<long>(files["0.ts"].size()) * 8 / 2000;
  const auto tagged = [&](long value) {
    return With(kTsPlaylist, "#EXTINF",
                "#EXT-X-BITRATE:" + std::to_string(value) + "\n#EXTINF");
  };
  files["a.m3u8"] = tagged(kbps);
  Expect(files, {});
  files["a.m3u8"] = tagged(kbps * 2);
  Expect(files, {"R111"});
}

}  // namespace
}  // namespace hlsrec::check
