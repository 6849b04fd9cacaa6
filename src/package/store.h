#ifndef HLSREC_SRC_PACKAGE_STORE_H_
#define HLSREC_SRC_PACKAGE_STORE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hlsrec/status.h"
#include "src/base/sink_reader.h"
#include "src/check/fetch.h"
#include "src/playlist/model.h"
#include "src/playlist/parse.h"

namespace hlsrec::package {

// Objects of a recording, as its playlists name them.
//
// Threads. One, none of the runtime's. Blocking. Yes.
class Store {
 public:
  Store(RuntimeCore& core, Sink& sink, std::uint64_t max_object_bytes)
      : reader_(core, sink), max_object_bytes_(max_object_bytes) {}

  // What `uri` in the playlist `base` names: a key, or an http(s) URL.
  // kInvalidArgument where it leads out of the store.
  static StatusOr<std::string> Locate(const std::string& base,
                                      const std::string& uri);

  // On its way; null where it can't be asked for ahead.
  SinkReader::Question Ask(const std::string& location);
  // All of it.
  StatusOr<std::string> Take(const std::string& location,
                             SinkReader::Question question);
  StatusOr<std::string> Get(const std::string& location) {
    return Take(location, Ask(location));
  }
  // Part of it. A sink gives whole objects: the last one is kept.
  StatusOr<std::string> GetRange(const std::string& location,
                                 const playlist::ByteRange& range);
  // A playlist's text, unpacked.
  StatusOr<std::string> ReadText(const std::string& location);
  StatusOr<playlist::ParsedPlaylist> ReadPlaylist(const std::string& location);

  // Whether an object is there, without reading it: some bytes at most.
  using Presence = SinkReader::Question;
  Presence AskPresence(const std::string& location);
  // kNotFound where it is not.
  Status TakePresence(const std::string& location, Presence presence);

  [[nodiscard]] SinkReader& reader() { return reader_; }

 private:
  check::Fetcher& fetcher();

  SinkReader reader_;
  const std::uint64_t max_object_bytes_;
  std::unique_ptr<check::Fetcher> fetcher_;
  std::string kept_location_;
  std::string kept_;
};

// With the location in front of what is wrong.
StatusOr<playlist::ParsedPlaylist> ParseText(const std::string& text,
                                             const std::string& location);

}  // namespace hlsrec::package

#endif  // HLSREC_SRC_PACKAGE_STORE_H_
