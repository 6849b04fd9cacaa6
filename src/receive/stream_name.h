#ifndef HLSREC_SRC_RECEIVE_STREAM_NAME_H_
#define HLSREC_SRC_RECEIVE_STREAM_NAME_H_

#include <optional>
#include <string>
#include <string_view>

namespace hlsrec::receive {

// Whether a playlist is of the stream `base` ("a/cam1"), by its name as Ant
// Media Server makes it: cam1.m3u8, cam1_adaptive.m3u8, cam1_360p800kbps.m3u8,
// and the same with -2024-04-02_13-18-35.844 behind cam1. Pure.
bool IsListOfStream(std::string_view base, std::string_view list_key);

struct Command {
  std::string command = {};
  std::string stream = {};
  std::string path = {};
};

// Reads {"streamId", "filePath", "command"}; none where it is no such JSON.
std::optional<Command> ReadCommand(std::string_view json);

// The `base` that is meant: the path without its extension, else the stream;
// none where neither is a key.
std::optional<std::string> BaseOf(const Command& command);

}  // namespace hlsrec::receive

#endif  // HLSREC_SRC_RECEIVE_STREAM_NAME_H_
