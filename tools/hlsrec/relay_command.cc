#include "tools/hlsrec/relay_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace hlsrec::tools {
namespace {

StatusOr<std::string> UrlInFile(const std::string& path) {
  std::ifstream file(path);
  std::string url;
  if (!file || !std::getline(file, url)) {
    return Status(StatusCode::kInvalidArgument,
                  fmt::format("OUTPUT: @{}: can't be read: want a file whose "
                              "first line is the URL",
                              path));
  }
  while (!url.empty() && (url.back() == ' ' || url.back() == '\r')) {
    url.pop_back();
  }
  return url;
}

}  // namespace

RecordCommand RelayDefaults() {
  RecordCommand command;
  command.relay = true;
  command.playlists = {"live:6"};
  command.reconnect_window = "60";
  return command;
}

bool IsStreamUrl(std::string_view output) {
  constexpr std::array<std::string_view, 4> kSchemes = {"rtmp://", "rtmps://",
                                                        "srt://", "udp://"};
  return std::any_of(
      kSchemes.begin(), kSchemes.end(),
      [&](std::string_view scheme) { return output.starts_with(scheme); });
}

Status SortOutputs(RecordCommand& command) {
  std::vector<std::string> outputs;
  for (std::string& output : command.outputs) {
    if (output.starts_with('@')) {
      StatusOr<std::string> url = UrlInFile(output.substr(1));
      if (!url.ok()) return url.status();
      output = std::move(url).value();
    }
    (IsStreamUrl(output) ? command.streams : outputs)
        .push_back(std::move(output));
  }
  command.outputs = std::move(outputs);
  return command.relay ? CheckRelayTargets(command) : Status();
}

Status CheckRelayTargets(const RecordCommand& command) {
  for (const std::string& output : command.outputs) {
    if (output.find("://") != std::string::npos) continue;
    return {StatusCode::kInvalidArgument,
            fmt::format("URL: {}: is on this machine, where a relay keeps "
                        "nothing: `hlsrec record` does",
                        output)};
  }
  return {};
}

std::vector<RelayOptions> MakeRelayOptions(const RecordCommand& command) {
  std::vector<RelayOptions> relays;
  for (const std::string& url : command.streams) relays.push_back({.url = url});
  return relays;
}

}  // namespace hlsrec::tools
