#ifndef HLSREC_TESTS_RECORD_ARCHIVE_H_
#define HLSREC_TESTS_RECORD_ARCHIVE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "hlsrec/recorder.h"
#include "src/playlist/model.h"
#include "tests/record/machine.h"

namespace hlsrec {

// What recordings make at their end, in these tests.
inline const std::string kZip = "rec.zip";
inline const std::string kMovie = "rec.mp4";

// As of a camera, with an archive.
RecordingOptions ZipOptions(const Machine& machine);
// With an MP4 beside it, so of fragments.
RecordingOptions ZipAndMovieOptions(const Machine& machine);

// An archive's files, by name.
using Entries = std::map<std::string, std::string>;
// As who reads from the front does: small and stored.
Entries Unzip(const std::string& zip);
// A list in it, ended and without any finding.
playlist::MediaPlaylist Listed(const Entries& entries,
                               const std::string& name = "index.m3u8");
// The pictures of all that the list has.
std::vector<std::int64_t> Pictures(const Entries& entries,
                                   const std::string& name = "index.m3u8");

// From `first` on.
std::vector<std::int64_t> Numbers(std::int64_t count, std::int64_t first = 0);
std::vector<std::int64_t> Joined(std::vector<std::int64_t> some,
                                 const std::vector<std::int64_t>& more);

// Nothing of a recording is left.
void CheckSpoolIsEmpty(Machine& machine);

}  // namespace hlsrec

#endif  // HLSREC_TESTS_RECORD_ARCHIVE_H_
