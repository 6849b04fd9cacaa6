#ifndef HLSREC_MEDIA_H_
#define HLSREC_MEDIA_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/export.h"

namespace hlsrec {

// A fraction; time bases are seconds per tick (1/90000), rates are per second.
struct Rational {
  std::int64_t num = 0;
  std::int64_t den = 1;

  friend bool operator==(const Rational&, const Rational&) = default;
};

enum class MediaType { kVideo, kAudio };

// What hlsrec can carry. Anything else is skipped by a Source and counted.
enum class Codec {
  kUnknown,
  kH264,
  kH265,
  kAv1,
  kMpeg2Video,
  kAac,
  kMp3,
  kAc3,
  kEac3,
  kOpus,
};

// "h264", "aac", ... (FFmpeg's names); static storage.
HLSREC_EXPORT std::string_view CodecName(Codec codec);
HLSREC_EXPORT MediaType CodecMediaType(Codec codec);

// "No timestamp": neither known nor guessed. (FFmpeg's AV_NOPTS_VALUE.)
inline constexpr std::int64_t kNoTimestamp =
    std::numeric_limits<std::int64_t>::min();

// One elementary stream as its source describes it. A plain value.
struct Track {
  // The number packets refer to it by; unique in the recording, >= 0.
  int id = 0;
  Codec codec = Codec::kUnknown;

  // Seconds per tick of the packets' timestamps.
  Rational time_base = {.num = 1, .den = 90000};
  // Bits after which the source's timestamps start again at zero: 33 for
  // MPEG-TS, 32 for RTMP milliseconds, 0 for never.
  int timestamp_wrap_bits = 0;

  // Decoder configuration as the source's container carries it (FFmpeg's
  // `extradata`). It also tells how payloads are framed:
  //   H.264, H.265  avcC/hvcC (first byte 1): length-prefixed NAL units;
  //                 otherwise Annex-B, parameter sets optional here
  //   AV1           av1C or bare sequence header; payload: OBUs of one
  //                 temporal unit
  //   AAC           AudioSpecificConfig: raw frames; empty: ADTS or LATM/LOAS
  //   Opus          OpusHead (RFC 7845 section 5.1)
  std::vector<std::uint8_t> codec_config = {};

  // Zero where unknown; what the bitstream says wins.
  int width = 0;
  int height = 0;
  Rational frame_rate = {.num = 0, .den = 1};
  int sample_rate = 0;
  int channels = 0;
  std::int64_t bit_rate = 0;

  // RFC 5646 tag, empty where unknown ("und" counts as unknown).
  std::string language = {};
  std::string title = {};

  friend bool operator==(const Track&, const Track&) = default;
};

// The bytes of one access unit: a list of spans and whatever keeps them alive.
//
// Lifetime. Spans stay valid as long as a copy of `owner` lives; copying a
//     Payload copies no media.
// Threads. The bytes must not change once the Payload was handed over.
class HLSREC_EXPORT Payload {
 public:
  using Span = std::span<const std::uint8_t>;

  Payload() = default;
  // `owner` keeps `span` alive.
  Payload(Span span, std::shared_ptr<const void> owner);
  Payload(std::vector<Span> spans, std::shared_ptr<const void> owner);
  // Takes the bytes over.
  static Payload FromVector(std::vector<std::uint8_t> bytes);
  static Payload FromCopy(Span bytes);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::span<const Span> spans() const;

  // All bytes as one run: the single span itself where there is just one, else
  // a copy. The result lives as long as the returned Payload.
  [[nodiscard]] Payload Contiguous() const;

 private:
  Span single_ = {};
  std::vector<Span> spans_;  // empty when `single_` is all there is
  std::shared_ptr<const void> owner_;
  std::size_t size_ = 0;
};

// One access unit: a coded picture, or one or more whole audio frames.
struct Packet {
  int track = 0;  // Track::id
  // In ticks of the track's time base. Either may be kNoTimestamp.
  std::int64_t pts = kNoTimestamp;
  std::int64_t dts = kNoTimestamp;
  std::int64_t duration = 0;  // 0 where unknown
  // Decoding may start here. Checked against the bitstream where it can be.
  bool keyframe = false;
  Payload payload = {};
  // When the first sample was captured, where the source knows (NTP, RTCP).
  std::optional<std::chrono::system_clock::time_point> capture_time = {};
};

}  // namespace hlsrec

#endif  // HLSREC_MEDIA_H_
