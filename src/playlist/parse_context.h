#ifndef HLSREC_SRC_PLAYLIST_PARSE_CONTEXT_H_
#define HLSREC_SRC_PLAYLIST_PARSE_CONTEXT_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/playlist/parse.h"

namespace hlsrec::playlist {

// What the readers of one text share: where they are and what they found.
class ParseContext {
 public:
  explicit ParseContext(ParsedPlaylist& out) : out_(out) {}

  [[nodiscard]] int line() const { return line_; }
  void NextLine() { ++line_; }

  void Error(std::string_view rule, std::string message) {
    Report(rule, true, std::move(message));
  }
  void Warning(std::string_view rule, std::string message) {
    Report(rule, false, std::move(message));
  }

  // A feature here needs at least this EXT-X-VERSION.
  void Need(int version, std::string_view reason) {
    if (version > out_.version_need.version) {
      out_.version_need = {.version = version, .line = line_, .reason = reason};
    }
  }

  // Reads a tag's attributes with variables put in; what is wrong with them,
  // their types included, is reported as R6.
  AttributeList Attributes(std::string_view tag, std::string_view value);
  [[nodiscard]] std::string Substitute(std::string_view text);
  void Define(const AttributeList& attributes);

  template <typename T>
  void SetOnce(Located<T>& field, T value, std::string_view rule,
               std::string_view tag) {
    if (field.present()) {
      Error(rule, std::string(tag) + " is given twice");
      return;
    }
    field.value = std::move(value);
    field.line = line_;
  }

 private:
  void Report(std::string_view rule, bool error, std::string message);

  ParsedPlaylist& out_;
  int line_ = 0;
  std::vector<std::pair<std::string, std::string>> variables_;
};

// A tag's value as a start: TIME-OFFSET and PRECISE.
StartTag ReadStart(ParseContext& context, std::string_view value);
// The attributes of EXT-X-KEY and EXT-X-SESSION-KEY.
KeyTag ReadKey(ParseContext& context, std::string_view tag,
               std::string_view value);

}  // namespace hlsrec::playlist

#endif  // HLSREC_SRC_PLAYLIST_PARSE_CONTEXT_H_
