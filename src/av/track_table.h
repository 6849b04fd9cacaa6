#ifndef HLSREC_SRC_AV_TRACK_TABLE_H_
#define HLSREC_SRC_AV_TRACK_TABLE_H_

extern "C" {
#include <libavformat/avformat.h>
}

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "hlsrec/media.h"
#include "hlsrec/source.h"
#include "src/av/stream_selection.h"

namespace hlsrec::av {

// Which of libavformat's streams are taken, and as which of our tracks, while
// streams appear, begin to speak, and are replaced.
class TrackTable {
 public:
  // What is done with the packets of one of libavformat's streams.
  enum class Use {
    kUndecided,  // new, or of a codec not known yet
    kDropped,
    kSilent,  // wanted, and joins with its first packet
    kTaken,
    kReplaced,  // what it still says is older than what is taken
  };
  struct Stream {
    Use use = Use::kUndecided;
    std::size_t track = 0;  // into tracks(), where taken
    // It was silent while libavformat looked at the streams.
    bool late = false;
    std::int64_t next_pts = kNoTimestamp;  // of a late one
  };

  explicit TrackTable(bool all_programs) : all_programs_(all_programs) {}

  // After libavformat has looked at the streams of `input`.
  void Choose(AVFormatContext& input);

  // The stream that a packet belongs to, decided on as far as can be.
  Stream& Find(const AVFormatContext& input, const AVStream& stream);
  // A silent stream spoke.
  void Join(const AVFormatContext& input, const AVStream& stream);

  [[nodiscard]] Track& track(const Stream& stream) {
    return tracks_[stream.track];
  }
  [[nodiscard]] const std::vector<Track>& tracks() const { return tracks_; }
  [[nodiscard]] const std::vector<SourceProgram>& programs() const {
    return programs_;
  }
  [[nodiscard]] const std::vector<SkippedTrack>& skipped() const {
    return skipped_;
  }
  void MarkChanged() { changed_ = true; }
  bool TakeChanged() { return std::exchange(changed_, false); }

 private:
  void Decide(const AVFormatContext& input, const AVStream& stream);
  void DecideNew(const AVFormatContext& input);
  void Take(const AVFormatContext& input, const AVStream& stream);
  void List(const AVFormatContext& input);
  void ListSkipped(const AVFormatContext& input);
  [[nodiscard]] bool IsWanted(const AVFormatContext& input, int index) const;
  [[nodiscard]] bool LeftItsProgram(const AVFormatContext& input,
                                    int index) const;
  // A taken stream of that type that no program names any more.
  [[nodiscard]] std::optional<std::size_t> FindGone(
      const AVFormatContext& input, MediaType type) const;

  const bool all_programs_;
  Selection selection_;
  std::vector<Stream> streams_;  // by libavformat's index
  std::vector<Track> tracks_;
  std::vector<SourceProgram> programs_;
  std::vector<SkippedTrack> skipped_;
  bool changed_ = false;
};

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_TRACK_TABLE_H_
