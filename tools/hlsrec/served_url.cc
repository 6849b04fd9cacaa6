#include "tools/hlsrec/served_url.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <fstream>

#include "hlsrec/access.h"
#include "hlsrec/forward.h"
#include "tools/hlsrec/http_delivery.h"

namespace hlsrec::tools {
namespace {

// As of presigned URLs of buckets.
constexpr std::chrono::days kLongest{7};

Status Bad(std::string text) {
  return {StatusCode::kInvalidArgument, "presign: " + std::move(text)};
}

// What is signed for the object at `path` ("/cam1/index.m3u8", decoded).
StatusOr<std::string> WhatIsOpened(const std::string& path,
                                   const std::string& below) {
  if (!below.empty()) {
    const bool covers =
        below.ends_with('/') ? path.starts_with(below) : path == below;
    if (covers) return below;
    return Bad(fmt::format(
        "--below: {}: does not contain {}: want a folder above it with its "
        "last /, or its own path",
        below, path));
  }
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  if (!path.ends_with(".m3u8") && path != folder) return path;
  if (folder != "/") return folder;
  return Bad(fmt::format(
      "{}: its folder is all of the server: give --below / if all of it is to "
      "be opened, or keep the recording in a folder of its own",
      path));
}

}  // namespace

StatusOr<ServedUrl> SignServedUrl(const PresignCommand& command,
                                  std::chrono::milliseconds expires) {
  if (expires < std::chrono::seconds(1) || expires > kLongest) {
    return Bad(fmt::format("--expires: {}: want 1s to 7d", command.expires));
  }
  std::ifstream file(command.signing_key_file);
  std::string key;
  if (!(file >> key)) {
    return Bad(fmt::format("--signing-key: {}: can't be read",
                           command.signing_key_file));
  }
  const std::size_t host = command.url.find("://");
  const std::size_t path =
      host == std::string::npos ? host : command.url.find('/', host + 3);
  if (!IsWebUrl(command.url) || path == std::string::npos) {
    return Bad("--signing-key is for http(s)://host/path/index.m3u8");
  }
  const auto target =
      ParseRequestTarget(std::string_view(command.url).substr(path));
  if (!target.ok()) return target.status();
  const auto opened = WhatIsOpened("/" + target->path, command.below);
  if (!opened.ok()) return opened.status();
  const auto until = std::chrono::system_clock::now() + expires;
  const auto query = SignPath(key, *opened, until);
  if (!query.ok()) return query.status();
  const std::string_view what = *opened == "/"           ? "all of the server"
                                : opened->ends_with('/') ? "all below "
                                                         : "";
  return ServedUrl{
      .url = fmt::format("{}{}{}", command.url,
                         target->query.empty() ? '?' : '&', *query),
      .opens = fmt::format(
          "opens {}{} until {:%Y-%m-%dT%H:%M:%SZ}", what,
          *opened == "/" ? std::string() : *opened,
          fmt::gmtime(std::chrono::system_clock::to_time_t(until)))};
}

}  // namespace hlsrec::tools
