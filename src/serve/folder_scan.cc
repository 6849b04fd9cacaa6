#include "src/serve/folder_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hlsrec/forward.h"
#include "src/base/file.h"
#include "src/base/percent.h"
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

std::vector<std::string> ChildrenOf(
    const std::string& path, const playlist::MultivariantPlaylist& list) {
  std::vector<std::string> children;
  for (const auto& variant : list.variants) {
    children.push_back(Resolve(path, variant.uri));
  }
  for (const auto& rendition : list.renditions) {
    if (rendition.uri.empty()) continue;
    children.push_back(Resolve(path, rendition.uri));
  }
  for (const auto& variant : list.i_frame_variants) {
    children.push_back(Resolve(path, variant.uri));
  }
  return children;
}

std::set<std::string> ObjectsOf(const std::string& path,
                                const playlist::MediaPlaylist& list) {
  std::set<std::string> names;
  for (const playlist::Segment& segment : list.segments) {
    if (!segment.gap) names.insert(Resolve(path, segment.uri));
  }
  for (const playlist::MapTag& map : list.maps) {
    names.insert(Resolve(path, map.uri));
  }
  names.erase("");
  return names;
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
    summary.children = ChildrenOf(path, parsed->multivariant);
  } else {
    Summarize(parsed->media, summary);
    Measure(root, ObjectsOf(path, parsed->media), known);
  }
  return &summary;
}

void FolderScan::Measure(const std::string& root,
                         const std::set<std::string>& names, Known& known) {
  // Objects do not change: each is measured once while the list goes on.
  const bool grew = std::includes(names.begin(), names.end(),
                                  known.counted.begin(), known.counted.end());
  if (!grew) {
    known.counted.clear();
    known.summary.size_bytes = 0;
  }
  for (const std::string& name : names) {
    if (known.counted.contains(name)) continue;
    std::error_code error;
    const auto bytes = fs::file_size(fs::path(root) / name, error);
    if (error) continue;
    known.summary.size_bytes += bytes;
    known.counted.insert(name);
  }
}

const FolderScan::Manifest* FolderScan::ReadManifest(const std::string& file) {
  std::error_code error;
  const auto modified = fs::last_write_time(file, error);
  if (error) return nullptr;
  Manifest& known = manifests_[file];
  known.seen_in_scan = scans_;
  if (known.modified == modified) return &known;
  known = {.modified = modified, .seen_in_scan = scans_};
  const auto text = PosixFileSystem().ReadFile(file, kMaxListBytes);
  if (!text.ok()) return &known;
  const auto head = manifest::Read(*text, [](const manifest::Object&) {});
  if (!head.ok()) return &known;
  known.id = head->id;
  known.stream = head->stream;
  known.session = head->session;
  return &known;
}

void FolderScan::ScanFolder(const std::string& root, const std::string& path,
                            int depth, Lists& lists,
                            std::map<std::string, Folder>& folders) {
  std::error_code error;
  fs::directory_iterator next(root + "/" + path, error);
  // A range-for would throw where the folder can't be read on.
  for (; !error && next != fs::directory_iterator(); next.increment(error)) {
    const fs::directory_entry& entry = *next;
    std::error_code gone;
    const std::string name = entry.path().filename().string();
    // Links are not followed by LocalFiles either.
    if (IsHidden(name) || entry.is_symlink(gone)) continue;
    if (entry.is_directory(gone)) {
      if (depth < kDeepest) {
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
      folders[path].manifests.emplace(name,
                                      fmt::format("{}/{}{}", root, path, name));
    }
  }
}

void FolderScan::AddChildren(const Lists& lists, const ListSummary& summary,
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

void FolderScan::Name(const Folder& folder, FoundRecording& recording) {
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
  const Manifest* manifest = ReadManifest(file->second);
  if (manifest == nullptr || manifest->id.empty()) return;
  recording.id = manifest->id;
  recording.title = manifest->stream;
  recording.session = manifest->session;
}

std::vector<FoundRecording> FolderScan::Scan(
    const std::vector<std::string>& roots) {
  ++scans_;
  Lists lists;
  std::map<std::string, Folder> folders;
  for (const std::string& root : roots) ScanFolder(root, "", 0, lists, folders);
  std::set<std::string> children;
  for (const auto& [path, summary] : lists) {
    if (!summary->multivariant) continue;
    children.insert(summary->children.begin(), summary->children.end());
  }
  std::vector<FoundRecording> found;
  for (const auto& [path, summary] : lists) {
    if (children.contains(path)) continue;
    FoundRecording recording{.path = FolderOf(path),
                             .playlist = path,
                             .playlists = {path},
                             .summary = *summary};
    if (summary->multivariant) AddChildren(lists, *summary, recording);
    Name(folders[recording.path], recording);
    recording.state = recording.summary.ended ? "ended" : "live";
    Add(std::move(recording), found);
  }
  const auto gone = [this](const auto& one) {
    return one.second.seen_in_scan != scans_;
  };
  std::erase_if(known_, gone);
  std::erase_if(manifests_, gone);
  std::stable_sort(found.begin(), found.end(),
                   [](const FoundRecording& a, const FoundRecording& b) {
                     return a.summary.start > b.summary.start;
                   });
  return found;
}

void FolderScan::Add(FoundRecording recording,
                     std::vector<FoundRecording>& found) {
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
