#include "src/check/fmp4_segment.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "src/check/elementary.h"
#include "src/check/format_probe.h"
#include "src/check/mp4_boxes.h"

namespace hlsrec::check {
namespace {

// What tfhd says of a fragment's samples, the track's defaults put in.
struct Fragment {
  const InitTrack* track = nullptr;
  std::uint32_t duration = 0;
  std::uint32_t size = 0;
  std::uint32_t flags = 0;
  bool ok = false;
};

constexpr std::uint32_t kNonSyncSample = 0x10000;

class Fmp4Reader {
 public:
  Fmp4Reader(const InitFacts& init, SamplesEncrypted encrypted)
      : init_(init), encrypted_(encrypted == SamplesEncrypted::kYes) {
    facts_.kind = SegmentKind::kFmp4;
  }

  SegmentFacts Read(ByteSpan bytes);

 private:
  struct TrackState {
    TrackFacts facts = {};
    std::int64_t next_dts = 0;
    std::vector<std::int64_t> steps = {};
    std::unique_ptr<FormatProbe> probe = {};
  };

  void Moof(const Box& moof, const Box* mdat);
  void Traf(ByteSpan body, const Box& moof, const Box* mdat);
  Fragment Tfhd(ByteSpan body);
  void Tfdt(const BoxList& traf, const Fragment& fragment, TrackState& state);
  void Trun(ByteSpan body, const Fragment& fragment, TrackState& state,
            const Box& moof, const Box* mdat);
  void Sample(const InitTrack& track, TrackState& state, std::int64_t duration,
              std::int64_t offset, bool sync, ByteSpan data);
  TrackState& StateOf(const InitTrack& track);
  void Report(std::string_view rule, IssueLevel level, std::string message) {
    facts_.issues.push_back({rule, level, std::move(message)});
  }

  const InitFacts& init_;
  const bool encrypted_;
  SegmentFacts facts_;
  ByteSpan bytes_;
  std::map<int, TrackState> states_;
  std::uint64_t sample_bytes_ = 0;  // of the moof at hand
  std::size_t data_at_ = 0;         // where the next run's samples begin
};

Fmp4Reader::TrackState& Fmp4Reader::StateOf(const InitTrack& track) {
  TrackState& state = states_[track.id];
  if (state.probe == nullptr) {
    state.facts.id = track.id;
    state.facts.codec = track.codec;
    state.facts.video = track.video;
    state.facts.timescale = track.timescale;
    state.probe = std::make_unique<FormatProbe>(track.codec, track.config);
  }
  return state;
}

Fragment Fmp4Reader::Tfhd(ByteSpan body) {
  Fragment fragment;
  FullBox box(body);
  const int id = static_cast<int>(box.reader.U32());
  fragment.track = init_.Find(id);
  if (fragment.track == nullptr) {
    Report("R64", IssueLevel::kError,
           fmt::format("track {} is not in the init section", id));
    return fragment;
  }
  if ((box.flags & 1U) != 0) {
    Report("R60", IssueLevel::kError,
           fmt::format("track {}: an absolute data offset", id));
    box.reader.Skip(8);
  } else if ((box.flags & 0x20000U) == 0) {
    Report("R60", IssueLevel::kError,
           fmt::format("track {}: default-base-is-moof is not set", id));
  }
  if ((box.flags & 2U) != 0) box.reader.Skip(4);
  fragment.duration = (box.flags & 8U) != 0 ? box.reader.U32()
                                            : fragment.track->default_duration;
  fragment.size = (box.flags & 0x10U) != 0 ? box.reader.U32()
                                           : fragment.track->default_size;
  fragment.flags = (box.flags & 0x20U) != 0 ? box.reader.U32()
                                            : fragment.track->default_flags;
  fragment.ok = box.reader.ok();
  return fragment;
}

void Fmp4Reader::Tfdt(const BoxList& traf, const Fragment& fragment,
                      TrackState& state) {
  const Box* box = traf.Find("tfdt");
  if (box == nullptr) {
    Report("R59", IssueLevel::kError,
           fmt::format("track {}: no tfdt", fragment.track->id));
    return;
  }
  FullBox tfdt(box->body);
  const auto time = static_cast<std::int64_t>(
      tfdt.version == 1 ? tfdt.reader.U64() : tfdt.reader.U32());
  // A later one makes the sample before it longer (ISO/IEC 14496-12, 8.8.12).
  if (state.facts.samples > 0 && time < state.next_dts) {
    Report("R59", IssueLevel::kError,
           fmt::format("track {}: tfdt {} within the segment, after {}",
                       fragment.track->id, time, state.next_dts));
  }
  state.next_dts = time;
}

void Fmp4Reader::Sample(const InitTrack& track, TrackState& state,
                        std::int64_t duration, std::int64_t offset, bool sync,
                        ByteSpan data) {
  TrackFacts& facts = state.facts;
  const std::int64_t dts = state.next_dts;
  const std::int64_t pts = dts + offset;
  const bool first = facts.samples == 0;
  if (first) {
    facts.first_dts = dts;
    facts.first_pts = pts;
    facts.min_pts = pts;
    facts.starts_random_access = sync;
    facts.starts_idr = sync;
    const bool has_nals =
        track.codec == Codec::kH264 || track.codec == Codec::kH265;
    if (has_nals && !encrypted_ && !data.empty()) {
      const VideoUnitFacts unit =
          ReadLengthPrefixedUnit(track.codec, data, track.nal_length_size);
      facts.starts_idr = unit.idr;
      facts.starts_random_access = sync && unit.random_access;
    } else if (!track.video && !encrypted_ && !data.empty() &&
               state.probe->formats().empty()) {
      state.probe->Feed(data);
    }
  }
  if (sync) ++facts.random_access_points;
  facts.bytes += data.size();
  ++facts.samples;
  facts.last_dts = dts;
  facts.min_pts = std::min(facts.min_pts, pts);
  facts.end_pts =
      first ? pts + duration : std::max(facts.end_pts, pts + duration);
  state.steps.push_back(duration);
  state.next_dts = dts + duration;
  facts.end_dts = state.next_dts;
}

void Fmp4Reader::Trun(ByteSpan body, const Fragment& fragment,
                      TrackState& state, const Box& moof, const Box* mdat) {
  FullBox box(body);
  ByteReader& reader = box.reader;
  const std::uint32_t count = reader.U32();
  if ((box.flags & 1U) != 0) {
    const auto offset = static_cast<std::int32_t>(reader.U32());
    data_at_ = moof.offset + static_cast<std::size_t>(offset);
  }
  std::uint32_t first_flags = fragment.flags;
  const bool has_first_flags = (box.flags & 4U) != 0;
  if (has_first_flags) first_flags = reader.U32();
  const std::size_t per_sample =
      std::size_t{4} * ((box.flags >> 8 & 1U) + (box.flags >> 9 & 1U) +
                        (box.flags >> 10 & 1U) + (box.flags >> 11 & 1U));
  // A run of defaults alone takes no bytes: its samples must lie in the mdat.
  const std::size_t most = per_sample > 0      ? reader.remaining() / per_sample
                           : fragment.size > 0 ? bytes_.size() / fragment.size
                                               : 0;
  if (!reader.ok() || count > most) {
    Report("R61", IssueLevel::kError,
           fmt::format("track {}: trun ends early", fragment.track->id));
    return;
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t duration =
        (box.flags & 0x100U) != 0 ? reader.U32() : fragment.duration;
    const std::uint32_t size =
        (box.flags & 0x200U) != 0 ? reader.U32() : fragment.size;
    std::uint32_t flags =
        (box.flags & 0x400U) != 0 ? reader.U32() : fragment.flags;
    if (i == 0 && has_first_flags) flags = first_flags;
    std::int64_t offset = 0;
    if ((box.flags & 0x800U) != 0) {
      const std::uint32_t raw = reader.U32();
      offset =
          box.version == 0 ? std::int64_t{raw} : static_cast<std::int32_t>(raw);
    }
    const bool inside = mdat != nullptr && data_at_ >= mdat->offset &&
                        data_at_ <= mdat->offset + mdat->size &&
                        size <= mdat->offset + mdat->size - data_at_;
    Sample(*fragment.track, state, duration, offset,
           (flags & kNonSyncSample) == 0,
           inside ? bytes_.subspan(data_at_, size) : ByteSpan());
    sample_bytes_ += size;
    data_at_ += size;
    if (data_at_ <= bytes_.size()) ++state.facts.held_samples;
    if (state.facts.samples == 1) state.facts.first_sample_end = data_at_;
    if (!inside && mdat != nullptr) {
      Report("R61", IssueLevel::kError,
             fmt::format("track {}: a sample lies outside its mdat",
                         fragment.track->id));
      return;
    }
  }
}

void Fmp4Reader::Traf(ByteSpan body, const Box& moof, const Box* mdat) {
  const BoxList traf = ReadBoxes(body);
  const Box* tfhd = traf.Find("tfhd");
  if (tfhd == nullptr) {
    Report("R60", IssueLevel::kError, "traf without tfhd");
    return;
  }
  const Fragment fragment = Tfhd(tfhd->body);
  if (!fragment.ok) return;
  TrackState& state = StateOf(*fragment.track);
  Tfdt(traf, fragment, state);
  data_at_ = moof.offset;
  for (const Box& box : traf.boxes) {
    if (box.type == "trun") Trun(box.body, fragment, state, moof, mdat);
  }
}

void Fmp4Reader::Moof(const Box& moof, const Box* mdat) {
  if (mdat == nullptr) {
    Report("R61", IssueLevel::kError, "a moof without its mdat");
  }
  const std::size_t issues_before = facts_.issues.size();
  sample_bytes_ = 0;
  for (const Box& box : ReadBoxes(moof.body).boxes) {
    if (box.type == "traf") Traf(box.body, moof, mdat);
  }
  const bool sound = facts_.issues.size() == issues_before;
  if (sound && mdat != nullptr && sample_bytes_ != mdat->body.size()) {
    Report("R61", IssueLevel::kError,
           fmt::format("{} bytes of samples in an mdat of {}", sample_bytes_,
                       mdat->body.size()));
  }
}

SegmentFacts Fmp4Reader::Read(ByteSpan bytes) {
  bytes_ = bytes;
  facts_.bytes = bytes.size();
  const BoxList top = ReadBoxes(bytes);
  if (!top.whole) {
    Report("R61", IssueLevel::kError, "the segment ends inside a box");
  }
  bool any = false;
  for (std::size_t i = 0; i < top.boxes.size(); ++i) {
    if (top.boxes[i].type != "moof") continue;
    any = true;
    const bool followed =
        i + 1 < top.boxes.size() && top.boxes[i + 1].type == "mdat";
    Moof(top.boxes[i], followed ? &top.boxes[i + 1] : nullptr);
  }
  if (!any) Report("R61", IssueLevel::kError, "no moof");
  if (top.Find("styp") == nullptr) {
    Report("R63", IssueLevel::kAppleOnly, "no styp");
  }
  for (auto& [id, state] : states_) {
    if (state.facts.samples == 0) continue;
    const auto middle = state.steps.begin() +
                        static_cast<std::ptrdiff_t>(state.steps.size() / 2);
    std::nth_element(state.steps.begin(), middle, state.steps.end());
    state.facts.sample_duration = *middle;
    state.facts.formats = state.probe->formats();
    facts_.tracks.push_back(std::move(state.facts));
  }
  return std::move(facts_);
}

}  // namespace

SegmentFacts ReadFmp4Segment(ByteSpan bytes, const InitFacts& init,
                             SamplesEncrypted encrypted) {
  return Fmp4Reader(init, encrypted).Read(bytes);
}

}  // namespace hlsrec::check
