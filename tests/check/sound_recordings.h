#ifndef HLSREC_TESTS_CHECK_SOUND_RECORDINGS_H_
#define HLSREC_TESTS_CHECK_SOUND_RECORDINGS_H_

#include <cstdint>
#include <functional>
#include <string>

#include "src/check/decrypt.h"
#include "tests/check/mp4_builder.h"
#include "tests/check/recording_files.h"
#include "tests/check/ts_builder.h"

// Recordings that break no rule, for tests to break one at a time.
namespace hlsrec::check {

extern const std::string kMedia;
extern const std::string kMultivariant;
extern const std::string kLowLatency;
extern const std::string kTsPlaylist;
extern const std::string kMp4Playlist;
extern const std::string kPresentation;
extern const std::string kVariantPlaylist;

// Four segments of two seconds; `before` changes the builder before the second
// one is made, `after` changes it back where only that one is to be broken.
using TsChange = std::function<void(TsBuilder&)>;
RecordingFiles TsRecording(const TsChange& before = {},
                           const TsChange& after = {});
// All segments by a builder changed from the start.
RecordingFiles UniformTs(const TsChange& change);
// The second segment with its packets changed.
RecordingFiles RepackedTs(
    const std::function<void(TsBuilder::Packets&)>& change);

// Three segments of two seconds; `change` applies to the init section and all
// segments, `second` to the second segment and those after it.
using Mp4Change = std::function<void(Mp4Builder&)>;
RecordingFiles Mp4Recording(const Mp4Change& change = {},
                            const Mp4Change& second = {});

// main.m3u8 with two variants and a sound rendition, a.m3u8 in a folder each.
RecordingFiles Presentation();

// The above and an I-frame playlist, i.m3u8, of the variant `low`.
RecordingFiles IFramePresentation();
// I-frames of fMP4: a.m3u8 lists init.mp4 and ranges of all.m4s.
RecordingFiles Mp4IFrames();

// A playlist of segments 5, 6 and 7.
std::string ListOf(const std::string& extension, const std::string& duration,
                   const std::string& tags = "");
constexpr AesBlock kKey = {1, 2,  3,  4,  5,  6,  7,  8,
                           9, 10, 11, 12, 13, 14, 15, 16};
Bytes Encrypt(const Bytes& clear, const AesBlock& key, const AesBlock& iv);
RecordingFiles Encrypted();
// An ID3 tag with the timestamp of packed audio; sound after `head`.
Bytes Id3(std::uint64_t timestamp);
Bytes PackedAudio(const Bytes& head);
RecordingFiles PackedRecording();
RecordingFiles WebVttRecording();

}  // namespace hlsrec::check

#endif  // HLSREC_TESTS_CHECK_SOUND_RECORDINGS_H_
