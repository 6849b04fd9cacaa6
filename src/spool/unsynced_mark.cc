#include "src/spool/unsynced_mark.h"

#include <cstdint>
#include <memory>

#include "src/base/bytes.h"
#include "src/base/status_util.h"

namespace hlsrec::spool {
namespace {

constexpr unsigned kMode = 0600;
constexpr std::uint64_t kMaxBytes = 4096;

std::string PathIn(const std::string& directory) {
  return fmt::format("{}/{}", directory, kUnsyncedMarkName);
}

}  // namespace

StatusOr<Trust> ReadUnsyncedMark(FileSystem& files,
                                 const std::string& directory,
                                 const std::string& boot) {
  const StatusOr<std::string> text =
      files.ReadFile(PathIn(directory), kMaxBytes);
  if (text.status().code() == StatusCode::kNotFound) return Trust::kAsWritten;
  HLSREC_RETURN_IF_ERROR(text.status().WithContext("spool"));
  // Half a line is one that was being written when the power failed.
  return !boot.empty() && *text == boot + "\n" ? Trust::kAsWritten
                                               : Trust::kMayHaveGoneBack;
}

Status WriteUnsyncedMark(FileSystem& files, const std::string& directory,
                         const std::string& boot) {
  const std::string path = PathIn(directory);
  const std::string text = boot + "\n";
  const StatusOr<std::string> there = files.ReadFile(path, kMaxBytes);
  if (there.ok() && *there == text) return {};
  HLSREC_ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> file,
                          files.Create(path, kMode));
  HLSREC_RETURN_IF_ERROR(file->Write(AsBytes(text)));
  HLSREC_RETURN_IF_ERROR(file->Sync());
  HLSREC_RETURN_IF_ERROR(file->Close());
  return files.SyncDirectory(directory);
}

Status RemoveUnsyncedMark(FileSystem& files, const std::string& directory) {
  if (files.Size(PathIn(directory)).status().code() == StatusCode::kNotFound) {
    return {};
  }
  HLSREC_RETURN_IF_ERROR(files.SyncDirectory(directory));
  return files.Remove(PathIn(directory));
}

}  // namespace hlsrec::spool
