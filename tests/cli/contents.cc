// What media files hold, as libavformat reads them.
extern "C" {
#include <libavformat/avformat.h>
}

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string_view>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"

namespace hlsrec::testing {
namespace {

using Bytes = std::string_view;

std::uint8_t At(Bytes bytes, std::size_t index) {
  return static_cast<std::uint8_t>(bytes[index]);
}

std::vector<Bytes> AnnexBUnits(Bytes bytes) {
  constexpr Bytes kStart("\0\0\1", 3);
  std::vector<Bytes> units;
  std::size_t begin = bytes.find(kStart);
  while (begin != Bytes::npos) {
    begin += kStart.size();
    const std::size_t next = bytes.find(kStart, begin);
    Bytes unit = bytes.substr(begin, next - begin);
    // Zeros in front of the next start code.
    while (!unit.empty() && unit.back() == '\0') unit.remove_suffix(1);
    units.push_back(unit);
    begin = next;
  }
  return units;
}

std::vector<Bytes> PrefixedUnits(Bytes bytes) {
  std::vector<Bytes> units;
  while (bytes.size() >= 4) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size << 8 | At(bytes, i);
    units.push_back(bytes.substr(4, size));
    bytes.remove_prefix(std::min(bytes.size(), 4 + size));
    while (!units.back().empty() && units.back().back() == '\0') {
      units.back().remove_suffix(1);
    }
  }
  return units;
}

bool IsSlice(AVCodecID codec, Bytes unit) {
  if (unit.empty()) return false;
  if (codec == AV_CODEC_ID_H264) {
    const int type = At(unit, 0) & 31;
    return type >= 1 && type <= 5;
  }
  return (At(unit, 0) >> 1 & 63) < 32;
}

std::string Slices(const AVCodecParameters& parameters, Bytes bytes) {
  const bool prefixed =
      parameters.extradata_size > 0 && parameters.extradata[0] == 1;
  std::string slices;
  for (const Bytes unit :
       prefixed ? PrefixedUnits(bytes) : AnnexBUnits(bytes)) {
    if (!IsSlice(parameters.codec_id, unit)) continue;
    slices += unit;
    slices += '|';
  }
  return slices;
}

Bytes WithoutAdts(const AVCodecParameters& parameters, Bytes bytes) {
  const bool adts = parameters.codec_id == AV_CODEC_ID_AAC &&
                    bytes.size() > 7 && At(bytes, 0) == 0xff &&
                    (At(bytes, 1) & 0xf0) == 0xf0;
  if (!adts) return bytes;
  return bytes.substr((At(bytes, 1) & 1) != 0 ? 7 : 9);
}

std::uint64_t HashOf(const AVCodecParameters& parameters,
                     const AVPacket& packet) {
  const Bytes bytes(reinterpret_cast<const char*>(packet.data),
                    static_cast<std::size_t>(packet.size));
  const std::hash<Bytes> hash;
  switch (parameters.codec_id) {
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
      return hash(Slices(parameters, bytes));
    default:
      return hash(WithoutAdts(parameters, bytes));
  }
}

void Append(std::vector<std::uint64_t>& all,
            const std::vector<std::uint64_t>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

void CheckPiece(const std::vector<std::uint64_t>& whole,
                const std::vector<std::uint64_t>& piece, std::size_t lost) {
  // Where it starts, and where it stops being a piece.
  const auto begin = piece.empty()
                         ? whole.begin()
                         : std::find(whole.begin(), whole.end(), piece.front());
  const auto miss =
      std::mismatch(piece.begin(), piece.end(), begin, whole.end()).first;
  CAPTURE(whole.size(), piece.size(), begin - whole.begin(),
          miss - piece.begin(), lost);
  CHECK(piece.size() + lost >= whole.size());
  const bool inside =
      piece.empty() || std::search(whole.begin(), whole.end(), piece.begin(),
                                   piece.end()) != whole.end();
  CHECK(inside);
}

}  // namespace

Contents ContentsOf(const std::string& media_file) {
  AVFormatContext* raw = nullptr;
  INFO(media_file);
  REQUIRE(avformat_open_input(&raw, media_file.c_str(), nullptr, nullptr) == 0);
  const auto close = [](AVFormatContext* p) { avformat_close_input(&p); };
  const std::unique_ptr<AVFormatContext, decltype(close)> context(raw, close);
  REQUIRE(avformat_find_stream_info(raw, nullptr) >= 0);
  const auto free_packet = [](AVPacket* p) { av_packet_free(&p); };
  const std::unique_ptr<AVPacket, decltype(free_packet)> packet(
      av_packet_alloc(), free_packet);
  Contents contents;
  while (av_read_frame(raw, packet.get()) >= 0) {
    const AVStream* stream = raw->streams[packet->stream_index];
    const AVCodecParameters& parameters = *stream->codecpar;
    if (parameters.codec_type == AVMEDIA_TYPE_VIDEO) {
      contents.video.push_back(HashOf(parameters, *packet));
    } else if (parameters.codec_type == AVMEDIA_TYPE_AUDIO) {
      contents.audio.push_back(HashOf(parameters, *packet));
    }
    av_packet_unref(packet.get());
  }
  return contents;
}

Contents RecordedContents(const std::string& playlist_path) {
  const Playlist playlist = ReadPlaylist(playlist_path);
  const auto folder = std::filesystem::path(playlist_path).parent_path();
  const TempDirectory directory;
  Contents all;
  std::size_t i = 0;
  while (i < playlist.segments.size()) {
    const std::string map = playlist.segments[i].map;
    const std::string joined = directory.path("joined");
    std::ofstream file(joined, std::ios::binary);
    const auto copy = [&](const std::string& uri) {
      const auto bytes = ReadBytes((folder / uri).string());
      INFO(uri);
      REQUIRE_FALSE(bytes.empty());
      file.write(reinterpret_cast<const char*>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()));
    };
    if (!map.empty()) copy(map);
    bool any = false;
    do {
      if (playlist.segments[i].gap) continue;
      copy(playlist.segments[i].uri);
      any = true;
    } while (++i < playlist.segments.size() && playlist.segments[i].map == map);
    file.close();
    if (!any) continue;
    const Contents part = ContentsOf(joined);
    Append(all.video, part.video);
    Append(all.audio, part.audio);
  }
  return all;
}

void CheckPieceOf(const Contents& sent, const Contents& recorded,
                  std::size_t lost) {
  {
    INFO("video");
    CheckPiece(sent.video, recorded.video, lost);
  }
  INFO("audio");
  CheckPiece(sent.audio, recorded.audio, 2 * lost);
}

void CheckSame(const Contents& sent, const Contents& recorded,
               std::size_t dropped) {
  CheckPieceOf(sent, recorded, dropped);
  CHECK(recorded.video.size() + recorded.audio.size() + dropped ==
        sent.video.size() + sent.audio.size());
}

Contents Twice(const Contents& contents) {
  Contents twice = contents;
  Append(twice.video, contents.video);
  Append(twice.audio, contents.audio);
  return twice;
}

}  // namespace hlsrec::testing
