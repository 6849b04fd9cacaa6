#include "tools/hlsrec/output_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "tools/hlsrec/http_delivery.h"
#include "tools/hlsrec/s3_delivery.h"
#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

// Braces of a name that was typed are letters, not fields.
std::string Literal(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    escaped.push_back(c);
    if (c == '{' || c == '}') escaped.push_back(c);
  }
  return escaped;
}

bool IsPlaylistPath(const std::string& output) {
  return SplitParameters(output).path.ends_with(".m3u8");
}

// "live", "live:6", "live:30s", "event", "vod", "rotating:1h"
StatusOr<std::shared_ptr<const PlaylistPolicy>> ParsePolicy(
    const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const std::string limit =
      colon == std::string::npos ? "" : text.substr(colon + 1);
  const auto bad = [&](std::string_view why) {
    return BadFlag("--playlist", fmt::format("`{}`: {}", text, why));
  };
  if (name == "event" || name == "vod") {
    if (!limit.empty()) return bad("takes no limit");
    return name == "event" ? EventList() : VodList();
  }
  if (name == "live") {
    if (limit.empty()) return LiveWindow();
    std::size_t count = 0;
    const auto end = limit.data() + limit.size();
    const auto parsed = std::from_chars(limit.data(), end, count);
    if (parsed.ec == std::errc() && parsed.ptr == end) {
      if (count == 0) return LiveWindow({.segments = std::nullopt});
      return LiveWindow({.segments = count});
    }
    const auto duration = ParseDuration(limit);
    if (!duration.ok()) return bad("want a number of segments or a duration");
    return LiveWindow(
        {.segments = std::nullopt,
         .duration = std::chrono::ceil<std::chrono::seconds>(*duration)});
  }
  if (name == "rotating") {
    const auto period = ParseDuration(limit.empty() ? "1h" : limit);
    if (!period.ok() || *period < std::chrono::seconds(1)) {
      return bad("want a period, as in rotating:1h");
    }
    return RotatingList(
        {.period = std::chrono::floor<std::chrono::seconds>(*period)});
  }
  const std::string meant = Suggest(name, {"live", "event", "vod", "rotating"});
  return bad(meant.empty() ? "there are live, event, vod, rotating"
                           : fmt::format("did you mean `{}`?", meant));
}

// An output that is one playlist: that name, segments beside it.
OutputNames NamesForPlaylist(const std::string& whole, std::uint64_t first) {
  const auto [output, parameters] = SplitParameters(whole);
  const std::size_t slash = output.find_last_of('/');
  std::string file =
      slash == std::string::npos ? output : output.substr(slash + 1);
  if (IsWebUrl(output) || IsS3Url(output)) file = KeyOfUrlPath(file);
  const std::string stem = Literal(file.substr(0, file.size() - 5));
  return {.layout = {.segment = stem + "{_rendition}-{seq:06}.{ext}",
                     .init = stem + "{_rendition}-init-{hash}.mp4",
                     .playlist = stem + "{_rendition}.m3u8",
                     .multivariant = stem + ".m3u8",
                     .manifest = stem + "_recording.json",
                     .chat = stem + "_chat.csv",
                     .archive = stem + ".zip",
                     .movie = stem + "{_rendition}.mp4",
                     .first_sequence = first},
          .root = slash == std::string::npos ? "."
                  : slash == 0               ? "/"
                               : output.substr(0, slash) + parameters};
}

// Another playlist of the same output lies beside the first one.
std::string Beside(const std::string& playlist, const std::string& name) {
  const std::size_t slash = playlist.find_last_of('/');
  return slash == std::string::npos ? name
                                    : playlist.substr(0, slash + 1) + name;
}

}  // namespace

StatusOr<OutputNames> NamesFor(const RecordCommand& command,
                               const std::string& output) {
  OutputNames names;
  if (IsPlaylistPath(output)) {
    names = NamesForPlaylist(output, 0);
  } else {
    StatusOr<Layout> layout = FindLayout(command.layout);
    if (!layout.ok()) {
      const std::string meant = Suggest(command.layout, LayoutNames());
      return BadFlag("--layout", meant.empty()
                                     ? layout.status().message()
                                     : fmt::format("`{}`: did you mean `{}`?",
                                                   command.layout, meant));
    }
    names = {.layout = std::move(layout).value(), .root = output};
  }
  const auto override_name = [](std::string& name, const std::string& wanted) {
    if (!wanted.empty()) name = wanted;
  };
  override_name(names.layout.segment, command.segment_name);
  override_name(names.layout.init, command.init_name);
  override_name(names.layout.playlist, command.playlist_name);
  override_name(names.layout.multivariant, command.multivariant_name);
  override_name(names.layout.manifest, command.manifest_name);
  override_name(names.layout.archive, command.zip_name);
  override_name(names.layout.movie, command.mp4_name);
  if (command.start_number >= 0) {
    names.layout.first_sequence =
        static_cast<std::uint64_t>(command.start_number);
  }
  return names;
}

std::string RootOf(const std::string& output) {
  return IsPlaylistPath(output) ? NamesForPlaylist(output, 0).root : output;
}

StatusOr<std::vector<PlaylistOptions>> MakePlaylists(
    const RecordCommand& command, const std::string& main_path) {
  std::vector<PlaylistOptions> playlists;
  std::vector<std::string> wanted = command.playlists;
  if (wanted.empty()) wanted.emplace_back("event");
  for (const std::string& text : wanted) {
    const std::size_t equals = text.find('=');
    const std::string policy_text =
        equals == std::string::npos ? text : text.substr(equals + 1);
    auto policy = ParsePolicy(policy_text);
    if (!policy.ok()) return policy.status();
    PlaylistOptions playlist{.path = main_path,
                             .policy = std::move(policy).value(),
                             .program_date_time = !command.no_date_time};
    // Each playlist of a rotating policy has its own name.
    if (playlist.policy->rotates() && equals == std::string::npos) {
      const std::size_t dot = std::min(main_path.rfind('.'), main_path.size());
      playlist.path =
          main_path.substr(0, dot) + "-{segment_time}" + main_path.substr(dot);
    }
    if (equals != std::string::npos) {
      playlist.path = Beside(main_path, text.substr(0, equals));
    } else if (!playlists.empty()) {
      return BadFlag("--playlist",
                     fmt::format("`{}`: a second playlist needs a name, as in "
                                 "live.m3u8={}",
                                 text, text));
    }
    playlists.push_back(std::move(playlist));
  }
  return playlists;
}

}  // namespace hlsrec::tools
