#include "src/check/elementary.h"

#include <algorithm>
#include <array>
#include <optional>

namespace hlsrec::check {
namespace {

// Collects what NAL units of one access unit show.
class NalCollector {
 public:
  explicit NalCollector(Codec codec) : codec_(codec) {}

  void Add(ByteSpan nal) {
    if (nal.empty()) return;
    if (codec_ == Codec::kH264) AddH264(nal);
    if (codec_ == Codec::kH265) AddH265(nal);
  }

  [[nodiscard]] VideoUnitFacts Result() const {
    VideoUnitFacts facts = facts_;
    facts.parameter_sets = sps_ && pps_ && (vps_ || codec_ == Codec::kH264);
    facts.any_parameter_set = sps_ || pps_ || vps_;
    facts.random_access = facts.idr || facts.random_access;
    return facts;
  }

 private:
  void AddH264(ByteSpan nal) {
    switch (nal[0] & 0x1F) {
      case 1:
        facts_.picture = true;
        break;
      case 5:
        facts_.picture = true;
        facts_.idr = true;
        break;
      case 6:
        // payloadType of the first message: 6 is a recovery point.
        if (nal.size() > 1 && nal[1] == 6) facts_.random_access = true;
        break;
      case 7:
        sps_ = true;
        break;
      case 8:
        pps_ = true;
        break;
      case 9:
        facts_.delimiter = true;
        break;
      default:
        break;
    }
  }

  void AddH265(ByteSpan nal) {
    const int type = nal[0] >> 1 & 0x3F;
    if (type < 32) facts_.picture = true;
    if (type == 19 || type == 20) facts_.idr = true;
    if (type >= 16 && type <= 23) facts_.random_access = true;
    if (type == 32) vps_ = true;
    if (type == 33) sps_ = true;
    if (type == 34) pps_ = true;
    if (type == 35) facts_.delimiter = true;
  }

  Codec codec_;
  VideoUnitFacts facts_ = {};
  bool vps_ = false;
  bool sps_ = false;
  bool pps_ = false;
};

// The next 00 00 01 at or after `from`; size() where there is none.
std::size_t FindStartCode(ByteSpan bytes, std::size_t from) {
  while (from + 3 <= bytes.size()) {
    const void* found =
        std::memchr(bytes.data() + from + 2, 1, bytes.size() - from - 2);
    if (found == nullptr) break;
    const auto one = static_cast<std::size_t>(
        static_cast<const std::uint8_t*>(found) - bytes.data());
    if (bytes[one - 1] == 0 && bytes[one - 2] == 0) return one - 2;
    from = one - 1;
  }
  return bytes.size();
}

VideoUnitFacts ReadMpeg2(ByteSpan bytes) {
  VideoUnitFacts facts;
  // MPEG-2 has no delimiters to miss.
  facts.delimiter = true;
  std::size_t at = FindStartCode(bytes, 0);
  while (at + 4 <= bytes.size()) {
    const std::uint8_t code = bytes[at + 3];
    if (code == 0xB3) facts.parameter_sets = facts.any_parameter_set = true;
    if (code == 0x00 && at + 6 <= bytes.size()) {
      facts.picture = true;
      const int coding_type = bytes[at + 5] >> 3 & 7;
      facts.idr = coding_type == 1;
      facts.random_access = facts.idr;
      break;
    }
    at = FindStartCode(bytes, at + 3);
  }
  return facts;
}

struct Frame {
  std::size_t size = 0;
  std::uint32_t samples = 0;
  std::uint32_t sample_rate = 0;
};

std::optional<Frame> ReadAdts(ByteSpan bytes) {
  if (bytes.size() < 7 || bytes[0] != 0xFF || (bytes[1] & 0xF6U) != 0xF0) {
    return std::nullopt;
  }
  constexpr std::array<std::uint32_t, 13> kRates = {
      96000, 88200, 64000, 48000, 44100, 32000, 24000,
      22050, 16000, 12000, 11025, 8000,  7350};
  const std::size_t rate = bytes[2] >> 2 & 0xFU;
  const std::size_t size = static_cast<std::size_t>(bytes[3] & 3U) << 11 |
                           static_cast<std::size_t>(bytes[4]) << 3 |
                           bytes[5] >> 5;
  if (rate >= kRates.size() || size < 7) return std::nullopt;
  return Frame{.size = size,
               .samples = ((bytes[6] & 3U) + 1) * 1024,
               .sample_rate = kRates.at(rate)};
}

std::optional<Frame> ReadMpegAudio(ByteSpan bytes) {
  if (bytes.size() < 4 || bytes[0] != 0xFF || (bytes[1] & 0xE0U) != 0xE0) {
    return std::nullopt;
  }
  const unsigned version = bytes[1] >> 3 & 3U;  // 0: 2.5, 2: 2, 3: 1
  const unsigned layer = 4 - (bytes[1] >> 1 & 3U);
  const unsigned rate_index = bytes[2] >> 2 & 3U;
  const unsigned bit_rate_index = bytes[2] >> 4;
  if (version == 1 || layer == 4 || rate_index == 3 || bit_rate_index == 0 ||
      bit_rate_index == 15) {
    return std::nullopt;
  }
  constexpr std::array<std::uint32_t, 3> kRates = {44100, 48000, 32000};
  const std::uint32_t rate = kRates.at(rate_index) >> (version == 3   ? 0
                                                       : version == 2 ? 1
                                                                      : 2);
  using Table = std::array<std::uint32_t, 15>;
  constexpr Table kV1L1 = {0,   32,  64,  96,  128, 160, 192, 224,
                           256, 288, 320, 352, 384, 416, 448};
  constexpr Table kV1L2 = {0,   32,  48,  56,  64,  80,  96, 112,
                           128, 160, 192, 224, 256, 320, 384};
  constexpr Table kV1L3 = {0,   32,  40,  48,  56,  64,  80, 96,
                           112, 128, 160, 192, 224, 256, 320};
  constexpr Table kV2L1 = {0,   32,  48,  56,  64,  80,  96, 112,
                           128, 144, 160, 176, 192, 224, 256};
  constexpr Table kV2L23 = {0,  8,  16, 24,  32,  40,  48, 56,
                            64, 80, 96, 112, 128, 144, 160};
  const Table& table = version == 3 ? (layer == 1   ? kV1L1
                                       : layer == 2 ? kV1L2
                                                    : kV1L3)
                                    : (layer == 1 ? kV2L1 : kV2L23);
  const std::uint32_t bit_rate = table.at(bit_rate_index) * 1000;
  const std::uint32_t samples = layer == 1                   ? 384
                                : layer == 3 && version != 3 ? 576
                                                             : 1152;
  const std::size_t padding = bytes[2] >> 1 & 1U;
  const std::size_t slot = layer == 1 ? 4 : 1;
  const std::size_t size =
      (samples / 8 / slot * bit_rate / rate + padding) * slot;
  if (size < 4) return std::nullopt;
  return Frame{.size = size, .samples = samples, .sample_rate = rate};
}

std::optional<Frame> ReadAc3(ByteSpan bytes) {
  if (bytes.size() < 6 || bytes[0] != 0x0B || bytes[1] != 0x77) {
    return std::nullopt;
  }
  constexpr std::array<std::uint32_t, 3> kRates = {48000, 44100, 32000};
  const unsigned bsid = bytes[5] >> 3;
  const unsigned rate_code = bytes[4] >> 6;
  if (bsid <= 10) {
    constexpr std::array<std::uint32_t, 19> kBitRates = {
        32,  40,  48,  56,  64,  80,  96,  112, 128, 160,
        192, 224, 256, 320, 384, 448, 512, 576, 640};
    const unsigned code = bytes[4] & 0x3FU;
    if (rate_code == 3 || code / 2 >= kBitRates.size()) return std::nullopt;
    const std::uint32_t rate = kRates.at(rate_code);
    const std::uint32_t bit_rate = kBitRates.at(code / 2) * 1000;
    std::size_t words = std::size_t{bit_rate} * 1536 / rate / 16;
    if (rate_code == 1) words += code & 1U;
    return Frame{.size = words * 2, .samples = 1536, .sample_rate = rate};
  }
  const std::size_t size =
      ((static_cast<std::size_t>(bytes[2] & 7U) << 8 | bytes[3]) + 1) * 2;
  constexpr std::array<std::uint32_t, 4> kBlocks = {1, 2, 3, 6};
  const std::uint32_t rate =
      rate_code == 3 ? kRates.at(std::min(bytes[4] >> 4 & 3U, 2U)) / 2
                     : kRates.at(rate_code);
  const std::uint32_t blocks =
      rate_code == 3 ? 6 : kBlocks.at(bytes[4] >> 4 & 3U);
  // Dependent substreams go with the independent one before them.
  const bool dependent = bytes[2] >> 6 == 1;
  return Frame{.size = size,
               .samples = dependent ? 0 : blocks * 256,
               .sample_rate = rate};
}

std::optional<Frame> ReadFrame(Codec codec, ByteSpan bytes) {
  switch (codec) {
    case Codec::kAac:
      return ReadAdts(bytes);
    case Codec::kMp3:
      return ReadMpegAudio(bytes);
    case Codec::kAc3:
    case Codec::kEac3:
      return ReadAc3(bytes);
    default:
      return std::nullopt;
  }
}

}  // namespace

VideoUnitFacts ReadAnnexBUnit(Codec codec, ByteSpan bytes) {
  if (codec == Codec::kMpeg2Video) return ReadMpeg2(bytes);
  NalCollector collector(codec);
  std::size_t at = FindStartCode(bytes, 0);
  while (at < bytes.size()) {
    const std::size_t begin = at + 3;
    // Only the first bytes of a NAL unit are looked at; the first slice ends
    // the search: nothing of interest follows it.
    const ByteSpan rest = bytes.subspan(begin);
    collector.Add(rest.first(std::min<std::size_t>(rest.size(), 8)));
    if (collector.Result().picture) break;
    at = FindStartCode(bytes, begin);
  }
  return collector.Result();
}

VideoUnitFacts ReadLengthPrefixedUnit(Codec codec, ByteSpan bytes,
                                      int length_size) {
  NalCollector collector(codec);
  ByteReader reader(bytes);
  while (reader.remaining() > 0) {
    const std::uint64_t size = reader.Read(length_size);
    const ByteSpan nal = reader.Take(size);
    if (!reader.ok()) break;
    collector.Add(nal.first(std::min<std::size_t>(nal.size(), 8)));
  }
  return collector.Result();
}

AudioRun ReadAudioFrames(Codec codec, ByteSpan bytes) {
  AudioRun run;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::optional<Frame> frame = ReadFrame(codec, bytes.subspan(at));
    if (!frame) {
      if (run.frames > 0) break;
      ++at;
      run.leading_garbage = at;
      continue;
    }
    if (frame->size > bytes.size() - at) break;
    ++run.frames;
    run.samples += frame->samples;
    run.sample_rate = frame->sample_rate;
    at += frame->size;
    run.consumed = at;
  }
  return run;
}

}  // namespace hlsrec::check
