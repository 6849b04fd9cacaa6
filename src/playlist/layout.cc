#include <array>
#include <string>
#include <utility>

#include "hlsrec/path_template.h"
#include "src/base/status_util.h"

namespace hlsrec {
namespace {

struct NamedLayout {
  std::string_view name;
  std::string_view segment;
  std::string_view init;
  std::string_view playlist;
  std::string_view multivariant;
  std::string_view manifest;
  std::string_view chat;
  std::uint64_t first_sequence;
};

constexpr std::string_view k100msChat =
    "{prefix/}/chat/{room_id}/{start_date}/Rec-{room_id}-{epoch_ms}.csv";

// antmedia: {streamId}[-date][_{height}p{kbps}kbps]%09d.ts, counted from 1; the
//   source rendition has no suffix, so that a rendition is named "360p800kbps".
//   Source: Muxer.getExtendedName, HLSMuxer; `_adaptive` is MuxAdaptor's.
// 100ms: the folder of its VOD recordings, <prefix>/hls/<room_id>/<start_date>/
//   <epoch>/vod. 100ms-...: playlists have the name of the object that 100ms
//   stores there, less its extension; segments lie beside it, in a folder of
//   that name where recordings share the object's. Source: 100ms "Storage path
//   for recordings".
constexpr std::array<NamedLayout, 9> kLayouts = {{
    {"default", "{stream}/{session}/{rendition}/{seq:06}.{ext}",
     "{stream}/{session}/{rendition}/init-{hash}.mp4",
     "{stream}/{session}/{rendition}/index.m3u8",
     "{stream}/{session}/multivariant.m3u8",
     "{stream}/{session}/recording.json", "{stream}/{session}/chat.csv", 0},
    {"antmedia", "{stream}{_rendition}{seq:09}.{ext}",
     "{stream}{_rendition}_{hash}_init.mp4", "{stream}{_rendition}.m3u8",
     "{stream}_adaptive.m3u8", "{stream}_recording.json", "{stream}_chat.csv",
     1},
    {"antmedia-datetime",
     "{stream}-{time:%Y-%m-%d_%H-%M-%S.%L}{_rendition}{seq:09}.{ext}",
     "{stream}-{time:%Y-%m-%d_%H-%M-%S.%L}{_rendition}_{hash}_init.mp4",
     "{stream}-{time:%Y-%m-%d_%H-%M-%S.%L}{_rendition}.m3u8",
     "{stream}-{time:%Y-%m-%d_%H-%M-%S.%L}_adaptive.m3u8",
     "{stream}-{time:%Y-%m-%d_%H-%M-%S.%L}_recording.json",
     "{stream}-{time:%Y-%m-%d_%H-%M-%S.%L}_chat.csv", 1},
    {"100ms",
     "{prefix/}/hls/{room_id}/{start_date}/{epoch_ms}/vod/{rendition}/"
     "{seq:06}.{ext}",
     "{prefix/}/hls/{room_id}/{start_date}/{epoch_ms}/vod/{rendition}/"
     "init-{hash}.mp4",
     "{prefix/}/hls/{room_id}/{start_date}/{epoch_ms}/vod/{rendition}/"
     "Rec-{room_id}-{epoch_ms}.m3u8",
     "{prefix/}/hls/{room_id}/{start_date}/{epoch_ms}/vod/"
     "Rec-{room_id}-{epoch_ms}.m3u8",
     "{prefix/}/hls/{room_id}/{start_date}/{epoch_ms}/vod/recording.json",
     k100msChat, 0},
    {"100ms-beam",
     "{prefix/}/beam/{room_id}/{start_date}/Rec-{room_id}-{epoch_ms}/"
     "{rendition}/{seq:06}.{ext}",
     "{prefix/}/beam/{room_id}/{start_date}/Rec-{room_id}-{epoch_ms}/"
     "{rendition}/init-{hash}.mp4",
     "{prefix/}/beam/{room_id}/{start_date}/"
     "Rec-{room_id}-{epoch_ms}{_rendition}.m3u8",
     "{prefix/}/beam/{room_id}/{start_date}/Rec-{room_id}-{epoch_ms}.m3u8",
     "{prefix/}/beam/{room_id}/{start_date}/"
     "Rec-{room_id}-{epoch_ms}_recording.json",
     k100msChat, 0},
    {"100ms-sfu-composite",
     "{prefix/}/{room_id}/{start_date}/{session_id}/"
     "Rec-{session_id}-{epoch_ms}/{rendition}/{seq:06}.{ext}",
     "{prefix/}/{room_id}/{start_date}/{session_id}/"
     "Rec-{session_id}-{epoch_ms}/{rendition}/init-{hash}.mp4",
     "{prefix/}/{room_id}/{start_date}/{session_id}/"
     "Rec-{session_id}-{epoch_ms}{_rendition}.m3u8",
     "{prefix/}/{room_id}/{start_date}/{session_id}/"
     "Rec-{session_id}-{epoch_ms}.m3u8",
     "{prefix/}/{room_id}/{start_date}/{session_id}/"
     "Rec-{session_id}-{epoch_ms}_recording.json",
     k100msChat, 0},
    {"100ms-sfu-individual",
     "{prefix/}/{room_id}/{start_date}/{session_id}/{peer_id}/{stream_id}/"
     "{track_id}/{rendition}/{seq:06}.{ext}",
     "{prefix/}/{room_id}/{start_date}/{session_id}/{peer_id}/{stream_id}/"
     "{track_id}/{rendition}/init-{hash}.mp4",
     "{prefix/}/{room_id}/{start_date}/{session_id}/{peer_id}/{stream_id}/"
     "{track_id}{_rendition}.m3u8",
     "{prefix/}/{room_id}/{start_date}/{session_id}/{peer_id}/{stream_id}/"
     "{track_id}.m3u8",
     "{prefix/}/{room_id}/{start_date}/{session_id}/{peer_id}/{stream_id}/"
     "{track_id}_recording.json",
     k100msChat, 0},
    {"100ms-multi-resolution",
     "{prefix/}/hls/{room_id}/{start_date}/{epoch_ms}/file-recording/"
     "Rec-{room_id}-{epoch_ms}-{layer_index}/{seq:06}.{ext}",
     "{prefix/}/hls/{room_id}/{start_date}/{epoch_ms}/file-recording/"
     "Rec-{room_id}-{epoch_ms}-{layer_index}/init-{hash}.mp4",
     "{prefix/}/hls/{room_id}/{start_date}/{epoch_ms}/file-recording/"
     "Rec-{room_id}-{epoch_ms}-{layer_index}.m3u8",
     "{prefix/}/hls/{room_id}/{start_date}/{epoch_ms}/file-recording/"
     "Rec-{room_id}-{epoch_ms}.m3u8",
     "{prefix/}/hls/{room_id}/{start_date}/{epoch_ms}/file-recording/"
     "recording.json",
     k100msChat, 0},
    {"100ms-vod",
     "{prefix/}/hls/{room_id}/{start_date}/{epoch_ms}/vod/{rendition}/"
     "{seq:06}.{ext}",
     "{prefix/}/hls/{room_id}/{start_date}/{epoch_ms}/vod/{rendition}/"
     "init-{hash}.mp4",
     "{prefix/}/hls/{room_id}/{start_date}/{epoch_ms}/vod/{rendition}/"
     "Rec-{room_id}-{epoch_ms}.m3u8",
     "{prefix/}/hls/{room_id}/{start_date}/{epoch_ms}/vod/"
     "Rec-{room_id}-{epoch_ms}.m3u8",
     "{prefix/}/hls/{room_id}/{start_date}/{epoch_ms}/vod/recording.json",
     k100msChat, 0},
}};

struct NamedObject {
  std::string_view name;
  std::string_view path;
};

constexpr std::array<NamedObject, 6> kObjects = {{
    {"100ms-beam",
     "{prefix/}/beam/{room_id}/{start_date}/Rec-{room_id}-{epoch_ms}.mp4"},
    {"100ms-sfu-composite",
     "{prefix/}/{room_id}/{start_date}/{session_id}/"
     "Rec-{session_id}-{epoch_ms}.mp4"},
    {"100ms-sfu-individual",
     "{prefix/}/{room_id}/{start_date}/{session_id}/{peer_id}/{stream_id}/"
     "{track_id}.webm"},
    {"100ms-multi-resolution",
     "{prefix/}/hls/{room_id}/{start_date}/{epoch_ms}/file-recording/"
     "Rec-{room_id}-{epoch_ms}-{layer_index}.mp4"},
    {"100ms-vod",
     "{prefix/}/hls/{room_id}/{start_date}/{epoch_ms}/vod/"
     "Rec-{room_id}-{epoch_ms}.zip"},
    {"100ms-chat", k100msChat},
}};

// Where 100ms stores such a file of what the layout is for; else it lies beside
// the manifest and has its name.
std::string MadePath(const NamedLayout& layout, std::string_view extension) {
  const bool hls = layout.name == "100ms" || layout.name == "100ms-vod" ||
                   layout.name == "100ms-multi-resolution";
  const std::string_view wanted = !hls ? layout.name
                                  : extension == "zip"
                                      ? "100ms-vod"
                                      : "100ms-multi-resolution";
  for (const NamedObject& object : kObjects) {
    if (object.name == wanted && object.path.ends_with(extension)) {
      return std::string(object.path);
    }
  }
  constexpr std::string_view kManifest = ".json";
  std::string_view stem = layout.manifest;
  stem.remove_suffix(kManifest.size());
  return fmt::format("{}{}.{}", stem, extension == "mp4" ? "{_rendition}" : "",
                     extension);
}

template <typename Rows>
std::vector<std::string> NamesOf(const Rows& rows) {
  std::vector<std::string> names;
  names.reserve(rows.size());
  for (const auto& row : rows) names.emplace_back(row.name);
  return names;
}

}  // namespace

StatusOr<Layout> FindLayout(std::string_view name) {
  for (const NamedLayout& layout : kLayouts) {
    if (layout.name != name) continue;
    return Layout{.segment = std::string(layout.segment),
                  .init = std::string(layout.init),
                  .playlist = std::string(layout.playlist),
                  .multivariant = std::string(layout.multivariant),
                  .manifest = std::string(layout.manifest),
                  .chat = std::string(layout.chat),
                  .archive = MadePath(layout, "zip"),
                  .movie = MadePath(layout, "mp4"),
                  .first_sequence = layout.first_sequence};
  }
  return NotFound("layout: {}: there are {}", name,
                  fmt::join(LayoutNames(), ", "));
}

std::vector<std::string> LayoutNames() { return NamesOf(kLayouts); }

StatusOr<std::string> FindObjectPath(std::string_view name) {
  for (const NamedObject& object : kObjects) {
    if (object.name == name) return std::string(object.path);
  }
  return NotFound("object path: {}: there are {}", name,
                  fmt::join(ObjectPathNames(), ", "));
}

std::vector<std::string> ObjectPathNames() { return NamesOf(kObjects); }

}  // namespace hlsrec
