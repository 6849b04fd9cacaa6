#ifndef HLSREC_TESTS_MEDIA_DEMUX_H_
#define HLSREC_TESTS_MEDIA_DEMUX_H_

#include <filesystem>
#include <string>
#include <vector>

#include "hlsrec/media.h"
#include "src/base/bytes.h"
#include "src/media/sample.h"
#include "src/media/stream_format.h"

// Independent eyes for what the muxers wrote: libavformat and ffmpeg.
namespace hlsrec::testing {

struct Demuxed {
  std::vector<Track> tracks = {};  // Track::id is the index
  std::vector<Packet> packets = {};
};
// All packets of a file; nothing parsed or guessed beyond the container.
Demuxed Demux(const std::string& path);

// A file's samples as the muxers take them: times moved ten seconds up, in dts
// order over all tracks. Fails the test for what no reader takes.
struct Samples {
  std::vector<media::StreamFormat> formats = {};  // by track
  std::vector<std::uint32_t> timescales = {};
  std::vector<media::Sample> samples = {};
};
Samples ReadSamples(const Demuxed& file, std::int64_t offset_seconds = 10);

// What ffmpeg says when it decodes the file: nothing, if all is well.
std::string DecodeErrors(const std::string& path);

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  // Writes a file and returns its path.
  [[nodiscard]] std::string Write(const std::string& name,
                                  ByteSpan bytes) const;

 private:
  std::filesystem::path path_;
};

}  // namespace hlsrec::testing

#endif  // HLSREC_TESTS_MEDIA_DEMUX_H_
