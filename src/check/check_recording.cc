#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include <fmt/format.h>

#include "hlsrec/check.h"
#include "src/base/file.h"
#include "src/base/gzip.h"
#include "src/base/status_util.h"
#include "src/check/delivery_rules.h"
#include "src/check/fetch.h"
#include "src/check/findings.h"
#include "src/check/media_checker.h"
#include "src/check/media_rules.h"
#include "src/check/multivariant_rules.h"
#include "src/check/uri.h"
#include "src/check/variant_rules.h"
#include "src/playlist/parse.h"

namespace hlsrec {
namespace {

using check::MeasuredPlaylist;
using check::NamedPlaylist;
using playlist::MultivariantPlaylist;
using playlist::PlaylistKind;

// A playlist that was read and checked.
struct Checked {
  playlist::ParsedPlaylist parsed = {};
  check::MediaSummary summary = {};
};

class RecordingChecker {
 public:
  explicit RecordingChecker(const CheckOptions& options)
      : options_(options), fetcher_(options.timeout), findings_(options) {}

  Status CheckOne(const std::string& location);
  Status CheckDirectory(const std::string& directory);
  CheckReport TakeReport();

 private:
  // Reads and checks a playlist unless that was done; null where it can't be
  // read, with the reason in `status`.
  const Checked* Load(const std::string& location, Status& status);
  const Checked* LoadNamed(const std::string& base, const std::string& uri,
                           int line);
  void CheckMultivariant(const std::string& location,
                         const MultivariantPlaylist& list);
  // URIs that lead out of the recording.
  void CheckInside(const std::string& location,
                   const playlist::MediaPlaylist& media);
  Status FindPlaylists(const std::string& directory, int depth,
                       std::vector<std::string>& found);

  const CheckOptions options_;
  check::Fetcher fetcher_;
  check::Findings findings_;
  CheckReport report_;
  // The recording's folder, where that is known.
  std::string root_;
  // What the multivariant playlist at hand says for those it names.
  check::Independent independent_ = check::Independent::kUnknown;
  std::map<std::string, std::unique_ptr<Checked>> playlists_;
};

const Checked* RecordingChecker::Load(const std::string& location,
                                      Status& status) {
  if (const auto known = playlists_.find(location); known != playlists_.end()) {
    return known->second.get();
  }
  auto fetched = fetcher_.Get(location, options_.max_playlist_bytes);
  if (!fetched.ok()) {
    status = fetched.status();
    return nullptr;
  }
  auto checked = std::make_unique<Checked>();
  ++report_.playlists;
  findings_.SetFile(location);
  auto parsed = playlist::ParsePlaylist(fetched->bytes);
  if (!parsed.ok()) {
    findings_.Error("R1", 1,
                    IsGzip(fetched->bytes)
                        ? "is gzip, and no Content-Encoding says so"
                        : "the first line is not #EXTM3U");
    return playlists_.emplace(location, std::move(checked)).first->second.get();
  }
  checked->parsed = std::move(parsed).value();
  check::CheckPlaylistDelivery(location, *fetched, checked->parsed, findings_);
  check::CheckText(checked->parsed, findings_);
  const Checked* result =
      playlists_.emplace(location, std::move(checked)).first->second.get();
  if (result->parsed.kind == PlaylistKind::kMultivariant) {
    CheckMultivariant(location, result->parsed.multivariant);
    return result;
  }
  const playlist::MediaPlaylist& media = result->parsed.media;
  report_.segments += media.segments.size();
  check::CheckMediaPlaylist(media, findings_, independent_);
  CheckInside(location, media);
  if (options_.depth == CheckDepth::kMedia) {
    check::MediaChecker checker(location, options_, fetcher_, findings_);
    checker.CheckNew(media);
    checker.Finish();
    playlists_[location]->summary = checker.summary();
  }
  return result;
}

void RecordingChecker::CheckInside(const std::string& location,
                                   const playlist::MediaPlaylist& media) {
  if (root_.empty()) return;
  const auto check = [&](const std::string& uri, int line) {
    if (!check::LeavesFolder(root_, location, uri)) return;
    findings_.Warning("R116", line, uri + " leads out of the recording");
  };
  for (const playlist::MapTag& map : media.maps) check(map.uri, map.line);
  for (const playlist::Segment& segment : media.segments) {
    check(segment.uri, segment.line);
  }
}

const Checked* RecordingChecker::LoadNamed(const std::string& base,
                                           const std::string& uri, int line) {
  if (uri.empty() || playlists_.size() >= options_.max_playlists) {
    return nullptr;
  }
  Status status;
  const Checked* checked = Load(check::ResolveUri(base, uri), status);
  findings_.SetFile(base);
  if (checked == nullptr) {
    findings_.Error("R31", line, fmt::format("{}: {}", uri, status.ToString()));
    return nullptr;
  }
  if (checked->parsed.kind == PlaylistKind::kMultivariant) {
    findings_.Error("R67", line,
                    uri +
                        ": a multivariant playlist where a media playlist "
                        "is wanted");
    return nullptr;
  }
  return checked;
}

void RecordingChecker::CheckMultivariant(const std::string& location,
                                         const MultivariantPlaylist& list) {
  check::CheckMultivariantPlaylist(list, findings_);
  if (root_.empty()) root_ = location.substr(0, location.rfind('/') + 1);
  if (root_.empty()) root_ = ".";
  independent_ = list.independent_segments.present()
                     ? check::Independent::kDeclared
                     : check::Independent::kUnknown;
  std::vector<NamedPlaylist> named;
  std::set<std::string> seen;
  const auto load = [&](const std::string& uri, int line, bool subtitles) {
    const Checked* checked = LoadNamed(location, uri, line);
    const std::string file = check::ResolveUri(location, uri);
    if (checked != nullptr && seen.insert(file).second) {
      named.push_back({.file = file,
                       .media = &checked->parsed.media,
                       .subtitles = subtitles});
    }
    return checked;
  };
  std::map<const playlist::Rendition*, const Checked*> renditions;
  std::map<const playlist::Variant*, const Checked*> variants;
  for (const playlist::Variant& variant : list.variants) {
    variants[&variant] = load(variant.uri, variant.uri_line, false);
  }
  for (const playlist::Rendition& rendition : list.renditions) {
    renditions[&rendition] =
        load(rendition.uri, rendition.line, rendition.type == "SUBTITLES");
  }
  for (const playlist::Variant& variant : list.i_frame_variants) {
    const Checked* checked = load(variant.uri, variant.uri_line, false);
    if (checked != nullptr && !checked->parsed.media.i_frames_only.present()) {
      findings_.Error("R78", variant.line,
                      variant.uri + ": no EXT-X-I-FRAMES-ONLY");
    }
  }
  independent_ = check::Independent::kUnknown;
  check::CheckPlaylistsMatch(named, findings_);
  findings_.SetFile(location);
  if (options_.depth != CheckDepth::kMedia) return;
  for (const playlist::Variant& variant : list.variants) {
    const Checked* own = variants[&variant];
    if (own == nullptr) continue;
    std::vector<MeasuredPlaylist> with;
    for (const playlist::Rendition& rendition : list.renditions) {
      const Checked* checked = renditions[&rendition];
      const bool played =
          (rendition.type == "AUDIO" && rendition.group_id == variant.audio) ||
          (rendition.type == "VIDEO" && rendition.group_id == variant.video);
      if (checked == nullptr || !played || checked == own) continue;
      with.push_back({&checked->parsed.media, &checked->summary});
    }
    check::CheckVariantMedia(variant, {&own->parsed.media, &own->summary}, with,
                             findings_);
  }
}

Status RecordingChecker::CheckOne(const std::string& location) {
  Status status;
  return Load(location, status) == nullptr ? status : Status();
}

Status RecordingChecker::FindPlaylists(const std::string& directory, int depth,
                                       std::vector<std::string>& found) {
  HLSREC_ASSIGN_OR_RETURN(std::vector<DirectoryEntry> entries,
                          PosixFileSystem().List(directory));
  std::sort(entries.begin(), entries.end(),
            [](const DirectoryEntry& a, const DirectoryEntry& b) {
              return a.name < b.name;
            });
  for (const DirectoryEntry& entry : entries) {
    // What a recorder keeps for itself is no part of the recording.
    if (entry.name.starts_with('.')) continue;
    const std::string path = directory + "/" + entry.name;
    // A link may lead back up.
    constexpr int kDeepest = 32;
    if (entry.directory && depth < kDeepest) {
      HLSREC_RETURN_IF_ERROR(FindPlaylists(path, depth + 1, found));
    } else if (!entry.directory && check::ExtensionOf(entry.name) == ".m3u8" &&
               found.size() < options_.max_playlists) {
      found.push_back(path);
    }
  }
  return {};
}

Status RecordingChecker::CheckDirectory(const std::string& directory) {
  std::string root = directory;
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  root_ = root;
  std::vector<std::string> found;
  HLSREC_RETURN_IF_ERROR(FindPlaylists(root, 0, found));
  if (found.empty()) {
    return NotFound("check: {}: no .m3u8 below it", directory);
  }
  // Multivariant ones first: they say something of those that they name.
  std::stable_partition(found.begin(), found.end(), [&](const auto& path) {
    const auto text =
        PosixFileSystem().ReadFile(path, options_.max_playlist_bytes);
    return text.ok() && text->find("#EXT-X-STREAM-INF") != std::string::npos;
  });
  for (const std::string& path : found) HLSREC_RETURN_IF_ERROR(CheckOne(path));
  return {};
}

CheckReport RecordingChecker::TakeReport() {
  findings_.MoveTo(report_);
  report_.bytes_read = fetcher_.bytes_read();
  return std::move(report_);
}

bool IsDirectory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

StatusOr<CheckReport> CheckRecording(const std::string& location,
                                     const CheckOptions& options) {
  RecordingChecker checker(options);
  const bool directory = !check::IsHttpUrl(location) && IsDirectory(location);
  HLSREC_RETURN_IF_ERROR(directory ? checker.CheckDirectory(location)
                                   : checker.CheckOne(location));
  return checker.TakeReport();
}

}  // namespace hlsrec
