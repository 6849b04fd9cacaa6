#ifndef HLSREC_SRC_AV_MOVIE_PART_H_
#define HLSREC_SRC_AV_MOVIE_PART_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "src/av/av_handles.h"
#include "src/av/byte_input.h"
#include "src/av/movie.h"

namespace hlsrec::av {

// A packet, and which of its part's tracks it belongs to.
struct PartPacket {
  AvPacketPtr packet = {};
  std::size_t track = 0;
};

// Packets of one part, those of several inputs merged by their time.
//
// Threads. One. Blocking. As its sources.
class PartReader {
 public:
  struct Track {
    AVStream* stream = nullptr;
    std::string language = {};
  };

  // Looks at the inputs until all tracks are known.
  static StatusOr<std::unique_ptr<PartReader>> Open(MoviePart part);

  [[nodiscard]] const std::vector<Track>& tracks() const { return tracks_; }
  // Names of codecs that are no picture and no sound, or unknown.
  [[nodiscard]] const std::vector<std::string>& dropped() const {
    return dropped_;
  }
  // Of each track's first packet, in its time base; AV_NOPTS_VALUE: there is
  // none.
  struct Times {
    std::int64_t dts = AV_NOPTS_VALUE;
    std::int64_t pts = AV_NOPTS_VALUE;
  };
  // Reads ahead as far as needed.
  StatusOr<std::vector<Times>> FirstTimes();
  // Null: there is no more.
  StatusOr<PartPacket> Next();

 private:
  struct Input {
    std::unique_ptr<ByteInput> bytes;
    AvInputPtr context;
    std::vector<std::optional<std::size_t>> tracks;  // by stream
    std::deque<PartPacket> ahead;
    bool ended = false;
  };
  explicit PartReader(std::string name) : name_(std::move(name)) {}
  Status OpenInput(MovieInput input);
  void Choose(Input& input, const std::string& language);
  Status ReadAhead(Input& input);
  [[nodiscard]] std::int64_t TimeOf(const PartPacket& packet) const;

  const std::string name_;
  std::vector<std::unique_ptr<Input>> inputs_;
  std::vector<Track> tracks_;
  std::vector<std::string> dropped_;
};

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_MOVIE_PART_H_
