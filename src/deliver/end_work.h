#ifndef HLSREC_SRC_DELIVER_END_WORK_H_
#define HLSREC_SRC_DELIVER_END_WORK_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/recorder.h"
#include "src/base/executor.h"
#include "src/deliver/kept_media.h"
#include "src/deliver/uploader.h"
#include "src/manifest/manifest.h"
#include "src/spool/journal.h"

namespace hlsrec::deliver {

struct RenditionInfo;

// An output that has ended its playlists, for those who make something of it.
struct EndedMedia {
  // Its playlists' keys, and what of the media is missing.
  OutputResult media;
  std::shared_ptr<Strand> strand;
  spool::Journal& journal;
  // What is made is put with this.
  std::shared_ptr<Uploader> uploader;
  // For ReadRows(): the renditions in order, and which of their segments are
  // still there.
  std::vector<spool::SeriesPart> series;
  std::function<bool(std::size_t part, std::uint64_t index)> is_there;
  // Likewise, as the bitstream described them.
  std::vector<RenditionInfo> renditions;
  // Of an output that keeps its media; else null.
  std::shared_ptr<const KeptSegments> kept;
};

struct MadeAtEnd {
  Status status = {};                          // the first failure
  std::vector<manifest::Object> objects = {};  // stored: for the manifest
  std::vector<std::string> missing = {};       // keys that are not
  [[nodiscard]] bool Has(std::string_view key) const {
    return std::any_of(
        objects.begin(), objects.end(),
        [key](const manifest::Object& object) { return object.key == key; });
  }
};

// What is made of an output between the last of its media and its manifest: the
// file of its chat, an archive. Its state is `post_processing` meanwhile, and
// the recording succeeds when all is stored. Who resumes a recording does all
// of it again: what is there already must be found (Uploader's kMaybeStored).
//
// Threads. The output's strand.
// Lifetime. Held by the output until it is done, and by its own calls in
//     flight.
class EndWork {
 public:
  virtual ~EndWork() = default;
  // Keys of all it is to make that are not stored yet: missing, as long as it
  // is not done, or where nobody listened when it was.
  [[nodiscard]] virtual std::vector<std::string> Owed() const = 0;
  // Once. `done` once, on the strand; it may run before this returns. After the
  // output was given up nobody listens any more: puts fail.
  virtual void Start(std::shared_ptr<const EndedMedia> ended,
                     std::function<void(MadeAtEnd)> done) = 0;
  // Nobody waits for it any more: what is under way ends soon.
  virtual void Stop() {}
  // How far it got: while this grows there is hope.
  [[nodiscard]] virtual std::uint64_t progress() const { return 0; }
};

struct MadeBody {
  std::shared_ptr<const Body> body = {};
  std::string_view content_type = {};
  IfExists if_exists = IfExists::kFail;
};

// Stores one of what was made under `object`'s key, as an earlier run may have
// done; by default what somebody else has stored there stays. `done` gets it
// with its size and ETag, on the strand.
void PutMade(Uploader& uploader, manifest::Object object, MadeBody made,
             std::function<void(StatusOr<manifest::Object>)> done);

}  // namespace hlsrec::deliver

#endif  // HLSREC_SRC_DELIVER_END_WORK_H_
