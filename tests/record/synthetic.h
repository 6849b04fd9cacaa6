#ifndef HLSREC_TESTS_RECORD_SYNTHETIC_H_
#define HLSREC_TESTS_RECORD_SYNTHETIC_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hlsrec/media.h"
#include "hlsrec/recorder.h"

namespace hlsrec {

// Streams made by hand: real headers, and slices whose bytes say which picture
// they are, so that a test can tell what became of every packet.
Track VideoTrack(int id = 0, int width = 320);
Track AudioTrack(int id = 1, const std::string& language = {});

// A picture of 25 fps video; every payload is unique by `number`.
Packet VideoPacket(std::int64_t number, bool keyframe, int track = 0,
                   int width = 320);
// The same picture, longer: of that many bytes.
Packet Lengthened(Packet packet, std::size_t bytes);
// A frame of 1,024 samples at 48 kHz, in ticks of 1/48000.
Packet AudioPacket(std::int64_t number, int track = 1);

// `seconds` of video with a keyframe each `gop` pictures and, where asked, the
// audio beside it, in order of time.
std::vector<Packet> Stream(double seconds, int gop, bool audio,
                           std::int64_t first_picture = 0);

// The numbers of the pictures or frames whose marks stand in a segment.
std::vector<std::int64_t> MarksIn(const std::string& bytes, char kind);

}  // namespace hlsrec

#endif  // HLSREC_TESTS_RECORD_SYNTHETIC_H_
