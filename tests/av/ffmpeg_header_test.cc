#include "hlsrec/ffmpeg.h"

#include <cstring>
#include <memory>
#include <vector>

#include "tests/catch.h"

using hlsrec::Codec;
using hlsrec::PacketFromAv;
using hlsrec::StatusCode;
using hlsrec::TrackFromAv;

namespace {

struct Free {
  void operator()(AVPacket* p) const { av_packet_free(&p); }
  void operator()(AVCodecParameters* p) const { avcodec_parameters_free(&p); }
};
using PacketPtr = std::unique_ptr<AVPacket, Free>;
using ParametersPtr = std::unique_ptr<AVCodecParameters, Free>;

}  // namespace

TEST_CASE("ffmpeg header: parameters become a track") {
  const ParametersPtr parameters(avcodec_parameters_alloc());
  parameters->codec_id = AV_CODEC_ID_AAC;
  parameters->codec_type = AVMEDIA_TYPE_AUDIO;
  parameters->sample_rate = 48000;
  parameters->ch_layout.nb_channels = 2;
  parameters->bit_rate = 128000;
  parameters->extradata =
      static_cast<std::uint8_t*>(av_mallocz(2 + AV_INPUT_BUFFER_PADDING_SIZE));
  parameters->extradata[0] = 0x11;
  parameters->extradata[1] = 0x90;
  parameters->extradata_size = 2;
  const auto track = TrackFromAv(*parameters, {1, 48000}, 7);
  REQUIRE(track.ok());
  CHECK(track->id == 7);
  CHECK(track->codec == Codec::kAac);
  CHECK(track->time_base == hlsrec::Rational{.num = 1, .den = 48000});
  CHECK(track->sample_rate == 48000);
  CHECK(track->channels == 2);
  CHECK(track->bit_rate == 128000);
  CHECK(track->codec_config == std::vector<std::uint8_t>{0x11, 0x90});
}

TEST_CASE("ffmpeg header: a codec that can't be carried is named") {
  const ParametersPtr parameters(avcodec_parameters_alloc());
  parameters->codec_id = AV_CODEC_ID_VORBIS;
  const auto track = TrackFromAv(*parameters, {1, 1000}, 3);
  CHECK(track.status().code() == StatusCode::kUnimplemented);
  CHECK(track.status().message() == "track 3: codec vorbis can't be recorded");
}

TEST_CASE("ffmpeg header: a packet's data is referred to, not copied") {
  PacketPtr av(av_packet_alloc());
  REQUIRE(av_new_packet(av.get(), 4) == 0);
  std::memcpy(av->data, "abcd", 4);
  av->stream_index = 2;
  av->pts = 100;
  av->dts = AV_NOPTS_VALUE;
  av->duration = 40;
  av->flags = AV_PKT_FLAG_KEY;
  const std::uint8_t* data = av->data;
  const auto packet = PacketFromAv(*av);
  REQUIRE(packet.ok());
  av.reset();  // the payload has its own reference
  CHECK(packet->track == 2);
  CHECK(packet->pts == 100);
  CHECK(packet->dts == hlsrec::kNoTimestamp);
  CHECK(packet->duration == 40);
  CHECK(packet->keyframe);
  REQUIRE(packet->payload.size() == 4);
  CHECK(packet->payload.spans().front().data() == data);
  CHECK(std::memcmp(packet->payload.spans().front().data(), "abcd", 4) == 0);
}

TEST_CASE("ffmpeg header: a packet without a buffer of its own is copied") {
  std::vector<std::uint8_t> bytes = {1, 2, 3};
  PacketPtr av(av_packet_alloc());
  av->data = bytes.data();
  av->size = 3;
  const auto packet = PacketFromAv(*av);
  REQUIRE(packet.ok());
  bytes.assign(3, 0);
  CHECK(packet->payload.spans().front()[2] == 3);
}

TEST_CASE("ffmpeg header: a producer's reference time is the capture time") {
  PacketPtr av(av_packet_alloc());
  REQUIRE(av_new_packet(av.get(), 1) == 0);
  auto* prft =
      reinterpret_cast<AVProducerReferenceTime*>(av_packet_new_side_data(
          av.get(), AV_PKT_DATA_PRFT, sizeof(AVProducerReferenceTime)));
  REQUIRE(prft != nullptr);
  prft->wallclock = 1'600'000'000'000'000;
  prft->flags = 0;
  const auto packet = PacketFromAv(*av);
  REQUIRE(packet.ok());
  REQUIRE(packet->capture_time.has_value());
  CHECK(packet->capture_time->time_since_epoch() ==
        std::chrono::microseconds(1'600'000'000'000'000));
}
