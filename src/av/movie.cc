#include "src/av/movie.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "src/av/movie_file.h"
#include "src/av/movie_part.h"
#include "src/base/status_util.h"

namespace hlsrec::av {
namespace {

constexpr AVRational kMicros = {1, 1'000'000};
// Clocks that differ by no more where parts meet are one clock.
constexpr std::int64_t kSameClockUs = 50'000;
constexpr std::int64_t kOverlapUs = 1'000;
// Somebody who writes 12.04 means the keyframe there.
constexpr std::int64_t kRoundingUs = 1'000;

class Movie final : public MovieWriter {
 public:
  explicit Movie(MovieOptions options)
      : options_(std::move(options)), file_(options_) {}

  Status Expect(MoviePart part) override {
    HLSREC_ASSIGN_OR_RETURN(std::unique_ptr<PartReader> reader,
                            PartReader::Open(std::move(part)));
    file_.Expect(std::move(reader));
    return {};
  }

  Status Add(MoviePart part) override {
    const std::string name = part.name;
    const std::int64_t missing = part.missing_before.count();
    HLSREC_ASSIGN_OR_RETURN(const std::unique_ptr<PartReader> reader,
                            PartReader::Open(std::move(part)));
    for (const std::string& dropped : reader->dropped()) {
      if (std::find(facts_.dropped.begin(), facts_.dropped.end(), dropped) ==
          facts_.dropped.end()) {
        facts_.dropped.push_back(dropped);
      }
    }
    HLSREC_RETURN_IF_ERROR(file_.BeginPart(name, reader->tracks()));
    HLSREC_RETURN_IF_ERROR(Place(*reader, missing));
    while (!complete_) {
      HLSREC_ASSIGN_OR_RETURN(PartPacket packet, reader->Next());
      if (packet.packet == nullptr) break;
      HLSREC_RETURN_IF_ERROR(Take(*reader, std::move(packet)));
    }
    // Packets' times are of this part.
    if (!started_ && candidate_) HLSREC_RETURN_IF_ERROR(Start());
    HLSREC_RETURN_IF_ERROR(WriteTail());
    if (end_) complete_ = true;
    return {};
  }

  bool complete() const override { return complete_; }

  StatusOr<MovieFacts> Finish() override {
    if (file_.packets() == 0) {
      return FailedPrecondition("nothing to write: no media in that range");
    }
    HLSREC_RETURN_IF_ERROR(file_.Finish());
    facts_.packets = file_.packets();
    facts_.tracks = file_.TrackNames();
    facts_.start = std::chrono::microseconds(cut_us_);
    facts_.duration = std::chrono::microseconds(written_until_us_ - cut_us_);
    return facts_;
  }

 private:
  // A packet, when it is shown, and when it has been.
  struct Timed {
    PartPacket packet;
    std::int64_t pts_us = 0;
    std::int64_t end_us = 0;
  };

  [[nodiscard]] static std::int64_t ToUs(std::int64_t time,
                                         const PartReader::Track& track) {
    return av_rescale_q(time, track.stream->time_base, kMicros);
  }

  // Finds what leads from the part's clock to the recording's.
  Status Place(PartReader& reader, std::int64_t missing_us) {
    using Times = PartReader::Times;
    HLSREC_ASSIGN_OR_RETURN(const std::vector<Times> first,
                            reader.FirstTimes());
    std::optional<std::int64_t> earliest;
    std::optional<std::int64_t> needed;
    ends_us_.resize(file_.tracks());
    for (std::size_t i = 0; i < first.size(); ++i) {
      if (first[i].dts == AV_NOPTS_VALUE) continue;
      const PartReader::Track& track = reader.tracks()[i];
      const std::int64_t pts = ToUs(first[i].pts, track);
      earliest = std::min(earliest.value_or(pts), pts);
      // One that joins begins where all that was before has ended.
      const std::int64_t end = ends_us_[file_.TrackOf(i)].value_or(until_us_);
      const std::int64_t offset = end + missing_us - ToUs(first[i].dts, track);
      needed = std::max(needed.value_or(offset), offset);
    }
    if (!earliest) return {};
    if (!placed_) {
      offset_us_ = -*earliest;
    } else if (*needed < offset_us_ - kSameClockUs ||
               *needed > offset_us_ + kOverlapUs) {
      offset_us_ = *needed;
    }
    placed_ = true;
    return {};
  }

  Status Take(const PartReader& reader, PartPacket packet) {
    const PartReader::Track& track = reader.tracks()[packet.track];
    const std::size_t place = file_.TrackOf(packet.track);
    Timed timed{.packet = std::move(packet)};
    const AVPacket& data = *timed.packet.packet;
    timed.pts_us = ToUs(data.pts, track) + offset_us_;
    timed.end_us = timed.pts_us + ToUs(data.duration, track);
    ends_us_[place] = ToUs(data.dts + data.duration, track) + offset_us_;
    until_us_ = std::max(until_us_, timed.end_us);
    const bool lead = place == file_.lead();
    const bool key = (data.flags & AV_PKT_FLAG_KEY) != 0;
    if (!started_) return TakeBeforeStart(std::move(timed), lead && key, lead);
    return TakeBeforeEnd(std::move(timed), lead, lead && key);
  }

  Status TakeBeforeStart(Timed timed, bool begins, bool lead) {
    if (!options_.from) {
      cut_us_ = 0;
      started_ = true;
      return TakeBeforeEnd(std::move(timed), lead, begins);
    }
    const std::int64_t pts = timed.pts_us;
    const bool behind = pts > options_.from->count() + kRoundingUs;
    if (begins && !(behind && candidate_)) {
      candidate_ = pts;
      // Pictures before a keyframe that the file may begin with are not in it.
      std::erase_if(held_, [&](const Timed& each) {
        return IsLead(each) || each.pts_us < pts;
      });
    }
    if (!candidate_ && lead) return {};  // can't be decoded
    held_.push_back(std::move(timed));
    return begins && behind ? Start() : Status();
  }

  [[nodiscard]] bool IsLead(const Timed& timed) const {
    return file_.TrackOf(timed.packet.track) == file_.lead();
  }

  Status Start() {
    started_ = true;
    cut_us_ = *candidate_;
    for (Timed& timed : std::exchange(held_, {})) {
      const bool lead = IsLead(timed);
      const bool key = (timed.packet.packet->flags & AV_PKT_FLAG_KEY) != 0;
      HLSREC_RETURN_IF_ERROR(
          TakeBeforeEnd(std::move(timed), lead, lead && key));
    }
    return {};
  }

  Status TakeBeforeEnd(Timed timed, bool lead, bool begins) {
    // Pictures that need what was cut away, and sound that goes with it.
    if (timed.pts_us < cut_us_ && options_.from) return {};
    if (!options_.to) return Write(std::move(timed));
    const bool behind = timed.pts_us >= options_.to->count() - kRoundingUs;
    if (!end_ && begins && behind) {
      end_ = timed.pts_us;
      HLSREC_RETURN_IF_ERROR(WriteTail());
    }
    if (end_) return TakeAtEnd(std::move(timed), lead);
    if (behind && !lead) {
      tail_.push_back(std::move(timed));
      return {};
    }
    return Write(std::move(timed));
  }

  // The others may have some to say yet from before the end.
  Status TakeAtEnd(Timed timed, bool lead) {
    if (lead) return {};
    if (timed.pts_us < *end_) return Write(std::move(timed));
    through_.resize(file_.tracks());
    through_[file_.TrackOf(timed.packet.track)] = true;
    through_[file_.lead()] = true;
    complete_ = std::all_of(through_.begin(), through_.end(),
                            [](bool through) { return through; });
    return {};
  }

  Status WriteTail() {
    for (Timed& timed : std::exchange(tail_, {})) {
      if (end_ && timed.pts_us >= *end_) continue;
      HLSREC_RETURN_IF_ERROR(Write(std::move(timed)));
    }
    return {};
  }

  Status Write(Timed timed) {
    written_until_us_ = std::max(written_until_us_, timed.end_us);
    return file_.Write(std::move(timed.packet), offset_us_ - cut_us_);
  }

  const MovieOptions options_;
  MovieFile file_;
  MovieFacts facts_;
  bool placed_ = false;
  bool started_ = false;
  bool complete_ = false;
  // All from where the first part begins.
  std::int64_t offset_us_ = 0;  // from the part's clock
  std::int64_t cut_us_ = 0;     // where the file begins
  std::int64_t until_us_ = 0;   // what was read so far
  std::int64_t written_until_us_ = 0;
  std::vector<std::optional<std::int64_t>> ends_us_;  // by track, decoding
  std::optional<std::int64_t> candidate_;
  std::optional<std::int64_t> end_;
  std::deque<Timed> held_;  // until it is known where the file begins
  std::deque<Timed> tail_;  // until it is known where it ends
  std::vector<bool> through_;
};

}  // namespace

StatusOr<std::unique_ptr<MovieWriter>> MovieWriter::Create(
    MovieOptions options) {
  return std::unique_ptr<MovieWriter>(
      std::make_unique<Movie>(std::move(options)));
}

}  // namespace hlsrec::av
