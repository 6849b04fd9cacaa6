#ifndef HLSREC_SRC_PLAYLIST_PARSE_MULTIVARIANT_H_
#define HLSREC_SRC_PLAYLIST_PARSE_MULTIVARIANT_H_

#include <string_view>

#include "src/playlist/parse_context.h"

namespace hlsrec::playlist {

// Takes the lines of a multivariant playlist one by one.
class MultivariantReader {
 public:
  MultivariantReader(ParseContext& context, MultivariantPlaylist& out)
      : context_(context), out_(out) {}

  // Is this a tag of multivariant playlists only?
  static bool Knows(std::string_view tag);
  void Tag(std::string_view tag, std::string_view value);
  void OtherTag(std::string_view tag, std::string_view value);
  void Uri(std::string_view uri);
  void End();

 private:
  Variant ReadVariant(std::string_view tag, std::string_view value);
  void StreamInf(std::string_view value);
  void IFrameStreamInf(std::string_view value);
  void Media(std::string_view value);

  ParseContext& context_;
  MultivariantPlaylist& out_;
  bool uri_expected_ = false;
};

}  // namespace hlsrec::playlist

#endif  // HLSREC_SRC_PLAYLIST_PARSE_MULTIVARIANT_H_
