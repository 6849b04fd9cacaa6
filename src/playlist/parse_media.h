#ifndef HLSREC_SRC_PLAYLIST_PARSE_MEDIA_H_
#define HLSREC_SRC_PLAYLIST_PARSE_MEDIA_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "src/playlist/parse_context.h"

namespace hlsrec::playlist {

// Takes the lines of a media playlist one by one.
class MediaReader {
 public:
  MediaReader(ParseContext& context, MediaPlaylist& out)
      : context_(context), out_(out) {}

  // Is this a tag of media playlists only?
  static bool Knows(std::string_view tag);
  void Tag(std::string_view tag, std::string_view value);
  void OtherTag(std::string_view tag, std::string_view value);
  void Uri(std::string_view uri);
  void End();

 private:
  struct Entry;
  static const Entry* FindEntry(std::string_view tag);

  void TargetDuration(std::string_view value);
  void MediaSequence(std::string_view value);
  void DiscontinuitySequence(std::string_view value);
  void Type(std::string_view value);
  void EndList(std::string_view value);
  void IFramesOnly(std::string_view value);
  void Extinf(std::string_view value);
  void ByteRangeTag(std::string_view value);
  void Discontinuity(std::string_view value);
  void Gap(std::string_view value);
  void DateTimeTag(std::string_view value);
  void Map(std::string_view value);
  void Key(std::string_view value);
  void Bitrate(std::string_view value);
  void DateRangeTag(std::string_view value);
  void Skip(std::string_view value);
  void AllowCache(std::string_view value);
  void LowLatency(std::string_view value);
  void ResolveByteRange();

  ParseContext& context_;
  MediaPlaylist& out_;
  std::string_view tag_ = {};
  Segment next_ = {};
  bool next_has_tags_ = false;
  std::uint64_t discontinuities_ = 0;
  std::uint64_t skipped_ = 0;
  std::optional<std::uint64_t> bitrate_kbps_ = {};
  std::optional<std::uint32_t> map_ = {};
  std::vector<std::uint32_t> keys_ = {};
};

}  // namespace hlsrec::playlist

#endif  // HLSREC_SRC_PLAYLIST_PARSE_MEDIA_H_
