#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/status_util.h"
#include "src/media/muxer.h"

namespace hlsrec::media {
namespace {

// ISO/IEC 14496-12 section 8.8.3.1.
constexpr std::uint32_t kSyncSample = 0x02000000;     // depends on no other
constexpr std::uint32_t kNonSyncSample = 0x01010000;  // does, and is no sync
constexpr std::uint32_t kDefaultBaseIsMoof = 0x020000;
// trun: data offset; duration, size, flags and composition offset per sample.
constexpr std::uint32_t kTrunFlags = 0x000001 | 0x000f00;

constexpr std::size_t kTrunEntrySize = 16;
constexpr std::size_t kTrafSize = 8 + 16 + 20 + 20;  // without trun's entries
constexpr std::size_t kMoofSize = 8 + 16;            // without trafs
constexpr std::size_t kBoxHeader = 8;

struct Entry {
  std::int64_t dts = 0;
  std::int64_t duration = 0;
  std::uint32_t size = 0;
  std::uint32_t flags = 0;
  std::int64_t composition = 0;  // pts - dts
};

struct FragmentTrack {
  int track = 0;
  bool nal_units = false;
  // Each unit of a sample is a sample of the container, all of equal length.
  bool unit_is_sample = false;
  std::vector<Entry> entries = {};
  // What the entries say is in mdat, with the owners of the bytes.
  std::vector<Units> units = {};
  std::vector<Payload> payloads = {};
  std::uint64_t size = 0;

  void Clear() {
    entries.clear();
    units.clear();
    payloads.clear();
    size = 0;
  }
};

class Fmp4Muxer : public Muxer {
 public:
  explicit Fmp4Muxer(std::vector<FragmentTrack> tracks)
      : tracks_(std::move(tracks)) {}

  void Begin(Bytes& out) override;
  void Write(const Sample& sample, Bytes& out) override;
  void Flush(Bytes& out) override;
  void End(Bytes& out) override { Flush(out); }

 private:
  static void AddUnits(FragmentTrack& track, const Sample& sample);
  static void Add(FragmentTrack& track, const Entry& entry);
  static void WriteTraf(std::uint32_t id, const FragmentTrack& track,
                        std::uint64_t data_offset, Bytes& out);
  static void WriteData(const FragmentTrack& track, Bytes& out);

  std::vector<FragmentTrack> tracks_;
  std::uint32_t sequence_ = 0;
};

void WriteBoxHeader(Bytes& out, std::uint64_t size, std::string_view type) {
  AppendU32(out, size);
  Append(out, type);
}

void Fmp4Muxer::Begin(Bytes& out) {
  WriteBoxHeader(out, kBoxHeader + 8 + std::size_t{3} * 4, "styp");
  Append(out, std::string_view("msdh"));
  AppendU32(out, 0);
  Append(out, std::string_view("msdhmsixcmf2"));
}

void Fmp4Muxer::Add(FragmentTrack& track, const Entry& entry) {
  // A sample lasts until the next one begins, so that times follow on.
  if (!track.entries.empty()) {
    Entry& last = track.entries.back();
    last.duration = std::max<std::int64_t>(entry.dts - last.dts, 0);
  }
  track.entries.push_back(entry);
  track.size += entry.size;
}

void Fmp4Muxer::AddUnits(FragmentTrack& track, const Sample& sample) {
  const auto count = static_cast<std::int64_t>(sample.units.size());
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t begin = sample.duration * i / count;
    const std::int64_t end = sample.duration * (i + 1) / count;
    Add(track, {.dts = sample.dts + begin,
                .duration = end - begin,
                .size = static_cast<std::uint32_t>(
                    sample.units[static_cast<std::size_t>(i)].size()),
                .flags = kSyncSample});
  }
}

void Fmp4Muxer::Write(const Sample& sample, Bytes&) {
  const auto track =
      std::find_if(tracks_.begin(), tracks_.end(),
                   [&](const auto& t) { return t.track == sample.track; });
  if (track == tracks_.end() || sample.units.empty()) return;
  if (track->unit_is_sample) {
    AddUnits(*track, sample);
  } else {
    std::size_t size = 0;
    for (const ByteSpan unit : sample.units) {
      size += unit.size() + (track->nal_units ? 4 : 0);
    }
    Add(*track, {.dts = sample.dts,
                 .duration = sample.duration,
                 .size = static_cast<std::uint32_t>(size),
                 .flags = sample.keyframe ? kSyncSample : kNonSyncSample,
                 .composition = sample.pts - sample.dts});
  }
  track->units.push_back(sample.units);
  track->payloads.push_back(sample.payload);
}

void Fmp4Muxer::WriteTraf(std::uint32_t id, const FragmentTrack& track,
                          std::uint64_t data_offset, Bytes& out) {
  const std::size_t entries = track.entries.size();
  WriteBoxHeader(out, kTrafSize + entries * kTrunEntrySize, "traf");
  WriteBoxHeader(out, 16, "tfhd");
  AppendU32(out, kDefaultBaseIsMoof);
  AppendU32(out, id);
  WriteBoxHeader(out, 20, "tfdt");
  AppendU32(out, 1U << 24);  // version 1
  AppendU64(out, static_cast<std::uint64_t>(track.entries.front().dts));
  WriteBoxHeader(out, 20 + entries * kTrunEntrySize, "trun");
  AppendU32(out, 1U << 24 | kTrunFlags);
  AppendU32(out, entries);
  AppendU32(out, data_offset);
  for (const Entry& entry : track.entries) {
    AppendU32(out, static_cast<std::uint64_t>(entry.duration));
    AppendU32(out, entry.size);
    AppendU32(out, entry.flags);
    AppendU32(out, static_cast<std::uint64_t>(entry.composition));
  }
}

void Fmp4Muxer::WriteData(const FragmentTrack& track, Bytes& out) {
  for (const Units& units : track.units) {
    for (const ByteSpan unit : units) {
      if (track.nal_units) AppendU32(out, unit.size());
      Append(out, unit);
    }
  }
}

void Fmp4Muxer::Flush(Bytes& out) {
  std::uint64_t moof_size = kMoofSize;
  std::uint64_t data_size = 0;
  for (const FragmentTrack& track : tracks_) {
    if (track.entries.empty()) continue;
    moof_size += kTrafSize + track.entries.size() * kTrunEntrySize;
    data_size += track.size;
  }
  if (moof_size == kMoofSize) return;
  out.reserve(out.size() + moof_size + kBoxHeader + data_size);
  WriteBoxHeader(out, moof_size, "moof");
  WriteBoxHeader(out, 16, "mfhd");
  AppendU32(out, 0);
  AppendU32(out, ++sequence_);
  std::uint64_t data_offset = moof_size + kBoxHeader;
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    if (tracks_[i].entries.empty()) continue;
    WriteTraf(static_cast<std::uint32_t>(i + 1), tracks_[i], data_offset, out);
    data_offset += tracks_[i].size;
  }
  WriteBoxHeader(out, kBoxHeader + data_size, "mdat");
  for (FragmentTrack& track : tracks_) {
    WriteData(track, out);
    track.Clear();
  }
}

}  // namespace

StatusOr<std::unique_ptr<Muxer>> MakeFmp4Muxer(
    const Fmp4MuxerOptions& options) {
  if (options.tracks.empty()) return InvalidArgument("fmp4: no tracks");
  std::vector<FragmentTrack> tracks;
  for (const MuxTrack& track : options.tracks) {
    const Codec codec = track.format.codec;
    if (codec == Codec::kUnknown) {
      return FailedPrecondition("fmp4: codec {}: not possible",
                                CodecName(codec));
    }
    FragmentTrack added;
    added.track = track.track;
    added.nal_units = codec == Codec::kH264 || codec == Codec::kH265;
    added.unit_is_sample = CodecMediaType(codec) == MediaType::kAudio;
    tracks.push_back(std::move(added));
  }
  return std::unique_ptr<Muxer>(std::make_unique<Fmp4Muxer>(std::move(tracks)));
}

}  // namespace hlsrec::media
