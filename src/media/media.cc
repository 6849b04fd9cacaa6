#include "hlsrec/media.h"

#include <utility>

namespace hlsrec {

std::string_view CodecName(Codec codec) {
  switch (codec) {
    case Codec::kUnknown:
      return "unknown";
    case Codec::kH264:
      return "h264";
    case Codec::kH265:
      return "hevc";
    case Codec::kAv1:
      return "av1";
    case Codec::kMpeg2Video:
      return "mpeg2video";
    case Codec::kAac:
      return "aac";
    case Codec::kMp3:
      return "mp3";
    case Codec::kAc3:
      return "ac3";
    case Codec::kEac3:
      return "eac3";
    case Codec::kOpus:
      return "opus";
  }
  return "unknown";
}

MediaType CodecMediaType(Codec codec) {
  switch (codec) {
    case Codec::kH264:
    case Codec::kH265:
    case Codec::kAv1:
    case Codec::kMpeg2Video:
      return MediaType::kVideo;
    default:
      return MediaType::kAudio;
  }
}

Payload::Payload(Span span, std::shared_ptr<const void> owner)
    : single_(span), owner_(std::move(owner)), size_(span.size()) {}

Payload::Payload(std::vector<Span> spans, std::shared_ptr<const void> owner)
    : spans_(std::move(spans)), owner_(std::move(owner)) {
  for (const Span& span : spans_) size_ += span.size();
  if (spans_.size() == 1) {
    single_ = spans_.front();
    spans_.clear();
  }
}

Payload Payload::FromVector(std::vector<std::uint8_t> bytes) {
  auto owner =
      std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes));
  const Span span(*owner);
  return {span, std::move(owner)};
}

Payload Payload::FromCopy(Span bytes) {
  return FromVector(std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
}

std::span<const Payload::Span> Payload::spans() const {
  if (!spans_.empty()) return spans_;
  return {&single_, size_ == 0 ? std::size_t{0} : std::size_t{1}};
}

Payload Payload::Contiguous() const {
  if (spans_.empty()) return *this;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(size_);
  for (const Span& span : spans_) {
    bytes.insert(bytes.end(), span.begin(), span.end());
  }
  return FromVector(std::move(bytes));
}

}  // namespace hlsrec
