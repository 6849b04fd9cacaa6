#include "src/record/rendition_info.h"

#include <string>
#include <string_view>

namespace hlsrec::record {
namespace {

// 0: nobody tells it.
double FrameRateOf(const Track& track, const media::StreamFormat& format) {
  const Rational rate =
      format.frame_rate.num > 0 ? format.frame_rate : track.frame_rate;
  if (rate.num <= 0 || rate.den <= 0) return 0;
  return static_cast<double>(rate.num) / static_cast<double>(rate.den);
}

manifest::Track ToldOf(const Track& track, const media::StreamFormat& format) {
  const bool video = CodecMediaType(format.codec) == MediaType::kVideo;
  manifest::Track told{.id = track.id,
                       .type = video ? "video" : "audio",
                       .codec = std::string(CodecName(format.codec)),
                       .codecs = format.codec_string,
                       .language = track.language,
                       .title = track.title};
  if (video) {
    told.width = format.width;
    told.height = format.height;
    told.frame_rate = FrameRateOf(track, format);
  } else {
    told.sample_rate = format.sample_rate;
    told.channels = format.channels;
  }
  return told;
}

std::string_view VideoRangeName(media::VideoRange range) {
  switch (range) {
    case media::VideoRange::kSdr:
      return "SDR";
    case media::VideoRange::kHlg:
      return "HLG";
    case media::VideoRange::kPq:
      return "PQ";
  }
  return "SDR";
}

}  // namespace

void AddTrack(const Track& track, const media::StreamFormat& format,
              deliver::RenditionInfo& info) {
  if (!format.codec_string.empty()) {
    info.codecs.push_back(format.codec_string);
  }
  info.tracks.push_back(ToldOf(track, format));
  if (CodecMediaType(track.codec) == MediaType::kVideo) {
    info.has_video = true;
    info.width = format.width;
    info.display_height = format.height;
    info.video_range = VideoRangeName(format.video_range);
    info.frame_rate = FrameRateOf(track, format);
  } else {
    info.language = track.language;
    info.title = track.title;
    info.channels = format.channels;
  }
}

}  // namespace hlsrec::record
