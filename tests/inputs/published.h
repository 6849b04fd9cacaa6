#ifndef HLSREC_TESTS_INPUTS_PUBLISHED_H_
#define HLSREC_TESTS_INPUTS_PUBLISHED_H_

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/source.h"
#include "tests/av/media_files.h"
#include "tests/inputs/child_process.h"
#include "tests/inputs/ports.h"

namespace hlsrec::testing {

// What make_media.sh puts into h264_aac.*: three seconds.
inline constexpr std::size_t kPictures = 75;
inline constexpr std::size_t kKeyframes = 3;
inline constexpr std::size_t kAudioFrames = 131;

using OpenedSource = StatusOr<std::unique_ptr<Source>>;

// Opens in a thread of its own, as a listener must before anybody can publish.
std::future<OpenedSource> OpenInBackground(UrlSourceOptions options);

// ffmpeg sending a file as it is; `before` and `after` go around "-i FILE".
std::vector<std::string> Publish(const std::string& file,
                                 const std::vector<std::string>& after,
                                 const std::vector<std::string>& before = {});

// Checks that both tracks arrived, at most `lost_pictures` pictures (and as
// much audio) missing at the ends, none inside. `set_clocks`: how often the
// sender may set the clock anew. How the source ended.
Status CheckAndEnd(Source& source, std::size_t lost_pictures = 0,
                   std::size_t copies = 1, std::size_t set_clocks = 0);

// The source, required to be there.
std::unique_ptr<Source> Require(OpenedSource opened);

std::string LocalUrl(const std::string& scheme, int port,
                     const std::string& rest = {});

}  // namespace hlsrec::testing

#endif  // HLSREC_TESTS_INPUTS_PUBLISHED_H_
