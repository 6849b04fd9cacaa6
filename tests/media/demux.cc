#include "tests/media/demux.h"

extern "C" {
#include <libavformat/avformat.h>
}

#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <memory>
#include <system_error>
#include <utility>

#include "src/base/rescale.h"
#include "tests/catch.h"

namespace hlsrec::testing {
namespace {

const std::map<AVCodecID, Codec>& Codecs() {
  static const auto& codecs = *new std::map<AVCodecID, Codec>{
      {AV_CODEC_ID_H264, Codec::kH264},
      {AV_CODEC_ID_HEVC, Codec::kH265},
      {AV_CODEC_ID_AV1, Codec::kAv1},
      {AV_CODEC_ID_MPEG2VIDEO, Codec::kMpeg2Video},
      {AV_CODEC_ID_AAC, Codec::kAac},
      {AV_CODEC_ID_AAC_LATM, Codec::kAac},
      {AV_CODEC_ID_MP3, Codec::kMp3},
      {AV_CODEC_ID_AC3, Codec::kAc3},
      {AV_CODEC_ID_EAC3, Codec::kEac3},
      {AV_CODEC_ID_OPUS, Codec::kOpus},
  };
  return codecs;
}

Track TrackOf(const AVStream& stream) {
  const AVCodecParameters& parameters = *stream.codecpar;
  Track track;
  track.id = stream.index;
  const auto codec = Codecs().find(parameters.codec_id);
  if (codec != Codecs().end()) track.codec = codec->second;
  track.time_base = {.num = stream.time_base.num, .den = stream.time_base.den};
  if (parameters.extradata != nullptr) {
    track.codec_config.assign(parameters.extradata,
                              parameters.extradata + parameters.extradata_size);
  }
  track.width = parameters.width;
  track.height = parameters.height;
  track.sample_rate = parameters.sample_rate;
  track.channels = parameters.ch_layout.nb_channels;
  if (const auto* language =
          av_dict_get(stream.metadata, "language", nullptr, 0)) {
    track.language = language->value;
  }
  return track;
}

std::int64_t TimeOf(std::int64_t time) {
  return time == AV_NOPTS_VALUE ? kNoTimestamp : time;
}

}  // namespace

Demuxed Demux(const std::string& path) {
  AVFormatContext* raw = nullptr;
  INFO(path);
  REQUIRE(avformat_open_input(&raw, path.c_str(), nullptr, nullptr) == 0);
  const auto close = [](AVFormatContext* p) { avformat_close_input(&p); };
  const std::unique_ptr<AVFormatContext, decltype(close)> context(raw, close);
  REQUIRE(avformat_find_stream_info(raw, nullptr) >= 0);
  Demuxed out;
  for (unsigned i = 0; i < raw->nb_streams; ++i) {
    out.tracks.push_back(TrackOf(*raw->streams[i]));
  }
  AVPacket* packet = av_packet_alloc();
  while (av_read_frame(raw, packet) >= 0) {
    Packet read;
    read.track = packet->stream_index;
    read.pts = TimeOf(packet->pts);
    read.dts = TimeOf(packet->dts);
    read.duration = packet->duration;
    read.keyframe = (packet->flags & AV_PKT_FLAG_KEY) != 0;
    read.payload = Payload::FromCopy(
        {packet->data, static_cast<std::size_t>(packet->size)});
    out.packets.push_back(std::move(read));
    av_packet_unref(packet);
  }
  av_packet_free(&packet);
  return out;
}

Samples ReadSamples(const Demuxed& file, std::int64_t offset_seconds) {
  Samples out;
  std::vector<std::unique_ptr<media::AccessUnitReader>> readers;
  for (const Track& track : file.tracks) {
    auto reader = media::AccessUnitReader::Create(track);
    INFO(reader.status().ToString());
    REQUIRE(reader.ok());
    readers.push_back(std::move(*reader));
  }
  out.timescales.assign(file.tracks.size(), 90000);
  std::vector<std::int64_t> next(file.tracks.size(), kNoTimestamp);
  std::vector<bool> started(file.tracks.size());
  for (const Packet& packet : file.packets) {
    const auto index = static_cast<std::size_t>(packet.track);
    auto unit = readers[index]->Read(packet.payload);
    INFO("track " << index << ": " << unit.status().ToString());
    REQUIRE(unit.ok());
    const bool video =
        CodecMediaType(file.tracks[index].codec) == MediaType::kVideo;
    if (video && !started[index] && !unit->random_access) continue;
    started[index] = true;
    const auto& format = *readers[index]->format();
    if (!video) {
      out.timescales[index] = static_cast<std::uint32_t>(format.sample_rate);
    }
    const Rational tick = {.num = 1, .den = out.timescales[index]};
    const Rational base = file.tracks[index].time_base;
    media::Sample sample;
    sample.track = packet.track;
    sample.units = unit->units;
    sample.payload = unit->payload;
    sample.keyframe = unit->random_access;
    if (video) {
      REQUIRE(packet.pts != kNoTimestamp);
      REQUIRE(packet.dts != kNoTimestamp);
      const std::int64_t offset = offset_seconds * tick.den;
      sample.dts = Rescale(packet.dts, base, tick) + offset;
      sample.pts = Rescale(packet.pts, base, tick) + offset;
      // Some containers tell none; all test media has 25 pictures a second.
      sample.duration = packet.duration > 0
                            ? Rescale(packet.duration, base, tick)
                            : kClockRate / 25;
    } else {
      if (next[index] == kNoTimestamp) {
        next[index] =
            Rescale(std::max<std::int64_t>(packet.pts, 0), base, tick) +
            offset_seconds * tick.den;
      }
      sample.dts = sample.pts = next[index];
      sample.duration = unit->audio_samples;
      next[index] += unit->audio_samples;
    }
    REQUIRE(sample.duration > 0);
    out.samples.push_back(std::move(sample));
  }
  for (const auto& reader : readers) {
    REQUIRE(reader->format().has_value());
    out.formats.push_back(*reader->format());
  }
  const auto time = [&](const media::Sample& sample) {
    const auto scale = out.timescales[static_cast<std::size_t>(sample.track)];
    return Rescale(sample.dts, {.num = 1, .den = scale}, kClock);
  };
  std::stable_sort(
      out.samples.begin(), out.samples.end(),
      [&](const auto& a, const auto& b) { return time(a) < time(b); });
  return out;
}

std::string DecodeErrors(const std::string& path) {
  const std::string command =
      "ffmpeg -nostdin -v error -copyts -i '" + path + "' -f null - 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  std::array<char, 512> part = {};
  while (fgets(part.data(), part.size(), pipe) != nullptr) text += part.data();
  CHECK(pclose(pipe) == 0);
  return text;
}

TempDir::TempDir() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "hlsrec-media-XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::Write(const std::string& name, ByteSpan bytes) const {
  const std::filesystem::path path = path_ / name;
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  REQUIRE(file.good());
  return path.string();
}

}  // namespace hlsrec::testing
