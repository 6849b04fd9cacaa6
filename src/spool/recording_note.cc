#include "src/spool/recording_note.h"

#include <charconv>
#include <string_view>
#include <utility>

#include "src/base/bytes.h"
#include "src/base/hash.h"
#include "src/base/status_util.h"

namespace hlsrec::spool {
namespace {

constexpr std::string_view kMagic = "hlsrec-recording 1 ";
constexpr std::string_view kNotePrefix = "recording-";
constexpr unsigned kMode = 0600;
constexpr std::uint64_t kMaxBytes = std::uint64_t{64} << 20;

// Takes a number and the space behind it.
bool TakeNumber(std::string_view& text, std::int64_t& value) {
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data() + text.size()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

}  // namespace

std::string RenderRecordingNote(const RecordingOpened& opened) {
  const std::string body =
      fmt::format("{} {}\n", opened.identity, opened.config);
  return fmt::format("{}{} {} {}\n{}", kMagic, opened.recording,
                     opened.identity.size(), Sha256Hex(AsBytes(body)), body);
}

StatusOr<RecordingOpened> ParseRecordingNote(std::string_view text) {
  const Status damaged = DataLoss("recording note: is not whole");
  if (!text.starts_with(kMagic)) return damaged;
  text.remove_prefix(kMagic.size());
  RecordingOpened opened;
  std::int64_t size = 0;
  if (!TakeNumber(text, opened.recording) || !TakeNumber(text, size)) {
    return damaged;
  }
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos) return damaged;
  const std::string_view sum = text.substr(0, line);
  const std::string_view body = text.substr(line + 1);
  const auto identity = static_cast<std::size_t>(size);
  if (size < 0 || body.size() < identity + 2 ||
      Sha256Hex(AsBytes(body)) != sum) {
    return damaged;
  }
  opened.identity = body.substr(0, identity);
  opened.config = body.substr(identity + 1, body.size() - identity - 2);
  return opened;
}

std::string RecordingNoteName(RecordingId recording) {
  return fmt::format("{}{}", kNotePrefix, recording);
}

std::string RebuiltMarkName(RecordingId recording) {
  return fmt::format("{}{}", kRebuiltPrefix, recording);
}

Status WriteRecordingNote(FileSystem& files, const std::string& directory,
                          const RecordingOpened& opened) {
  const std::string path =
      fmt::format("{}/{}", directory, RecordingNoteName(opened.recording));
  const std::string temporary = path + ".tmp";
  HLSREC_ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file,
                          files.Create(temporary, kMode));
  const std::string text = RenderRecordingNote(opened);
  HLSREC_RETURN_IF_ERROR(file->Write(AsBytes(text)));
  HLSREC_RETURN_IF_ERROR(file->Sync());
  HLSREC_RETURN_IF_ERROR(file->Close());
  HLSREC_RETURN_IF_ERROR(files.Rename(temporary, path));
  return files.SyncDirectory(directory);
}

StatusOr<std::vector<RecordingOpened>> ReadRecordingNotes(
    FileSystem& files, const std::string& directory,
    std::vector<std::string>& notes) {
  std::vector<RecordingOpened> all;
  HLSREC_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries,
                          files.List(directory));
  for (const DirectoryEntry& entry : entries) {
    if (!entry.name.starts_with(kNotePrefix)) continue;
    const std::string path = fmt::format("{}/{}", directory, entry.name);
    if (entry.name.ends_with(".tmp")) {
      files.Remove(path).Ignore("the next run sees it again");
      continue;
    }
    const StatusOr<std::string> text = files.ReadFile(path, kMaxBytes);
    auto opened = text.ok() ? ParseRecordingNote(*text)
                            : StatusOr<RecordingOpened>(text.status());
    if (opened.ok() && RecordingNoteName(opened->recording) == entry.name) {
      all.push_back(std::move(opened).value());
    } else {
      notes.push_back(fmt::format("{}: left alone: can't be read", entry.name));
    }
  }
  return all;
}

}  // namespace hlsrec::spool
