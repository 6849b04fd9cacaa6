#include "src/serve/folder_scan.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hlsrec/forward.h"
#include "hlsrec/manifest.h"
#include "src/base/file.h"
#include "src/manifest/read.h"
#include "src/playlist/parse.h"
#include "src/playlist/render.h"
#include "src/serve/content_type.h"
#include "src/serve/local_files.h"
#include "src/serve/query.h"

namespace hlsrec::serve {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kDeepest = 16;
constexpr std::uint64_t kMaxListBytes = std::uint64_t{256} << 20;

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

std::string StemOf(const std::string& name) {
  return name.substr(0, name.rfind('.'));
}

// What a URI in the list at `path` names below the root; empty where it leads
// out of it, or to another server.
std::string Resolve(const std::string& path, std::string_view uri) {
  const std::string_view plain = uri.substr(0, uri.find_first_of("?#"));
  const std::size_t special = plain.find_first_of(":/");
  if (special != plain.npos && plain[special] == ':') return {};
  const auto decoded = DecodePercent(plain);
  if (!decoded || decoded->starts_with("/")) return {};
  const std::string resolved =
      fs::path(FolderOf(path) + *decoded).lexically_normal().string();
  return resolved.starts_with("..") ? std::string() : resolved;
}

void Summarize(const playlist::MediaPlaylist& list, ListSummary& summary) {
  summary.ended = list.end_list.present();
  summary.segments = list.segments.size();
  summary.duration = {};
  summary.gaps.clear();
  summary.start.reset();
  for (const playlist::Segment& segment : list.segments) {
    if (!summary.start && segment.date_time) {
      summary.start = std::chrono::time_point_cast<WallTime::duration>(
          segment.date_time->time - summary.duration);
    }
    if (segment.gap) {
      auto& gaps = summary.gaps;
      if (!gaps.empty() &&
          gaps.back().offset + gaps.back().duration == summary.duration) {
        gaps.back().duration += segment.duration.value;
      } else {
        gaps.push_back(
            {.offset = summary.duration, .duration = segment.duration.value});
      }
    }
    summary.duration += segment.duration.value;
  }
}

}  // namespace

const ListSummary* FolderScan::Read(const std::string& root,
                                    const std::string& path) {
  const std::string file = root + "/" + path;
  std::error_code error;
  const auto modified = fs::last_write_time(file, error);
  const auto size = error ? 0 : fs::file_size(file, error);
  if (error) return nullptr;
  Known& known = known_[file];
  known.seen_in_scan = scans_;
  if (known.modified == modified && known.size == size) return &known.summary;
  const auto text = PosixFileSystem().ReadFile(file, kMaxListBytes);
  if (!text.ok()) return nullptr;
  const auto parsed = playlist::ParsePlaylist(*text);
  if (!parsed.ok()) return nullptr;
  known.modified = modified;
  known.size = size;
  ListSummary& summary = known.summary;
  summary.multivariant = parsed->kind == playlist::PlaylistKind::kMultivariant;
  if (summary.multivariant) {
    summary.children.clear();
    for (const auto& variant : parsed->multivariant.variants) {
      summary.children.push_back(Resolve(path, variant.uri));
    }
    for (const auto& rendition : parsed->multivariant.renditions) {
      if (!rendition.uri.empty()) {
        summary.children.push_back(Resolve(path, rendition.uri));
      }
    }
    for (const auto& variant : parsed->multivariant.i_frame_variants) {
      summary.children.push_back(Resolve(path, variant.uri));
    }
    return &summary;
  }
  Summarize(parsed->media, summary);
  // Objects do not change: each is measured once while the list goes on.
  std::set<std::string> names;
  for (const auto& segment : parsed->media.segments) {
    if (!segment.gap) names.insert(Resolve(path, segment.uri));
  }
  for (const auto& map : parsed->media.maps) {
    names.insert(Resolve(path, map.uri));
  }
  names.erase("");
  const bool grew = std::includes(names.begin(), names.end(),
                                  known.counted.begin(), known.counted.end());
  if (!grew) {
    known.counted.clear();
    summary.size_bytes = 0;
  }
  for (const std::string& name : names) {
    if (known.counted.contains(name)) continue;
    const auto bytes = fs::file_size(root + "/" + name, error);
    if (error) continue;
    summary.size_bytes += bytes;
    known.counted.insert(name);
  }
  return &summary;
}

const FolderScan::Manifest* FolderScan::ReadManifest(const std::string& file) {
  std::error_code error;
  const auto modified = fs::last_write_time(file, error);
  if (error) return nullptr;
  Manifest& known = manifests_[file];
  if (known.modified == modified) return &known;
  known = {.modified = modified};
  const auto text = PosixFileSystem().ReadFile(file, kMaxListBytes);
  if (!text.ok()) return &known;
  const auto head = manifest::Read(*text, [](const manifest::Object&) {});
  if (!head.ok()) return &known;
  known.id = head->id;
  known.stream = head->stream;
  known.session = head->session;
  known.ended = head->state == RecordingState::kCompleted ||
                head->state == RecordingState::kFailed;
  return &known;
}

void FolderScan::ScanFolder(const std::string& root, const std::string& path,
                            int depth,
                            std::map<std::string, const ListSummary*>& lists,
                            std::map<std::string, Folder>& folders) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root + "/" + path, error)) {
    const std::string name = entry.path().filename().string();
    if (IsHidden(name)) continue;
    if (entry.is_directory(error)) {
      // Not by links, which may lead in circles.
      if (depth < kDeepest && !entry.is_symlink(error)) {
        ScanFolder(root, path + name + "/", depth + 1, lists, folders);
      }
    } else if (IsPlaylistName(name)) {
      // Of two folders that have a file, the first gives it.
      if (lists.contains(path + name)) continue;
      const ListSummary* summary = Read(root, path + name);
      if (summary == nullptr) continue;
      lists[path + name] = summary;
      folders[path].playlists.push_back(name);
    } else if (HasExtension(name, "jpg,jpeg,png,webp")) {
      folders[path].pictures.push_back(name);
    } else if (name == "recording.json" || name.ends_with("_recording.json")) {
      folders[path].manifests.emplace(name, root + "/" + path + name);
    }
  }
}

std::vector<FoundRecording> FolderScan::Scan(
    const std::vector<std::string>& roots) {
  ++scans_;
  std::map<std::string, const ListSummary*> lists;
  std::map<std::string, Folder> folders;
  for (const std::string& root : roots) ScanFolder(root, "", 0, lists, folders);
  std::erase_if(known_, [this](const auto& one) {
    return one.second.seen_in_scan != scans_;
  });
  std::set<std::string> children;
  for (const auto& [path, summary] : lists) {
    if (!summary->multivariant) continue;
    for (const std::string& child : summary->children) {
      if (lists.contains(child)) children.insert(child);
    }
  }
  std::vector<FoundRecording> found;
  for (const auto& [path, summary] : lists) {
    if (children.contains(path)) continue;
    FoundRecording recording{.path = FolderOf(path),
                             .playlist = path,
                             .playlists = {path},
                             .summary = *summary};
    if (summary->multivariant) {
      recording.summary.ended = true;
      bool first = true;
      std::set<std::string> own;
      for (const std::string& child : summary->children) {
        const auto list = lists.find(child);
        if (list == lists.end() || !own.insert(child).second) continue;
        const ListSummary& one = *list->second;
        recording.playlists.push_back(child);
        recording.summary.ended &= one.ended;
        recording.summary.size_bytes += one.size_bytes;
        recording.summary.duration =
            std::max(recording.summary.duration, one.duration);
        if (std::exchange(first, false)) {
          recording.summary.start = one.start;
          recording.summary.gaps = one.gaps;
          recording.summary.segments = one.segments;
        }
      }
    }
    const Folder& folder = folders[recording.path];
    const std::string name = path.substr(recording.path.size());
    for (const std::string& picture : folder.pictures) {
      const std::string stem = StemOf(picture);
      if (stem == "poster" || stem == StemOf(name)) {
        recording.poster = recording.path + picture;
      }
    }
    recording.title = recording.path.empty()
                          ? StemOf(name)
                          : recording.path.substr(0, recording.path.size() - 1);
    // A folder of many recordings has their names in those of the lists.
    if (!recording.path.empty() && folder.playlists.size() > 1 &&
        StemOf(name) != "index" && StemOf(name) != "master") {
      recording.title += "/" + StemOf(name);
    }
    // Where recordings share a folder, each has one of its own.
    auto file = folder.manifests.find("recording.json");
    if (file == folder.manifests.end()) {
      file = folder.manifests.find(StemOf(name) + "_recording.json");
    }
    const Manifest* manifest =
        file == folder.manifests.end() ? nullptr : ReadManifest(file->second);
    if (manifest != nullptr && !manifest->id.empty()) {
      recording.id = manifest->id;
      recording.title = manifest->stream;
      recording.session = manifest->session;
    }
    recording.state = recording.summary.ended ? "ended" : "live";
    found.push_back(std::move(recording));
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const FoundRecording& a, const FoundRecording& b) {
                     return a.summary.start > b.summary.start;
                   });
  return found;
}

std::string RenderRecordings(const std::vector<FoundRecording>& recordings) {
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
    list.push_back(std::move(json));
  }
  const Json all = {{"version", 1}, {"recordings", std::move(list)}};
  return all.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace hlsrec::serve
