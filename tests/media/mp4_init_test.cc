#include "src/av/mp4_init.h"

#include <string>
#include <string_view>
#include <vector>

#include "tests/av/media_files.h"
#include "tests/catch.h"
#include "tests/media/demux.h"

namespace hlsrec::testing {
namespace {

// Bodies of the boxes of that type, wherever they are in the known containers.
std::vector<Bytes> Find(ByteSpan bytes, std::string_view type) {
  std::vector<Bytes> found;
  ByteReader reader(bytes);
  while (reader.remaining() > 0) {
    const std::size_t size = reader.U32();
    const ByteSpan name = reader.Take(4);
    REQUIRE(size >= 8);
    const ByteSpan body = reader.Take(size - 8);
    REQUIRE(reader.ok());
    const std::string box(name.begin(), name.end());
    if (box == type) found.emplace_back(body.begin(), body.end());
    if (box == "moov" || box == "trak" || box == "mdia" || box == "mvex" ||
        box == "minf" || box == "stbl" || box == "edts") {
      for (Bytes& inner : Find(body, type)) found.push_back(std::move(inner));
    }
  }
  return found;
}
std::uint32_t U32At(const Bytes& body, std::size_t offset) {
  ByteReader reader(body);
  reader.Skip(offset);
  return reader.U32();
}

media::Fmp4MuxerOptions OptionsFor(const std::string& name) {
  const Samples samples = ReadSamples(Demux(MediaFile(name)));
  media::Fmp4MuxerOptions options;
  for (std::size_t i = 0; i < samples.formats.size(); ++i) {
    options.tracks.push_back({.track = static_cast<int>(i),
                              .format = samples.formats[i],
                              .timescale = samples.timescales[i],
                              .language = "de-CH"});
  }
  return options;
}

}  // namespace

TEST_CASE("init section: fragmented, without durations, edits or samples") {
  const std::string name =
      GENERATE("h264_aac.mp4", "h265_aac.ts", "mpeg2_ac3.ts", "h264_eac3.ts",
               "h264_mp3.ts", "av1_opus.mp4");
  INFO(name);
  const media::Fmp4MuxerOptions options = OptionsFor(name);
  const auto init = av::BuildInitSection(options);
  REQUIRE(init.ok());
  const auto brands = Find(*init, "ftyp");
  REQUIRE(brands.size() == 1);
  CHECK(std::string(brands[0].begin(), brands[0].end()).find("iso6") !=
        std::string::npos);
  CHECK(Find(*init, "elst").empty());
  CHECK(Find(*init, "trex").size() == options.tracks.size());
  CHECK(U32At(Find(*init, "mvhd").at(0), 16) == 0);
  const auto track_headers = Find(*init, "tkhd");
  const auto media_headers = Find(*init, "mdhd");
  REQUIRE(track_headers.size() == options.tracks.size());
  REQUIRE(media_headers.size() == options.tracks.size());
  for (std::size_t i = 0; i < options.tracks.size(); ++i) {
    CHECK(U32At(track_headers[i], 12) == i + 1);
    CHECK(U32At(track_headers[i], 20) == 0);
    CHECK(U32At(media_headers[i], 12) == options.tracks[i].timescale);
    CHECK(U32At(media_headers[i], 16) == 0);
    // "deu" in 5 bits a letter.
    CHECK(U32At(media_headers[i], 20) >> 16 == (4 << 10 | 5 << 5 | 21));
  }
  for (const Bytes& sizes : Find(*init, "stsz")) CHECK(U32At(sizes, 8) == 0);
  for (const Bytes& times : Find(*init, "stts")) CHECK(U32At(times, 4) == 0);
}

TEST_CASE("init section: equal options give equal bytes") {
  const media::Fmp4MuxerOptions options = OptionsFor("mpeg2_ac3.ts");
  const auto first = av::BuildInitSection(options);
  const auto second = av::BuildInitSection(options);
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  CHECK(*first == *second);
}

TEST_CASE("init section: a codec without a name in MP4 is refused") {
  media::MuxTrack track;
  CHECK(av::BuildInitSection({.tracks = {track}}).status().code() ==
        StatusCode::kFailedPrecondition);
  CHECK(av::BuildInitSection({}).status().code() ==
        StatusCode::kInvalidArgument);
}

}  // namespace hlsrec::testing
