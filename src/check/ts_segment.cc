#include "src/check/ts_segment.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "src/check/ts_stream.h"

namespace hlsrec::check {
namespace {

constexpr std::size_t kPacketSize = 188;
constexpr int kNullPid = 0x1FFF;

// A PSI section (PAT, PMT) from the payload that starts it; sections over
// several packets are put together.
class SectionReader {
 public:
  // The whole section once it is there, without CRC.
  std::optional<ByteSpan> Add(ByteSpan payload, bool unit_start) {
    if (unit_start) {
      if (payload.empty()) return std::nullopt;
      const std::size_t skip = 1U + payload[0];
      if (skip > payload.size()) return std::nullopt;
      section_.clear();
      Append(section_, payload.subspan(skip));
    } else if (!section_.empty()) {
      Append(section_, payload);
    }
    if (section_.size() < 3) return std::nullopt;
    const std::size_t length =
        (static_cast<std::size_t>(section_[1] & 0xFU) << 8 | section_[2]) + 3;
    if (section_.size() < length || length < 12) return std::nullopt;
    return ByteSpan(section_).first(length - 4);
  }

 private:
  Bytes section_;
};

Codec CodecOfStreamType(int type, ByteSpan descriptors) {
  switch (type) {
    case 0x01:
    case 0x02:
      return Codec::kMpeg2Video;
    case 0x03:
    case 0x04:
      return Codec::kMp3;
    case 0x0F:
    case 0x11:
      return Codec::kAac;
    case 0x1B:
      return Codec::kH264;
    case 0x24:
      return Codec::kH265;
    case 0x81:
      return Codec::kAc3;
    case 0x87:
      return Codec::kEac3;
    case 0x06:
      break;
    default:
      return Codec::kUnknown;
  }
  ByteReader reader(descriptors);
  while (reader.remaining() >= 2) {
    const int tag = reader.U8();
    const ByteSpan body = reader.Take(reader.U8());
    if (tag == 0x6A) return Codec::kAc3;
    if (tag == 0x7A) return Codec::kEac3;
    if (tag == 0x05 && body.size() >= 4) {
      const std::string_view name(reinterpret_cast<const char*>(body.data()),
                                  4);
      if (name == "AC-3") return Codec::kAc3;
      if (name == "EAC3") return Codec::kEac3;
      if (name == "Opus") return Codec::kOpus;
      if (name == "HEVC") return Codec::kH265;
    }
  }
  return Codec::kUnknown;
}

bool IsHlsStreamType(int type) {
  constexpr std::array kTypes = {0x03, 0x04, 0x0F, 0x15, 0x1B, 0x81,
                                 0x86, 0x87, 0xC1, 0xC2, 0xCF, 0xDB};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

class TsReader {
 public:
  explicit TsReader(const TsReadOptions& options) : options_(options) {}

  SegmentFacts Read(ByteSpan bytes);

 private:
  struct Packet {
    int pid = 0;
    bool unit_start = false;
    std::uint8_t counter = 0;
    bool marked = false;  // discontinuity_indicator
    bool random_access = false;
    std::optional<std::uint64_t> pcr = {};
    std::optional<ByteSpan> payload = {};
  };

  // Empty where the packet is broken.
  static std::optional<Packet> ReadPacket(ByteSpan bytes);
  void Add(const Packet& packet, bool psi_only);
  void Continuity(const Packet& packet);
  void Clock(const Packet& packet);
  void Pat(ByteSpan section);
  void Pmt(ByteSpan section);
  void CheckStart(ByteSpan bytes);
  void CheckTables();
  void Report(std::string_view rule, IssueLevel level, std::string message) {
    facts_.issues.push_back({rule, level, std::move(message)});
  }

  const TsReadOptions options_;
  SegmentFacts facts_;
  SectionReader pat_;
  SectionReader pmt_;
  std::map<int, std::unique_ptr<TsStream>> streams_;
  std::uint64_t null_packets_ = 0;
  std::uint64_t largest_pcr_gap_ = 0;
};

std::optional<TsReader::Packet> TsReader::ReadPacket(ByteSpan bytes) {
  if (bytes[0] != 0x47 || (bytes[1] & 0x80U) != 0) return std::nullopt;
  Packet packet{.pid = (bytes[1] & 0x1F) << 8 | bytes[2],
                .unit_start = (bytes[1] & 0x40U) != 0,
                .counter = static_cast<std::uint8_t>(bytes[3] & 0xFU)};
  std::size_t offset = 4;
  if ((bytes[3] & 0x20U) != 0) {
    const std::size_t length = bytes[4];
    offset += 1 + length;
    if (offset > kPacketSize) return std::nullopt;
    if (length > 0) {
      packet.marked = (bytes[5] & 0x80U) != 0;
      packet.random_access = (bytes[5] & 0x40U) != 0;
      if ((bytes[5] & 0x10U) != 0 && length >= 7) {
        ByteReader reader(bytes.subspan(6, 6));
        const std::uint64_t bits = reader.Read(6);
        packet.pcr = (bits >> 15) * 300 + (bits & 0x1FFU);
      }
    }
  }
  if ((bytes[3] & 0x10U) != 0) packet.payload = bytes.subspan(offset);
  return packet;
}

void TsReader::Continuity(const Packet& packet) {
  const auto [entry, added] = facts_.ts.pids.try_emplace(
      packet.pid, PidFacts{.first_counter = packet.counter,
                           .last_counter = packet.counter,
                           .starts_marked = packet.marked,
                           .has_payload = packet.payload.has_value()});
  if (added) return;
  PidFacts& pid = entry->second;
  const bool repeated =
      packet.counter == pid.last_counter && packet.payload && pid.has_payload;
  const unsigned expected =
      packet.payload ? (pid.last_counter + 1U) & 0xFU : pid.last_counter;
  if (packet.counter != expected && !repeated && !packet.marked) {
    Report("R52", IssueLevel::kError,
           fmt::format("PID {}: continuity counter {} after {}", packet.pid,
                       packet.counter, pid.last_counter));
  }
  pid.last_counter = packet.counter;
  pid.has_payload = packet.payload.has_value();
}

void TsReader::Clock(const Packet& packet) {
  if (!packet.pcr || packet.pid != facts_.ts.pcr_pid) return;
  if (!facts_.ts.first_pcr) {
    facts_.ts.first_pcr = packet.pcr;
  } else if (*packet.pcr > *facts_.ts.last_pcr && !packet.marked) {
    largest_pcr_gap_ =
        std::max(largest_pcr_gap_, *packet.pcr - *facts_.ts.last_pcr);
  }
  facts_.ts.last_pcr = packet.pcr;
}

void TsReader::Pat(ByteSpan section) {
  ByteReader reader(section.subspan(8));
  int programs = 0;
  while (reader.remaining() >= 4) {
    const int number = reader.U16();
    const int pid = reader.U16() & 0x1FFF;
    if (number == 0) continue;
    if (programs++ == 0) facts_.ts.pmt_pid = pid;
  }
  if (programs > 1) {
    Report("R51", IssueLevel::kError,
           fmt::format("{} programs in the PAT", programs));
  }
}

void TsReader::Pmt(ByteSpan section) {
  if (section[0] != 0x02) return;
  ByteReader reader(section.subspan(8));
  facts_.ts.pcr_pid = reader.U16() & 0x1FFF;
  reader.Skip(reader.U16() & 0xFFFU);
  while (reader.ok() && reader.remaining() >= 5) {
    const int type = reader.U8();
    const int pid = reader.U16() & 0x1FFF;
    const ByteSpan descriptors = reader.Take(reader.U16() & 0xFFFU);
    facts_.ts.stream_types[pid] = type;
    if (streams_.find(pid) != streams_.end()) continue;
    const Codec codec = CodecOfStreamType(type, descriptors);
    constexpr int kScte35 = 0x86;
    if (type == kScte35) continue;
    streams_.emplace(pid, std::make_unique<TsStream>(
                              pid, type, codec, !options_.samples_encrypted));
  }
}

void TsReader::Add(const Packet& packet, bool psi_only) {
  if (packet.pid == kNullPid) {
    ++null_packets_;
    return;
  }
  if (!psi_only) {
    Continuity(packet);
    Clock(packet);
  }
  if (!packet.payload) return;
  if (packet.pid == 0) {
    if (const auto section = pat_.Add(*packet.payload, packet.unit_start)) {
      Pat(*section);
    }
  } else if (packet.pid == facts_.ts.pmt_pid) {
    if (const auto section = pmt_.Add(*packet.payload, packet.unit_start)) {
      Pmt(*section);
    }
  } else if (!psi_only) {
    const auto stream = streams_.find(packet.pid);
    if (stream == streams_.end()) return;
    stream->second->Add(*packet.payload, packet.unit_start,
                        packet.random_access, facts_.issues);
  }
}

void TsReader::CheckStart(ByteSpan bytes) {
  if (!options_.map.empty() || bytes.size() < 2 * kPacketSize) return;
  const auto pid_at = [&](std::size_t index) {
    const ByteSpan packet = bytes.subspan(index * kPacketSize, kPacketSize);
    return (packet[1] & 0x1F) << 8 | packet[2];
  };
  if (facts_.ts.pmt_pid < 0 || facts_.ts.stream_types.empty()) return;
  if (pid_at(0) != 0 || pid_at(1) != facts_.ts.pmt_pid) {
    Report("R51", IssueLevel::kWarning,
           "PAT and PMT are not the first two packets");
  }
}

void TsReader::CheckTables() {
  if (facts_.ts.pmt_pid < 0) {
    Report("R51", IssueLevel::kError, "no PAT");
  } else if (facts_.ts.stream_types.empty()) {
    Report("R51", IssueLevel::kError, "no PMT");
  }
  int audio = 0;
  for (const auto& [pid, type] : facts_.ts.stream_types) {
    if (!IsHlsStreamType(type)) {
      Report("R54", IssueLevel::kApple,
             fmt::format("PID {}: stream type 0x{:02X}", pid, type));
    }
  }
  for (const TrackFacts& track : facts_.tracks) {
    if (!track.video && track.codec != Codec::kUnknown) ++audio;
  }
  if (audio > 1) {
    Report("R57", IssueLevel::kAppleOnly,
           fmt::format("{} audio streams in one segment", audio));
  }
  const std::uint64_t packets = facts_.bytes / kPacketSize;
  if (null_packets_ * 100 > packets * 3) {
    Report("R57", IssueLevel::kWarning,
           fmt::format("{} of {} packets are padding", null_packets_, packets));
  }
  constexpr std::uint64_t kLongestPcrGap = 27'000'000 / 10;
  if (largest_pcr_gap_ > kLongestPcrGap) {
    Report("R55", IssueLevel::kApple,
           fmt::format("{} ms between two PCRs, above 100 ms",
                       largest_pcr_gap_ / 27'000));
  }
}

SegmentFacts TsReader::Read(ByteSpan bytes) {
  facts_.kind = SegmentKind::kMpegTs;
  facts_.bytes = bytes.size();
  for (std::size_t at = 0; at + kPacketSize <= options_.map.size();
       at += kPacketSize) {
    const auto packet = ReadPacket(options_.map.subspan(at, kPacketSize));
    if (packet) Add(*packet, true);
  }
  std::size_t broken = 0;
  for (std::size_t at = 0; at + kPacketSize <= bytes.size();
       at += kPacketSize) {
    const auto packet = ReadPacket(bytes.subspan(at, kPacketSize));
    if (packet) {
      Add(*packet, false);
    } else {
      ++broken;
    }
  }
  if (broken > 0) {
    Report("R55", IssueLevel::kError,
           fmt::format("{} packets without sync byte or with a transport "
                       "error",
                       broken));
  }
  if (bytes.size() % kPacketSize != 0) {
    Report("R55", IssueLevel::kError,
           fmt::format("{} bytes are no multiple of 188", bytes.size()));
  }
  for (auto& [pid, stream] : streams_) {
    stream->Finish(facts_.issues);
    TrackFacts track = stream->TakeFacts();
    if (track.samples > 0) facts_.tracks.push_back(std::move(track));
  }
  CheckStart(bytes);
  CheckTables();
  return std::move(facts_);
}

}  // namespace

SegmentFacts ReadTsSegment(ByteSpan bytes, const TsReadOptions& options) {
  return TsReader(options).Read(bytes);
}

}  // namespace hlsrec::check
