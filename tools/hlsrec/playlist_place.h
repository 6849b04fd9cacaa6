#ifndef HLSREC_TOOLS_HLSREC_PLAYLIST_PLACE_H_
#define HLSREC_TOOLS_HLSREC_PLAYLIST_PLACE_H_

#include <memory>
#include <optional>
#include <string>

#include "hlsrec/export_recording.h"
#include "hlsrec/recording_range.h"
#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "tools/hlsrec/record_command.h"

namespace hlsrec::tools {

// An object, by the sink that it is in.
struct Place {
  std::shared_ptr<Sink> sink;
  std::string key;
  std::string root = {};  // of all keys, as it was told
};

// Where a path, http(s) or s3 URL of an object is: a folder's or a web server's
// objects are named from its root, a bucket's from the object's folder. A URL
// with a query is a key of its own: it is read as it stands, presigned.
StatusOr<Place> FindPlace(const RecordCommand& sinks,
                          const std::shared_ptr<Runtime>& runtime,
                          const std::string& location);

// The key of what is written beside an object, or at a path or URL in the same
// place.
StatusOr<std::string> KeyBeside(const Place& place,
                                const std::string& location);

// An object of the place as people name it.
std::string Shown(const Place& place, const std::string& key);

// Tells why `command` failed; its exit code.
int FailedWith(const char* command, const Status& status);

// For people, on standard error.
void PrintGap(const ExportGap& gap);

// `--from` and `--to`, which may be durations ("1m30s") too; empty: none. The
// message begins with the flag.
StatusOr<RecordingRange> ParseRange(const std::string& from,
                                    const std::string& to);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_PLAYLIST_PLACE_H_
