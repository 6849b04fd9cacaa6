#ifndef HLSREC_SRC_PACKAGE_PRESENTATION_H_
#define HLSREC_SRC_PACKAGE_PRESENTATION_H_

#include <string>
#include <vector>

#include "hlsrec/status.h"
#include "src/package/store.h"
#include "src/playlist/model.h"

namespace hlsrec::package {

// A media playlist of a recording, and where it is.
struct MediaList {
  std::string location = {};
  std::string language = {};  // of an audio rendition
  playlist::MediaPlaylist list = {};
};

struct Choice {
  std::string variant = {};
  std::string audio = {};
};

// The playlists that are played together, the variant's first. `location` may
// be a media playlist itself. kInvalidArgument where there is no such variant
// or rendition; the message names those there are.
StatusOr<std::vector<MediaList>> ReadPresentation(Store& store,
                                                  const std::string& location,
                                                  const Choice& choice);

// Fit for people: without the query, which may be a signature.
std::string Shown(const std::string& location);

}  // namespace hlsrec::package

#endif  // HLSREC_SRC_PACKAGE_PRESENTATION_H_
