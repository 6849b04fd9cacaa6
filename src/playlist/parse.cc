#include "src/playlist/parse.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "src/base/status_util.h"
#include "src/playlist/parse_context.h"
#include "src/playlist/parse_media.h"
#include "src/playlist/parse_multivariant.h"
#include "src/playlist/parse_values.h"

namespace hlsrec::playlist {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kMagic = "#EXTM3U";

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// Reads line by line; the first tag of one class decides what the text is.
class Parser {
 public:
  explicit Parser(ParsedPlaylist& out)
      : out_(out),
        context_(out),
        media_(context_, out.media),
        multivariant_(context_, out.multivariant) {}

  void Line(std::string_view line);
  void End();

 private:
  void CheckCharacters(std::string_view line);
  void Tag(std::string_view line);
  bool CommonTag(std::string_view tag, std::string_view value);
  bool Decide(PlaylistKind kind, std::string_view tag);
  void Uri(std::string_view uri);

  ParsedPlaylist& out_;
  ParseContext context_;
  MediaReader media_;
  MultivariantReader multivariant_;
  std::optional<PlaylistKind> kind_ = {};
  Located<int> version_ = {.value = 1};
  Located<bool> independent_ = {};
  Located<StartTag> start_ = {};
};

void Parser::CheckCharacters(std::string_view line) {
  bool ascii = true;
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      context_.Error("R1", fmt::format("control character 0x{:02X}", byte));
      break;
    }
    ascii = ascii && byte < 0x80;
  }
  if (!ascii && !IsUtf8(line)) context_.Error("R1", "not UTF-8");
}

void Parser::Line(std::string_view line) {
  context_.NextLine();
  if (line.ends_with('\r')) line.remove_suffix(1);
  CheckCharacters(line);
  if (context_.line() == 1) {
    if (line != kMagic) {
      context_.Error("R1", "the first line is not exactly #EXTM3U");
    }
    return;
  }
  if (line.empty()) return;
  if (line.starts_with("#EXT")) {
    Tag(line);
  } else if (line.front() != '#') {
    Uri(line);
  }
}

void Parser::Tag(std::string_view line) {
  const std::size_t colon = std::min(line.find(':'), line.size());
  std::string_view tag = line.substr(1, colon - 1);
  std::string_view value = line.substr(std::min(colon + 1, line.size()));
  while (tag.ends_with(' ')) tag.remove_suffix(1);
  const bool media = MediaReader::Knows(tag);
  const bool multivariant = !media && MultivariantReader::Knows(tag);
  if (!value.empty() && IsBlank(value.front())) {
    if (tag.starts_with("EXTINF") || tag.starts_with("EXT-X-")) {
      context_.Error("R6", fmt::format("{}: blank after the colon", tag));
    }
    while (!value.empty() && IsBlank(value.front())) value.remove_prefix(1);
  }
  if (!tag.starts_with("EXTINF")) {
    while (!value.empty() && IsBlank(value.back())) value.remove_suffix(1);
  }
  if (media) {
    if (Decide(PlaylistKind::kMedia, tag)) media_.Tag(tag, value);
  } else if (multivariant) {
    if (Decide(PlaylistKind::kMultivariant, tag)) {
      multivariant_.Tag(tag, value);
    }
  } else if (!CommonTag(tag, value)) {
    if (kind_ == PlaylistKind::kMultivariant) {
      multivariant_.OtherTag(tag, value);
    } else {
      media_.OtherTag(tag, value);
    }
  }
}

bool Parser::CommonTag(std::string_view tag, std::string_view value) {
  if (tag == "EXTM3U") {
    context_.Error("R1", "#EXTM3U again");
  } else if (tag == "EXT-X-VERSION") {
    const auto version = ParseDecimalInteger(value);
    constexpr std::uint64_t kMaxVersion = 1000;
    if (!version || *version == 0 || *version > kMaxVersion) {
      context_.Error("R2", fmt::format("version '{}' is not a positive integer",
                                       value.substr(0, 40)));
    }
    context_.SetOnce(
        version_, static_cast<int>(std::min(version.value_or(1), kMaxVersion)),
        "R2", "EXT-X-VERSION");
  } else if (tag == "EXT-X-INDEPENDENT-SEGMENTS") {
    context_.SetOnce(independent_, true, "R5", "EXT-X-INDEPENDENT-SEGMENTS");
  } else if (tag == "EXT-X-START") {
    context_.SetOnce(start_, ReadStart(context_, value), "R5", "EXT-X-START");
  } else if (tag == "EXT-X-DEFINE") {
    context_.Define(context_.Attributes("EXT-X-DEFINE", value));
  } else {
    return false;
  }
  return true;
}

bool Parser::Decide(PlaylistKind kind, std::string_view tag) {
  if (!kind_) kind_ = kind;
  if (kind_ == kind) return true;
  context_.Error("R4", fmt::format("{} in a {} playlist", tag,
                                   kind == PlaylistKind::kMedia ? "multivariant"
                                                                : "media"));
  return false;
}

void Parser::Uri(std::string_view uri) {
  if (IsBlank(uri.front()) || IsBlank(uri.back())) {
    context_.Error("R6", "blank around a URI");
    while (!uri.empty() && IsBlank(uri.front())) uri.remove_prefix(1);
    while (!uri.empty() && IsBlank(uri.back())) uri.remove_suffix(1);
    if (uri.empty()) return;
  }
  if (!kind_) kind_ = PlaylistKind::kMedia;
  if (kind_ == PlaylistKind::kMedia) {
    media_.Uri(uri);
  } else {
    multivariant_.Uri(uri);
  }
}

void Parser::End() {
  out_.kind = kind_.value_or(PlaylistKind::kMedia);
  if (out_.kind == PlaylistKind::kMedia) {
    media_.End();
    out_.media.version = version_;
    out_.media.independent_segments = independent_;
    out_.media.start = std::move(start_);
  } else {
    multivariant_.End();
    // What came before the first tag that told the two apart.
    std::vector<OtherTag>& tags = out_.multivariant.other_tags;
    tags.insert(tags.begin(), out_.media.other_tags.begin(),
                out_.media.other_tags.end());
    out_.media = MediaPlaylist();
    out_.multivariant.version = version_;
    out_.multivariant.independent_segments = independent_;
    out_.multivariant.start = std::move(start_);
  }
}

}  // namespace

StatusOr<ParsedPlaylist> ParsePlaylist(std::string_view text) {
  std::string_view begin = text;
  if (begin.starts_with(kByteOrderMark)) {
    begin.remove_prefix(kByteOrderMark.size());
  }
  const std::size_t first = begin.find_first_not_of(" \t\r\n");
  begin.remove_prefix(std::min(first, begin.size()));
  if (!begin.starts_with(kMagic)) {
    return InvalidArgument("playlist: does not begin with #EXTM3U");
  }
  ParsedPlaylist out;
  out.ends_with_line_break = text.ends_with('\n');
  Parser parser(out);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    parser.Line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  parser.End();
  return out;
}

}  // namespace hlsrec::playlist
