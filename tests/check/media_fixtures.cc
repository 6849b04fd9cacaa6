#include <string>
#include <utility>

#include "tests/check/fixtures.h"
#include "tests/check/rules_text.h"
#include "tests/check/sound_recordings.h"

namespace hlsrec::check {
namespace {

Fixture Files(std::string_view rule, Expected expected, const std::string& what,
              RecordingFiles files, const std::string& location = "a.m3u8") {
  return {
      .rule = rule,
      .expected = expected,
      .what = what,
      .findings = [files = std::move(files), location](CheckProfile profile) {
        return files.Check(location, profile).findings;
      }};
}

Fixture Error(std::string_view rule, const std::string& what,
              RecordingFiles files) {
  return Files(rule, Expected::kError, what, std::move(files));
}
Fixture Apple(std::string_view rule, const std::string& what,
              RecordingFiles files) {
  return Files(rule, Expected::kAppleError, what, std::move(files));
}
Fixture Warning(std::string_view rule, const std::string& what,
                RecordingFiles files) {
  return Files(rule, Expected::kWarning, what, std::move(files));
}

RecordingFiles Edit(RecordingFiles files, const std::string& name,
                    std::string_view from, std::string_view to) {
  files[name] = With(files[name], from, to);
  return files;
}

RecordingFiles TsEdit(std::string_view from, std::string_view to) {
  return Edit(TsRecording(), "a.m3u8", from, to);
}

// Only the second segment is changed.
RecordingFiles SecondTs(const TsChange& change) {
  return TsRecording(change, [](TsBuilder& b) {
    b = TsBuilder{.clock = b.clock, .counters = b.counters};
  });
}

int PidOf(const Bytes& packet) { return (packet[1] & 0x1F) << 8 | packet[2]; }

// The second segment with `change` done to the first packet of the picture.
RecordingFiles FirstPicture(const std::function<void(Bytes&)>& change) {
  return RepackedTs([&](TsBuilder::Packets& packets) { change(packets[2]); });
}

void AddTiming(std::vector<Fixture>& out) {
  out.push_back(Apple("R12", "a segment more than half a second too long",
                      Edit(SecondTs([](TsBuilder& b) { b.frames = 63; }),
                           "a.m3u8", "2.000,\n1.ts", "2.499,\n1.ts")));
  out.push_back(Error("R14", "EXTINF half as long as the media",
                      TsEdit("2.000,\n1.ts", "1.000,\n1.ts")));
  out.push_back(Apple("R14", "EXTINF off by more than a frame",
                      TsEdit("2.000,\n1.ts", "1.900,\n1.ts")));
  RecordingFiles sums = TsRecording();
  for (int i = 0; i < 3; ++i) sums = Edit(sums, "a.m3u8", "2.000", "1.980");
  out.push_back(Apple("R14", "small errors that add up", sums));
  // 94 frames of sound begin with this segment's pictures.
  out.push_back(Warning("R15", "EXTINF of the sound",
                        TsEdit("2.000,\n0.ts", "2.005,\n0.ts")));
  out.push_back(Apple("R16", "an open GOP", SecondTs([](TsBuilder& b) {
                        b.idr = false;
                        b.recovery_point = true;
                      })));
  out.push_back(Error("R17", "no key frame first",
                      SecondTs([](TsBuilder& b) { b.idr = false; })));
  out.push_back(Error("R17", "no key frame first, fMP4",
                      Mp4Recording({}, [](Mp4Builder& b) { b.idr = false; })));
  out.push_back(Warning("R18", "a PES packet that ends early",
                        RepackedTs([](TsBuilder::Packets& packets) {
                          for (auto packet = packets.rbegin();
                               packet != packets.rend(); ++packet) {
                            if (PidOf(*packet) != kAudioPid) continue;
                            ++(*packet)[packet->size() - 64 - 14 + 5];
                            return;
                          }
                        })));
  out.push_back(Error("R25", "timestamps jump",
                      TsRecording([](TsBuilder& b) { b.clock += 900'000; })));
  out.push_back(Error("R25", "another picture size",
                      TsRecording([](TsBuilder& b) { b.sps = LargeSps(); })));
  out.push_back(Error("R25", "a track less",
                      TsRecording([](TsBuilder& b) { b.audio = false; })));
  out.push_back(Error("R25", "timestamps jump, fMP4",
                      Mp4Recording({}, [](Mp4Builder& b) { b.frame += 250; })));
  out.push_back(
      Warning("R34", "a gap shorter than what is missing",
              TsEdit("#EXTINF:2.000,\n1", "#EXT-X-GAP\n#EXTINF:1.000,\n1")));
  const auto kbps = std::to_string(TsRecording()["0.ts"].size() * 16 / 2000);
  out.push_back(
      Error("R111", "bit rate doubled",
            TsEdit("#EXTINF", "#EXT-X-BITRATE:" + kbps + "\n#EXTINF")));
}

void AddObjects(std::vector<Fixture>& out) {
  RecordingFiles missing = TsRecording();
  missing.Remove("1.ts");
  out.push_back(Error("R31", "a segment is missing", missing));
  missing.Set("1.ts", std::string_view());
  out.push_back(Error("R31", "a segment is empty", missing));
  missing = Mp4Recording();
  missing.Remove("init.mp4");
  out.push_back(Error("R31", "the init section is missing", missing));
  out.push_back(Error("R43", "a range ends past its file",
                      Edit(Mp4Recording(), "a.m3u8", "#EXTINF:2.000,\n2",
                           "#EXTINF:2.000,\n#EXT-X-BYTERANGE:99999999@0\n2")));
  RecordingFiles bare =
      Edit(Mp4Recording(), "a.m3u8", "#EXT-X-MAP:URI=\"init.mp4\"\n", "");
  for (const std::string name : {"0", "1", "2"}) {
    bare = Edit(bare, "a.m3u8", name + ".m4s", name + ".bin");
    bare.Set(name + ".bin", bare[name + ".m4s"]);
  }
  out.push_back(Error("R44", "no map, as the bytes tell", bare));
  RecordingFiles aes = Encrypted();
  aes["6.ts"].pop_back();
  out.push_back(Error("R48", "no whole blocks", aes));
  aes = Encrypted();
  aes["6.ts"].resize(aes["6.ts"].size() - 16);
  out.push_back(Error("R48", "no padding", aes));
  aes = Encrypted();
  aes.Remove("k.key");
  out.push_back(Error("R50", "no key", aes));
  aes.Set("k.key", std::string_view("too short"));
  out.push_back(Error("R50", "a short key", aes));
}

void AddTs(std::vector<Fixture>& out) {
  const auto error = [&](std::string_view rule, const std::string& what,
                         const TsChange& change) {
    out.push_back(Error(rule, what, SecondTs(change)));
  };
  error("R51", "no PAT", [](TsBuilder& b) { b.pat = false; });
  error("R51", "no PMT", [](TsBuilder& b) { b.pmt = false; });
  out.push_back(Error("R51", "two programs",
                      UniformTs([](TsBuilder& b) { b.programs = 2; })));
  out.push_back(Error("R52", "a counter within a segment",
                      RepackedTs([](TsBuilder::Packets& packets) {
                        for (std::size_t i = 20; i < packets.size(); ++i) {
                          if (PidOf(packets[i]) != kVideoPid) continue;
                          packets[i][3] ^= 8;
                          return;
                        }
                      })));
  out.push_back(
      Error("R52", "a counter between segments",
            TsRecording([](TsBuilder& b) { b.counters[kVideoPid] += 5; })));
  out.push_back(
      Error("R53", "timestamps go back",
            Edit(TsRecording([](TsBuilder& b) { b.clock -= 5 * 3600; }),
                 "a.m3u8", "2.000,\n0.ts", "1.800,\n0.ts")));
  out.push_back(Apple("R54", "a type that HLS has not",
                      UniformTs([](TsBuilder& b) { b.audio_type = 0x8A; })));
  RecordingFiles longer = TsRecording();
  longer["1.ts"].push_back('x');
  out.push_back(Error("R55", "a byte too much", longer));
  longer = TsRecording();
  longer.Set("1.ts", std::string_view("<html>404 not found</html>"));
  out.push_back(Error("R55", "no media", longer));
  out.push_back(Error("R55", "a packet without its sync byte",
                      RepackedTs([](TsBuilder::Packets& packets) {
                        Bytes broken = packets.back();
                        broken[0] = 0x48;
                        packets.push_back(broken);
                      })));
  out.push_back(Error("R55", "a packet with a transport error",
                      RepackedTs([](TsBuilder::Packets& packets) {
                        Bytes broken = packets.back();
                        broken[1] |= 0x80U;
                        packets.push_back(broken);
                      })));
  out.push_back(Apple("R55", "clock references too rare",
                      UniformTs([](TsBuilder& b) { b.pcr_every = 4; })));
  out.push_back(Files("R55", Expected::kAppleWarning, "no indicator",
                      FirstPicture([](Bytes& packet) { packet[5] &= 0xBFU; })));
  error("R56", "no delimiters", [](TsBuilder& b) { b.delimiter = false; });
  error("R56", "no parameter sets",
        [](TsBuilder& b) { b.parameter_sets = false; });
  out.push_back(
      Warning("R57", "padding", RepackedTs([](TsBuilder::Packets& packets) {
                Bytes null = {0x47, 0x1F, 0xFF, 0x10};
                null.resize(188, 0xFF);
                packets.insert(packets.end(), packets.size() / 10, null);
              })));
  out.push_back(Files("R57", Expected::kAppleWarning, "two sounds",
                      UniformTs([](TsBuilder& b) { b.second_audio = true; })));
  out.push_back(Files("R108", Expected::kAccepted, "timestamps wrap",
                      UniformTs([](TsBuilder& b) {
                        b.clock = (std::int64_t{1} << 33) - 270'000;
                      })));
}

// One segment without tfdt: nothing before it to jump from.
RecordingFiles NoTfdt() {
  RecordingFiles files;
  Mp4Builder builder{.tfdt = false};
  files.Set("init.mp4", builder.Init());
  files.Set("0.m4s", builder.Next());
  files.Set(
      "a.m3u8",
      With(kMp4Playlist, "#EXTINF:2.000,\n1.m4s\n#EXTINF:2.000,\n2.m4s\n", ""));
  return files;
}

void AddFmp4(std::vector<Fixture>& out) {
  const auto error = [&](std::string_view rule, const std::string& what,
                         const Mp4Change& change) {
    out.push_back(Error(rule, what, Mp4Recording(change)));
  };
  error("R58", "no brand", [](Mp4Builder& b) { b.brand = "isom"; });
  error("R58", "no ftyp", [](Mp4Builder& b) { b.ftyp = false; });
  error("R58", "no mvex", [](Mp4Builder& b) { b.mvex = false; });
  error("R58", "samples in the tables",
        [](Mp4Builder& b) { b.empty_tables = false; });
  error("R58", "durations", [](Mp4Builder& b) { b.header_duration = 6000; });
  out.push_back(Error("R59", "no tfdt", NoTfdt()));
  out.push_back(
      Apple("R59", "tfdt leaves a hole",
            Edit(Mp4Recording({}, [](Mp4Builder& b) { b.frame += 5; }),
                 "a.m3u8", "2.000,\n0", "2.200,\n0")));
  error("R60", "no default-base-is-moof",
        [](Mp4Builder& b) { b.base_is_moof = false; });
  error("R60", "absolute offsets",
        [](Mp4Builder& b) { b.absolute_offset = true; });
  error("R61", "a byte too much in the mdat",
        [](Mp4Builder& b) { b.extra_mdat_bytes = 1; });
  error("R61", "no mdat", [](Mp4Builder& b) { b.mdat = false; });
  error("R62", "no parameter sets",
        [](Mp4Builder& b) { b.configuration = false; });
  out.push_back(Apple("R62", "avc3", Mp4Recording([](Mp4Builder& b) {
                        b.video_entry = "avc3";
                      })));
  out.push_back(Files("R63", Expected::kAppleWarning, "no styp",
                      Mp4Recording([](Mp4Builder& b) { b.styp = false; })));
  out.push_back(
      Error("R64", "an unknown track",
            Mp4Recording({}, [](Mp4Builder& b) { b.video_track = 7; })));
  RecordingFiles change = Mp4Recording();
  Mp4Builder large{.sps = LargeSps(), .frame = 100};
  change.Set("large.mp4", large.Init());
  out.push_back(Files("R102", Expected::kAccepted, "another map",
                      Edit(change, "a.m3u8", "#EXTINF:2.000,\n2",
                           "#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"large.mp4\""
                           "\n#EXTINF:2.000,\n2")));
}

void AddSoundAndText(std::vector<Fixture>& out) {
  RecordingFiles sound = PackedRecording();
  sound.Set("6.aac",
            PackedAudio(Id3((std::uint64_t{1} << 40) + 90'000 + 94 * 1920)));
  out.push_back(Error("R65", "a timestamp of more than 33 bits", sound));
  sound = PackedRecording();
  sound.Set("7.aac", Id3(90'000 + 2 * 94 * 1920));
  out.push_back(Error("R65", "no sound", sound));
  RecordingFiles one;
  one.Set("a.m3u8",
          std::string_view("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2"
                           "\n#EXTINF:2.005,\n0.aac\n#EXT-X-ENDLIST\n"));
  one.Set("0.aac", PackedAudio({}));
  out.push_back(Error("R65", "no timestamp", one));
  const RecordingFiles vtt = WebVttRecording();
  out.push_back(
      Error("R66", "no header", Edit(vtt, "6.vtt", "WEBVTT", "WEBVT")));
  out.push_back(
      Error("R66", "a broken map", Edit(vtt, "6.vtt", "MPEGTS:9", "MPEG:9")));
  out.push_back(Error("R66", "a broken cue",
                      Edit(vtt, "6.vtt", "00:02.500", "00:02,500")));
  out.push_back(Error("R66", "a cue that ends before it begins",
                      Edit(vtt, "6.vtt", "00:02.500", "00:00.500")));
  out.push_back(Warning("R66", "no map",
                        Edit(vtt, "6.vtt", "X-TIMESTAMP-MAP", "X-OTHER")));
}

void AddPresentation(std::vector<Fixture>& out) {
  const auto add = [&](std::string_view rule, Expected expected,
                       const std::string& what, RecordingFiles files) {
    out.push_back(Files(rule, expected, what, std::move(files), "main.m3u8"));
  };
  const auto main = [](std::string_view from, std::string_view to) {
    return Edit(Presentation(), "main.m3u8", from, to);
  };
  const auto high = [](std::string_view from, std::string_view to) {
    return Edit(Presentation(), "high/a.m3u8", from, to);
  };
  const auto error = [&](std::string_view rule, const std::string& what,
                         RecordingFiles files) {
    add(rule, Expected::kError, what, std::move(files));
  };
  error("R27", "a discontinuity less", high("#EXT-X-DISCONTINUITY\n", ""));
  error("R31", "a playlist is missing", main("low/a.m3u8", "none.m3u8"));
  error("R40", "dates in one playlist",
        Edit(high("#EXTINF:2.000,\n0",
                  "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n"
                  "#EXTINF:2.000,\n0"),
             "high/a.m3u8", "#EXTINF:2.000,\n2",
             "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:04.000Z\n"
             "#EXTINF:2.000,\n2"));
  error("R67", "a multivariant playlist as a variant",
        main("low/a.m3u8", "main.m3u8"));
  error("R68", "BANDWIDTH below the peak",
        main("BANDWIDTH=187000", "BANDWIDTH=186300"));
  error("R73", "SDR called PQ",
        main("RATE=25.000", "RATE=25.000,VIDEO-RANGE=PQ"));
  error("R75", "another profile", main("avc1.42C00C", "avc1.64001f"));
  error("R75", "a codec less", main(",mp4a.40.2", ""));
  error("R76", "another target duration",
        high("TARGETDURATION:2", "TARGETDURATION:3"));
  error("R76", "another type", high("TYPE:VOD", "TYPE:EVENT"));
  error("R76", "another length",
        high("2.ts\n",
             "2.ts\n#EXT-X-GAP\n#EXTINF:2.000,\ng\n#EXT-X-GAP\n"
             "#EXTINF:2.000,\ng\n"));
  add("R69", Expected::kWarning, "average too low",
      main("AVERAGE-BANDWIDTH=186000", "AVERAGE-BANDWIDTH=120000"));
  add("R71", Expected::kWarning, "another size", main("320x180", "320x240"));
  add("R72", Expected::kWarning, "another frame rate",
      main("RATE=25.000", "RATE=30.000"));
  RecordingFiles outside = high("1.ts", "../../x/1.ts");
  outside = Edit(outside, "high/a.m3u8", "#EXTINF:2.000,\n../../x/1.ts",
                 "#EXT-X-GAP\n#EXTINF:2.000,\n../../x/1.ts");
  add("R116", Expected::kWarning, "out of the recording", outside);
}

void AddIFrames(std::vector<Fixture>& out) {
  const auto edit = [](std::string_view from, std::string_view to) {
    return Edit(IFramePresentation(), "i.m3u8", from, to);
  };
  const auto error = [&](const std::string& what, RecordingFiles files) {
    out.push_back(
        Files("R78", Expected::kError, what, std::move(files), "main.m3u8"));
  };
  error("not said to be one",
        Edit(Presentation(), "main.m3u8", "#EXT-X-MEDIA",
             "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=187000,CODECS=\"avc1.42C00C\""
             ",RESOLUTION=320x180,URI=\"low/a.m3u8\"\n#EXT-X-MEDIA"));
  error("a range too short", edit("564@376\nlow/1", "376@376\nlow/1"));
  error("a range too long", edit("564@376\nlow/1", "2256@376\nlow/1"));
  error("no picture in the range", edit("564@376\nlow/1", "376@0\nlow/1"));
  error("EXTINF of another picture",
        edit("#EXTINF:2.000,\n#EXT-X-BYTERANGE:564@376\nlow/0",
             "#EXTINF:1.500,\n#EXT-X-BYTERANGE:564@376\nlow/0"));
  RecordingFiles plain = IFramePresentation();
  TsBuilder pictures{.audio = false, .idr = false};
  plain.Set("plain.ts", pictures.NextBytes());
  error("no I-frame",
        Edit(plain, "i.m3u8", "564@376\nlow/2", "564@376\nplain"));
  const RecordingFiles mp4 = Mp4IFrames();
  const std::string list = RecordingFiles(mp4)["a.m3u8"];
  const std::size_t size = std::stoul(list.substr(list.find("RANGE:") + 6));
  const std::string range = std::to_string(size) + "@0";
  out.push_back(Error("R78", "fMP4, a range that ends inside the I-frame",
                      Edit(mp4, "a.m3u8", range + "\nall.m4s",
                           std::to_string(size - 200) + "@0\nall.m4s")));
  out.push_back(Error("R78", "fMP4, no sync sample", [] {
    RecordingFiles files = Mp4IFrames();
    Mp4Builder builder;
    builder.frames = 1;
    builder.sync = builder.idr = false;
    const Bytes segment = builder.Next();
    files.Set("plain.m4s", segment);
    const std::string text = files["a.m3u8"];
    const std::size_t at = text.find("#EXT-X-BYTERANGE");
    return Edit(files, "a.m3u8", text.substr(at, text.find("m4s", at) + 3 - at),
                "plain.m4s");
  }()));
}

}  // namespace

std::vector<Fixture> MediaFixtures() {
  std::vector<Fixture> all;
  AddTiming(all);
  AddObjects(all);
  AddTs(all);
  AddFmp4(all);
  AddSoundAndText(all);
  AddPresentation(all);
  AddIFrames(all);
  return all;
}

std::vector<Fixture> SoundFixtures() {
  std::vector<Fixture> all;
  const auto text = [&](const std::string& what, const std::string& playlist) {
    all.push_back({.expected = Expected::kAccepted,
                   .what = what,
                   .findings = [playlist](CheckProfile profile) {
                     return CheckPlaylistText(playlist, "index.m3u8",
                                              {.profile = profile})
                         .findings;
                   }});
  };
  text("media playlist", kMedia);
  text("multivariant playlist", With(kMultivariant, "#EXT-X-VERSION:6\n", ""));
  text("low latency", kLowLatency);
  all.push_back(Files("", Expected::kAccepted, "ts", TsRecording()));
  all.push_back(Files("", Expected::kAccepted, "fmp4", Mp4Recording()));
  all.push_back(Files("", Expected::kError, "aes", Encrypted()));
  all.push_back(Files("", Expected::kError, "packed", PackedRecording()));
  all.push_back(Files("", Expected::kError, "webvtt", WebVttRecording()));
  all.push_back(Files("", Expected::kError, "i-frames, fmp4", Mp4IFrames()));
  all.push_back(
      Files("", Expected::kError, "several", Presentation(), "main.m3u8"));
  all.push_back(Files("", Expected::kError, "i-frames", IFramePresentation(),
                      "main.m3u8"));
  return all;
}

}  // namespace hlsrec::check
