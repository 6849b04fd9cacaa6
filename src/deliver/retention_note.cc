#include "src/deliver/retention_note.h"

#include <charconv>
#include <utility>

#include "hlsrec/sink.h"
#include "src/base/bytes.h"
#include "src/base/hash.h"
#include "src/base/status_util.h"

namespace hlsrec::deliver {
namespace {

constexpr std::string_view kMagic = "#HLSREC-RECORDING:1\n";
constexpr std::string_view kNoHash = "-";
constexpr std::string_view kEnd = "end\n";
constexpr std::size_t kTimeDigits = 12;
constexpr std::size_t kHashDigits = 16;

std::string ShortHash(std::string_view text) {
  return Sha256Hex(AsBytes(text)).substr(0, kHashDigits);
}

std::optional<std::chrono::seconds> ParseSeconds(std::string_view text) {
  std::int64_t seconds = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, seconds);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end ||
      seconds < 0) {
    return std::nullopt;
  }
  return std::chrono::seconds(seconds);
}

// "word rest"; false where there is no space.
bool Split(std::string_view line, std::string_view& word,
           std::string_view& rest) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return false;
  word = line.substr(0, space);
  rest = line.substr(space + 1);
  return true;
}

Status ParseLine(std::string_view line, RetentionNote& note) {
  std::string_view word;
  std::string_view rest;
  if (!Split(line, word, rest)) return DataLoss("an unknown line");
  if (word == "ended") {
    const auto ended = ParseSeconds(rest);
    if (!ended) return DataLoss("an unknown time");
    note.ended = *ended;
    return {};
  }
  if (word == "list") {
    std::string_view hash;
    std::string_view key;
    if (!Split(rest, hash, key)) return DataLoss("a list without a hash");
    HLSREC_RETURN_IF_ERROR(CheckKey(key));
    note.lists.push_back(
        {.key = std::string(key),
         .sha256 = hash == kNoHash ? std::string() : std::string(hash)});
    return {};
  }
  if (word != "object") return DataLoss("an unknown line");
  HLSREC_RETURN_IF_ERROR(CheckKey(rest));
  note.objects.emplace_back(rest);
  return {};
}

}  // namespace

std::string RenderNote(const RetentionNote& note) {
  std::string text(kMagic);
  text += fmt::format("ended {}\n", note.ended.count());
  for (const RetentionNote::List& list : note.lists) {
    text += fmt::format("list {} {}\n",
                        list.sha256.empty() ? kNoHash : list.sha256, list.key);
  }
  for (const std::string& key : note.objects) {
    text += fmt::format("object {}\n", key);
  }
  text += kEnd;
  return text;
}

StatusOr<RetentionNote> ParseNote(std::string_view text) {
  if (!text.starts_with(kMagic)) return DataLoss("note: is none of ours");
  // Half a note would be another one.
  if (!text.ends_with("\n" + std::string(kEnd))) {
    return DataLoss("note: has no end");
  }
  text.remove_prefix(kMagic.size());
  text.remove_suffix(kEnd.size());
  RetentionNote note;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    HLSREC_RETURN_IF_ERROR(
        ParseLine(text.substr(0, end), note).WithContext("note"));
    text.remove_prefix(end + 1);
  }
  return note;
}

std::string NoteFolder(std::string_view stream) {
  return ".hlsrec-recordings/" + ShortHash(stream) + "/";
}

std::string NoteKey(std::string_view stream, const RetentionNote& note) {
  return fmt::format("{}{:0{}}-{}.txt", NoteFolder(stream), note.ended.count(),
                     kTimeDigits, ShortHash(RenderNote(note)));
}

std::optional<std::chrono::seconds> NoteTime(std::string_view stream,
                                             std::string_view key) {
  const std::string folder = NoteFolder(stream);
  if (!key.starts_with(folder)) return std::nullopt;
  key.remove_prefix(folder.size());
  constexpr std::string_view kSuffix = ".txt";
  if (key.size() != kTimeDigits + 1 + kHashDigits + kSuffix.size() ||
      key[kTimeDigits] != '-' || !key.ends_with(kSuffix)) {
    return std::nullopt;
  }
  return ParseSeconds(key.substr(0, kTimeDigits));
}

}  // namespace hlsrec::deliver
