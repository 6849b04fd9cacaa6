#ifndef HLSREC_SRC_PLAYLIST_POLICY_H_
#define HLSREC_SRC_PLAYLIST_POLICY_H_

#include <memory>
#include <string_view>

#include "hlsrec/playlist_policy.h"

namespace hlsrec::playlist {

// The built-in policy that described itself so; null where none did.
std::shared_ptr<const PlaylistPolicy> MakePolicy(std::string_view description);

}  // namespace hlsrec::playlist

#endif  // HLSREC_SRC_PLAYLIST_POLICY_H_
