#include "src/serve/inventory.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "hlsrec/forward.h"
#include "src/manifest/read.h"
#include "src/playlist/reference.h"
#include "src/playlist/render.h"
#include "src/serve/content_type.h"

namespace hlsrec::serve {
namespace {

using Json = nlohmann::ordered_json;

std::string StemOf(const std::string& name) {
  return name.substr(0, name.rfind('.'));
}

void AddChildren(const Inventory::Lists& lists, const ListSummary& summary,
                 FoundRecording& recording) {
  recording.summary.ended = true;
  std::set<std::string> own;
  for (const std::string& child : summary.children) {
    const auto list = lists.find(child);
    if (list == lists.end() || !own.insert(child).second) continue;
    const ListSummary& one = *list->second;
    recording.playlists.push_back(child);
    recording.summary.ended &= one.ended;
    recording.summary.size_bytes += one.size_bytes;
    recording.summary.duration =
        std::max(recording.summary.duration, one.duration);
    if (own.size() > 1) continue;
    recording.summary.start = one.start;
    recording.summary.gaps = one.gaps;
    recording.summary.segments = one.segments;
  }
}

void Name(const Inventory::Folder& folder, FoundRecording& recording) {
  const std::string stem =
      StemOf(recording.playlist.substr(recording.path.size()));
  for (const std::string& picture : folder.pictures) {
    if (StemOf(picture) == "poster" || StemOf(picture) == stem) {
      recording.poster = recording.path + picture;
    }
  }
  recording.title = recording.path.empty()
                        ? stem
                        : recording.path.substr(0, recording.path.size() - 1);
  // A folder of many recordings has their names in those of the lists.
  if (!recording.path.empty() && folder.playlists.size() > 1 &&
      stem != "index" && stem != "master") {
    recording.title += "/" + stem;
  }
  // Where recordings share a folder, each has a manifest of its own.
  auto file = folder.manifests.find("recording.json");
  if (file == folder.manifests.end()) {
    file = folder.manifests.find(stem + "_recording.json");
  }
  if (file == folder.manifests.end()) return;
  const ManifestNames& manifest = file->second;
  if (manifest.id.empty()) return;
  recording.id = manifest.id;
  recording.title = manifest.stream;
  recording.session = manifest.session;
}

void Add(FoundRecording recording, std::vector<FoundRecording>& found) {
  const auto same =
      std::find_if(found.begin(), found.end(), [&](const FoundRecording& one) {
        return !one.id.empty() && one.id == recording.id;
      });
  if (same == found.end()) return found.push_back(std::move(recording));
  // Another list of it: a window beside all of it. The one to play says most.
  if (recording.summary.duration > same->summary.duration) {
    std::swap(recording, *same);
  }
  same->playlists.insert(same->playlists.end(), recording.playlists.begin(),
                         recording.playlists.end());
}

// What a clip, or a clip of one, was made of; empty: it is none, or that is not
// known.
std::string ClippedList(const Inventory::Lists& lists,
                        const ListSummary& summary) {
  constexpr int kDeepest = 8;
  std::string list = summary.clip_of;
  for (int i = 0; i < kDeepest; ++i) {
    const auto found = lists.find(list);
    if (found == lists.end()) break;
    if (found->second->clip_of.empty()) return list;
    list = found->second->clip_of;
  }
  return {};
}

FoundRecording MakeRecording(const Inventory& inventory,
                             const std::string& path,
                             const ListSummary& summary) {
  FoundRecording recording{.path = std::string(playlist::FolderOfKey(path)),
                           .playlist = path,
                           .playlists = {path},
                           .summary = summary};
  if (summary.multivariant) AddChildren(inventory.lists, summary, recording);
  Name(inventory.folders.at(recording.path), recording);
  recording.state = recording.summary.ended ? "ended" : "live";
  return recording;
}

std::string_view NameOf(BucketState state) {
  switch (state) {
    case BucketState::kNone:
      return {};
    case BucketState::kListing:
      return "listing";
    case BucketState::kListed:
      return "listed";
    case BucketState::kFailed:
      return "failed";
  }
  return {};
}

}  // namespace

ManifestNames ReadManifestNames(std::string_view text) {
  const auto head = manifest::Read(text, [](const manifest::Object&) {});
  if (!head.ok()) return {};
  return {.id = head->id, .stream = head->stream, .session = head->session};
}

ObjectRole RoleOf(const std::string& name) {
  if (IsPlaylistName(name)) return ObjectRole::kPlaylist;
  if (HasExtension(name, "jpg,jpeg,png,webp")) return ObjectRole::kPicture;
  if (name == "recording.json" || name.ends_with("_recording.json")) {
    return ObjectRole::kManifest;
  }
  return ObjectRole::kOther;
}

void Merge(const Inventory& from, Inventory& into) {
  for (const auto& [path, summary] : from.lists) {
    if (!into.lists.emplace(path, summary).second) continue;
    const std::string folder(playlist::FolderOfKey(path));
    into.folders[folder].playlists.push_back(path.substr(folder.size()));
  }
  for (const auto& [path, folder] : from.folders) {
    Inventory::Folder& here = into.folders[path];
    here.pictures.insert(here.pictures.end(), folder.pictures.begin(),
                         folder.pictures.end());
    here.manifests.insert(folder.manifests.begin(), folder.manifests.end());
  }
}

std::vector<FoundRecording> FindRecordings(const Inventory& inventory) {
  std::set<std::string> children;
  for (const auto& [path, summary] : inventory.lists) {
    if (!summary->multivariant) continue;
    children.insert(summary->children.begin(), summary->children.end());
  }
  std::vector<FoundRecording> found;
  std::vector<std::pair<std::string, std::string>> clips;  // of a list, by path
  for (const auto& [path, summary] : inventory.lists) {
    if (children.contains(path)) continue;
    std::string clipped = ClippedList(inventory.lists, *summary);
    if (clipped.empty()) {
      Add(MakeRecording(inventory, path, *summary), found);
    } else {
      clips.emplace_back(std::move(clipped), path);
    }
  }
  for (const auto& [clipped, path] : clips) {
    const auto recording = std::find_if(
        found.begin(), found.end(), [&list = clipped](const auto& one) {
          return std::find(one.playlists.begin(), one.playlists.end(), list) !=
                 one.playlists.end();
        });
    if (recording != found.end()) recording->clips.push_back(path);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const FoundRecording& a, const FoundRecording& b) {
                     return a.summary.start > b.summary.start;
                   });
  return found;
}

std::string RenderRecordings(const std::vector<FoundRecording>& recordings,
                             BucketState bucket) {
  const auto seconds = [](std::chrono::microseconds time) {
    return static_cast<double>(time.count()) / 1e6;
  };
  Json list = Json::array();
  for (const FoundRecording& one : recordings) {
    Json gaps = Json::array();
    for (const ListSummary::Gap& gap : one.summary.gaps) {
      gaps.push_back({{"offset", seconds(gap.offset)},
                      {"duration", seconds(gap.duration)}});
    }
    Json json = {{"path", one.path},
                 {"title", one.title},
                 {"state", one.state},
                 {"playlist", one.playlist},
                 {"playlists", one.playlists},
                 {"duration", seconds(one.summary.duration)},
                 {"size", one.summary.size_bytes},
                 {"gaps", std::move(gaps)}};
    if (one.summary.start) {
      json["start"] = playlist::FormatDateTime(*one.summary.start);
    }
    if (!one.poster.empty()) json["poster"] = one.poster;
    if (!one.session.empty()) json["session"] = one.session;
    if (!one.id.empty()) json["id"] = one.id;
    if (!one.clips.empty()) json["clips"] = one.clips;
    list.push_back(std::move(json));
  }
  Json all = {{"version", 1}, {"recordings", std::move(list)}};
  if (const std::string_view state = NameOf(bucket); !state.empty()) {
    all["bucket"] = {{"state", state}};
  }
  return all.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace hlsrec::serve
