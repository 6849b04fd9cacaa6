#ifndef HLSREC_SRC_SERVE_INVENTORY_H_
#define HLSREC_SRC_SERVE_INVENTORY_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/serve/list_summary.h"

namespace hlsrec::serve {

struct ManifestNames {
  std::string id = {};
  std::string stream = {};
  std::string session = {};
};

// Nothing in it where the text is no manifest. Pure.
ManifestNames ReadManifestNames(std::string_view text);

// What of recordings was found somewhere. Paths are those of requests.
struct Inventory {
  using Lists = std::map<std::string, std::shared_ptr<const ListSummary>>;
  struct Folder {
    std::vector<std::string> playlists = {};  // names
    std::vector<std::string> pictures = {};
    std::map<std::string, ManifestNames> manifests = {};  // by name
  };
  Lists lists = {};
  std::map<std::string, Folder> folders = {};  // by path, with its last `/`
};

enum class ObjectRole { kPlaylist, kManifest, kPicture, kOther };
// By its name.
ObjectRole RoleOf(const std::string& name);

// What is found in two places is that of the first.
void Merge(const Inventory& from, Inventory& into);

struct FoundRecording {
  std::string path = {};      // its folder, with its last `/`; empty: the root
  std::string title = {};     // the stream's name
  std::string session = {};   // of its manifest
  std::string id = {};        // of its manifest
  std::string state = {};     // "live", "ended"
  std::string playlist = {};  // the one to play
  std::vector<std::string> playlists = {};  // all of it, that one first
  std::vector<std::string> clips = {};      // made of it
  std::string poster = {};
  ListSummary summary = {};
};

// Newest first. A clip is with its recording, or, where that is not there, one
// itself.
std::vector<FoundRecording> FindRecordings(const Inventory& inventory);

// Of the bucket: kNone where there is none to look into.
enum class BucketState { kNone, kListing, kListed, kFailed };

// As recordings.schema.json says.
std::string RenderRecordings(const std::vector<FoundRecording>& recordings,
                             BucketState bucket);

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_INVENTORY_H_
