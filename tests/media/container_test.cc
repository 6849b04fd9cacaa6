#include <algorithm>
#include <string>
#include <vector>

#include "src/av/mp4_init.h"
#include "src/base/rescale.h"
#include "src/media/muxer.h"
#include "tests/av/media_files.h"
#include "tests/catch.h"
#include "tests/media/demux.h"

namespace hlsrec::testing {
namespace {

enum class Container { kTs, kFmp4 };

std::vector<media::MuxTrack> MuxTracks(const Samples& samples) {
  std::vector<media::MuxTrack> tracks;
  for (std::size_t i = 0; i < samples.formats.size(); ++i) {
    tracks.push_back({.track = static_cast<int>(i),
                      .format = samples.formats[i],
                      .timescale = samples.timescales[i],
                      .language = "en"});
  }
  return tracks;
}

std::unique_ptr<media::Muxer> MakeMuxer(Container container,
                                        const Samples& samples) {
  auto muxer = container == Container::kTs
                   ? media::MakeTsMuxer({.tracks = MuxTracks(samples)})
                   : media::MakeFmp4Muxer({.tracks = MuxTracks(samples)});
  INFO(muxer.status().ToString());
  REQUIRE(muxer.ok());
  return std::move(*muxer);
}

// Segments of about a second: cut at key pictures, or by time without video.
std::vector<Bytes> Segments(Container container, const Samples& samples) {
  const auto muxer = MakeMuxer(container, samples);
  const bool has_video =
      std::any_of(samples.formats.begin(), samples.formats.end(),
                  [](const auto& format) { return format.width > 0; });
  std::vector<Bytes> segments;
  std::int64_t end = 0;
  for (const media::Sample& sample : samples.samples) {
    const auto track = static_cast<std::size_t>(sample.track);
    const bool video = samples.formats[track].width > 0;
    const bool cut = has_video ? video && sample.keyframe : sample.dts >= end;
    if (segments.empty() || cut) {
      if (!segments.empty()) muxer->End(segments.back());
      segments.emplace_back();
      muxer->Begin(segments.back());
      end = sample.dts + samples.timescales[track];
    }
    muxer->Write(sample, segments.back());
  }
  muxer->End(segments.back());
  return segments;
}

Bytes Init(Container container, const Samples& samples) {
  if (container == Container::kTs) return {};
  auto init = av::BuildInitSection({.tracks = MuxTracks(samples)});
  INFO(init.status().ToString());
  REQUIRE(init.ok());
  return *init;
}

// The units of a track, each with the time it is due where it has one of its
// own.
struct Unit {
  Bytes bytes = {};
  friend bool operator==(const Unit&, const Unit&) = default;
};
std::vector<Unit> UnitsOf(const Samples& samples, int track) {
  std::vector<Unit> units;
  for (const media::Sample& sample : samples.samples) {
    if (sample.track != track) continue;
    for (const ByteSpan unit : sample.units) {
      units.push_back({Bytes(unit.begin(), unit.end())});
    }
  }
  return units;
}
std::vector<std::int64_t> TimesOf(const Samples& samples, int track) {
  std::vector<std::int64_t> times;
  for (const media::Sample& sample : samples.samples) {
    if (sample.track != track) continue;
    times.push_back(sample.pts);
    times.push_back(sample.dts);
  }
  return times;
}

void CheckRoundTrip(const std::string& name, Container container) {
  const Samples in = ReadSamples(Demux(MediaFile(name)));
  const std::vector<Bytes> segments = Segments(container, in);
  const Bytes init = Init(container, in);
  const TempDir dir;
  const std::string suffix = container == Container::kTs ? ".ts" : ".mp4";
  Bytes whole = init;
  for (const Bytes& segment : segments) Append(whole, ByteSpan(segment));
  const std::string path = dir.Write("whole" + suffix, whole);
  const Samples out = ReadSamples(Demux(path), 0);
  REQUIRE(out.formats.size() == in.formats.size());
  for (std::size_t i = 0; i < in.formats.size(); ++i) {
    INFO("track " << i);
    const int track = static_cast<int>(i);
    CHECK(out.formats[i].codec_string == in.formats[i].codec_string);
    CHECK(out.formats[i].width == in.formats[i].width);
    CHECK(out.formats[i].channels == in.formats[i].channels);
    CHECK((UnitsOf(out, track) == UnitsOf(in, track)));
    if (in.formats[i].width > 0)
      CHECK(TimesOf(out, track) == TimesOf(in, track));
  }
  for (const Bytes& segment : segments) {
    Bytes alone = init;
    Append(alone, ByteSpan(segment));
    CHECK(DecodeErrors(dir.Write("alone" + suffix, alone)) == "");
  }
}

}  // namespace

TEST_CASE("containers: what goes into MPEG-TS comes out again") {
  const auto* name =
      GENERATE("h264_aac.mp4", "h264_aac.ts", "h265_aac.ts", "h264_latm.ts",
               "mpeg2_ac3.ts", "h264_mp3.ts", "h264_eac3.ts", "aac.aac");
  INFO(name);
  CheckRoundTrip(name, Container::kTs);
}

TEST_CASE("containers: what goes into fragmented MP4 comes out again") {
  const auto* name = GENERATE("h264_aac.mp4", "h264_aac.ts", "h265_aac.ts",
                              "h264_latm.ts", "mpeg2_ac3.ts", "h264_mp3.ts",
                              "h264_eac3.ts", "aac.aac", "av1_opus.mp4");
  INFO(name);
  CheckRoundTrip(name, Container::kFmp4);
}

TEST_CASE("ts muxer: AV1 and Opus are refused with a remedy") {
  const Samples in = ReadSamples(Demux(MediaFile("av1_opus.mp4")));
  const auto muxer = media::MakeTsMuxer({.tracks = MuxTracks(in)});
  CHECK(muxer.status().code() == StatusCode::kFailedPrecondition);
  CHECK(muxer.status().message() ==
        "mpeg-ts: codec av1: not possible in HLS; use --container fmp4");
}

}  // namespace hlsrec::testing
