#include "src/av/movie_part.h"

#include <algorithm>
#include <utility>

#include "src/av/av_status.h"
#include "src/base/status_util.h"

namespace hlsrec::av {
namespace {

// Of one input, while a track is waited for that has not begun.
constexpr std::size_t kMostAhead = 2000;
// A demuxer that finds nothing in all of a segment finds nothing.
constexpr std::int64_t kProbeBytes = 32 << 20;
constexpr AVRational kMicros = {1, 1'000'000};

bool IsMedia(const AVStream& stream) {
  const AVCodecParameters& parameters = *stream.codecpar;
  if (parameters.codec_id == AV_CODEC_ID_NONE) return false;
  if (parameters.codec_type == AVMEDIA_TYPE_VIDEO) return parameters.width > 0;
  return parameters.codec_type == AVMEDIA_TYPE_AUDIO &&
         parameters.sample_rate > 0;
}

}  // namespace

StatusOr<std::unique_ptr<PartReader>> PartReader::Open(MoviePart part) {
  std::unique_ptr<PartReader> reader(new PartReader(part.name));
  for (MovieInput& input : part.inputs) {
    HLSREC_RETURN_IF_ERROR(reader->OpenInput(std::move(input)));
  }
  if (reader->tracks_.empty()) {
    return DataLoss("{}: no picture and no sound in it", part.name);
  }
  return reader;
}

Status PartReader::OpenInput(MovieInput movie) {
  auto input = std::make_unique<Input>();
  HLSREC_ASSIGN_OR_RETURN(input->bytes,
                          ByteInput::Create(std::move(movie.source)));
  AVFormatContext* context = avformat_alloc_context();
  if (context == nullptr) return ResourceExhausted("input: out of memory");
  context->pb = input->bytes->io();
  context->probesize = kProbeBytes;
  // Discontinuities of the clock are the playlist's to tell.
  context->correct_ts_overflow = 1;
  // Without it, sound alone in an input that can't be sought has no durations,
  // and frames behind the first one of a PES packet have no timestamps.
  AvDictionary options;
  options.Set("scan_all_pmts", "1");
  int error = avformat_open_input(&context, nullptr, nullptr, options.get());
  input->context.reset(context);  // null after an error
  HLSREC_RETURN_IF_ERROR(input->bytes->failure());
  if (error < 0) return AvStatus(error, name_);
  error = avformat_find_stream_info(context, nullptr);
  HLSREC_RETURN_IF_ERROR(input->bytes->failure());
  if (error < 0) return AvStatus(error, name_);
  Choose(*input, movie.language);
  inputs_.push_back(std::move(input));
  return {};
}

void PartReader::Choose(Input& input, const std::string& language) {
  for (unsigned i = 0; i < input.context->nb_streams; ++i) {
    AVStream& stream = *input.context->streams[i];
    input.tracks.emplace_back();
    if (!IsMedia(stream)) {
      dropped_.emplace_back(avcodec_get_name(stream.codecpar->codec_id));
      stream.discard = AVDISCARD_ALL;
      continue;
    }
    const AVDictionaryEntry* own =
        av_dict_get(stream.metadata, "language", nullptr, 0);
    input.tracks.back() = tracks_.size();
    tracks_.push_back({.stream = &stream, .language = language});
    if (own != nullptr) tracks_.back().language = own->value;
  }
}

Status PartReader::ReadAhead(Input& input) {
  while (!input.ended) {
    AvPacketPtr packet(av_packet_alloc());
    if (packet == nullptr) return ResourceExhausted("input: out of memory");
    const int error = av_read_frame(input.context.get(), packet.get());
    HLSREC_RETURN_IF_ERROR(input.bytes->failure());
    if (error == AVERROR_EOF) {
      input.ended = true;
      return {};
    }
    if (error < 0) return AvStatus(error, name_);
    const auto index = static_cast<std::size_t>(packet->stream_index);
    // Streams that the first seconds did not tell of have no place.
    if (index >= input.tracks.size() || !input.tracks[index]) continue;
    if (packet->size <= 0) continue;
    if (packet->dts == AV_NOPTS_VALUE) packet->dts = packet->pts;
    if (packet->pts == AV_NOPTS_VALUE) packet->pts = packet->dts;
    if (packet->dts == AV_NOPTS_VALUE) {
      return DataLoss("{}: a packet has no timestamp: it can't be placed",
                      name_);
    }
    input.ahead.push_back(
        {.packet = std::move(packet), .track = *input.tracks[index]});
    return {};
  }
  return {};
}

StatusOr<std::vector<PartReader::Times>> PartReader::FirstTimes() {
  std::vector<Times> first(tracks_.size());
  for (const auto& input : inputs_) {
    std::size_t seen = 0;
    const auto wanted = static_cast<std::size_t>(
        std::count_if(input->tracks.begin(), input->tracks.end(),
                      [](const auto& track) { return track.has_value(); }));
    for (std::size_t i = 0; seen < wanted && i < kMostAhead; ++i) {
      if (i == input->ahead.size()) {
        HLSREC_RETURN_IF_ERROR(ReadAhead(*input));
        if (i == input->ahead.size()) break;
      }
      const PartPacket& each = input->ahead[i];
      Times& times = first[each.track];
      if (times.dts != AV_NOPTS_VALUE) continue;
      times = {.dts = each.packet->dts, .pts = each.packet->pts};
      ++seen;
    }
  }
  return first;
}

std::int64_t PartReader::TimeOf(const PartPacket& packet) const {
  return av_rescale_q(packet.packet->dts,
                      tracks_[packet.track].stream->time_base, kMicros);
}

StatusOr<PartPacket> PartReader::Next() {
  Input* next = nullptr;
  for (const auto& input : inputs_) {
    if (input->ahead.empty()) HLSREC_RETURN_IF_ERROR(ReadAhead(*input));
    if (input->ahead.empty()) continue;
    if (next == nullptr ||
        TimeOf(input->ahead.front()) < TimeOf(next->ahead.front())) {
      next = input.get();
    }
  }
  if (next == nullptr) return PartPacket{};
  PartPacket packet = std::move(next->ahead.front());
  next->ahead.pop_front();
  return packet;
}

}  // namespace hlsrec::av
