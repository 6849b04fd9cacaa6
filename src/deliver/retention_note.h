#ifndef HLSREC_SRC_DELIVER_RETENTION_NOTE_H_
#define HLSREC_SRC_DELIVER_RETENTION_NOTE_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/status.h"

namespace hlsrec::deliver {

// What a recording that has ended left on a sink, as an object there: only what
// a note names is ever removed when its time has come.
struct RetentionNote {
  struct List {
    std::string key = {};
    // Of its last version's text; empty: it has a name of its own, or says
    // nothing about segments.
    std::string sha256 = {};
  };
  std::chrono::seconds ended{0};  // since 1970
  std::vector<List> lists = {};   // in the order of removal
  std::vector<std::string> objects = {};
};

std::string RenderNote(const RetentionNote& note);
// kDataLoss where `text` is not what RenderNote() makes.
StatusOr<RetentionNote> ParseNote(std::string_view text);

// Where the notes of one stream are: with its last `/`.
std::string NoteFolder(std::string_view stream);
std::string NoteKey(std::string_view stream, const RetentionNote& note);
// When it ended, by a note's key; none where it is no note's.
std::optional<std::chrono::seconds> NoteTime(std::string_view stream,
                                             std::string_view key);

}  // namespace hlsrec::deliver

#endif  // HLSREC_SRC_DELIVER_RETENTION_NOTE_H_
