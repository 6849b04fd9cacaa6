#ifndef HLSREC_SRC_CHECK_MULTIVARIANT_RULES_H_
#define HLSREC_SRC_CHECK_MULTIVARIANT_RULES_H_

#include <string>
#include <vector>

#include "src/check/findings.h"
#include "src/playlist/model.h"

namespace hlsrec::check {

// What a multivariant playlist shows by itself.
void CheckMultivariantPlaylist(const playlist::MultivariantPlaylist& list,
                               Findings& findings);

// A media playlist that a multivariant playlist names.
struct NamedPlaylist {
  std::string file = {};
  const playlist::MediaPlaylist* media = nullptr;
  bool subtitles = false;
};

// What the media playlists of one multivariant playlist must have in common;
// findings are about the playlist that differs from the first.
void CheckPlaylistsMatch(const std::vector<NamedPlaylist>& playlists,
                         Findings& findings);

// "avc1.64001f" and the like; what is unknown passes.
bool IsCodecString(std::string_view codec);
bool IsVideoCodec(std::string_view codec);
std::vector<std::string> SplitCodecs(std::string_view codecs);

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_MULTIVARIANT_RULES_H_
