#ifndef HLSREC_SRC_AV_MOVIE_H_
#define HLSREC_SRC_AV_MOVIE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hlsrec/status.h"

// Segments into one file, packets as they are.
namespace hlsrec::av {

// Fills some of what it is given; 0: there is no more.
using ByteSource =
    std::function<StatusOr<std::size_t>(std::span<std::uint8_t>)>;

// One container's bytes: init section and segments that follow each other.
struct MovieInput {
  ByteSource source = {};
  // Of its sound, where the container does not say; empty: not known.
  std::string language = {};
};

// What lies between two discontinuities: inputs of one clock, picture first.
struct MoviePart {
  std::string name = {};  // for people: where it begins
  std::vector<MovieInput> inputs = {};
  // How much is missing between the part before and this one.
  std::chrono::microseconds missing_before{0};
};

enum class MovieFormat { kMp4, kTs, kMatroska };

struct MovieOptions {
  std::string path = {};
  MovieFormat format = MovieFormat::kMp4;
  // From where the first part begins. Begins with the last keyframe up to
  // `from`, and ends before the first one at or after `to`; without pictures,
  // with the packets themselves.
  std::optional<std::chrono::microseconds> from = {};
  std::optional<std::chrono::microseconds> to = {};
  // When the first part began, since 1970; for the file's own date.
  std::optional<std::chrono::microseconds> start_date = {};
  // True: what reads or writes the file fails soon. May be empty.
  std::function<bool()> stop = {};
};

struct MovieFacts {
  std::uint64_t packets = 0;
  std::chrono::microseconds duration{0};
  // From where the first part begins to where the file does.
  std::chrono::microseconds start{0};
  std::vector<std::string> tracks = {};   // "h264", "aac"
  std::vector<std::string> dropped = {};  // of kinds that the file can't hold
};

// Writes one file. The timestamps of a part go on where the part before ended,
// but for what is missing: no hole, no jump.
//
// Threads. One. Blocking. Yes.
// Errors. kFailedPrecondition where a format is not for such a file, or changes
//     and the file can't hold that; those of sources as they are.
class MovieWriter {
 public:
  static StatusOr<std::unique_ptr<MovieWriter>> Create(MovieOptions options);
  virtual ~MovieWriter() = default;
  // Before the first Add(): the file gets a place for each track that this part
  // has, where others have not. The beginning of a part will do.
  virtual Status Expect(MoviePart part) = 0;
  virtual Status Add(MoviePart part) = 0;
  // No more parts are needed: `to` is reached.
  [[nodiscard]] virtual bool complete() const = 0;
  // An MP4 is rearranged so that its index comes first.
  virtual StatusOr<MovieFacts> Finish() = 0;
};

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_MOVIE_H_
