#ifndef HLSREC_SRC_AV_MOVIE_FILE_H_
#define HLSREC_SRC_AV_MOVIE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "src/av/av_handles.h"
#include "src/av/movie.h"
#include "src/av/movie_part.h"

namespace hlsrec::av {

// The file that a movie becomes: its tracks are those of its first part, and
// what is expected beside them.
//
// Threads. One. Blocking. Yes.
class MovieFile {
 public:
  explicit MovieFile(const MovieOptions& options) : options_(options) {}
  ~MovieFile();
  MovieFile(const MovieFile&) = delete;
  MovieFile& operator=(const MovieFile&) = delete;

  // Before the first part: the file has a place for each of its tracks.
  void Expect(std::unique_ptr<PartReader> part);
  // Creates the file where this is the first part; else kFailedPrecondition
  // where the part has a format that the file has no place for.
  Status BeginPart(const std::string& name,
                   const std::vector<PartReader::Track>& tracks);
  // Where a track of the part goes. Valid after BeginPart().
  [[nodiscard]] std::size_t TrackOf(std::size_t part_track) const {
    return places_[part_track];
  }
  [[nodiscard]] std::size_t tracks() const { return tracks_.size(); }
  // The picture; the sound where there is none.
  [[nodiscard]] std::size_t lead() const { return lead_; }
  // Timestamps are the part's, and `offset_us` is added.
  Status Write(PartPacket packet, std::int64_t offset_us);
  Status Finish();
  [[nodiscard]] std::uint64_t packets() const { return packets_; }
  [[nodiscard]] std::vector<std::string> TrackNames() const;

 private:
  struct Track {
    AVStream* stream = nullptr;
    AvParametersPtr format = {};  // as the first part has it
    AvBsfPtr framing = {};        // to Annex-B, for this part
    // Of what is written, before the container's own.
    AVRational time_base = {};
    std::int64_t last_pts = AV_NOPTS_VALUE;  // of sound
    std::int64_t next_pts = AV_NOPTS_VALUE;  // likewise
    std::int64_t last_dts = AV_NOPTS_VALUE;  // in the container's
  };
  Status Create(const std::vector<PartReader::Track>& tracks);
  Status AddTrack(const PartReader::Track& source);
  Status AddExpected();
  Status Open();
  Status Match(const std::string& name,
               const std::vector<PartReader::Track>& tracks);
  Status Frame(Track& track, const AVStream& source);
  Status Filter(Track& track, AVPacket& packet);
  Status Put(Track& track, AVPacket& packet);
  void MakeExact(Track& track, AVPacket& packet) const;
  [[nodiscard]] Status Describe(int error, std::string_view what) const;

  const MovieOptions options_;
  AvOutputPtr context_;
  std::vector<Track> tracks_;
  // Those that have more tracks of a type than the ones before.
  std::vector<std::unique_ptr<PartReader>> expected_;
  std::vector<AVRational> part_time_bases_;
  std::vector<std::size_t> places_;
  std::size_t lead_ = 0;
  std::uint64_t packets_ = 0;
};

// ".mp4"
std::string_view MovieSuffix(MovieFormat format);

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_MOVIE_FILE_H_
