#ifndef HLSREC_SRC_SPOOL_UNSYNCED_MARK_H_
#define HLSREC_SRC_SPOOL_UNSYNCED_MARK_H_

#include <string>
#include <string_view>

#include "hlsrec/status.h"
#include "src/base/file.h"

// A file in the spool's directory while its journal is not synced: which start
// of the machine wrote it. After another start the journal may have gone back,
// and bytes that no hash vouches for may be wrong.
namespace hlsrec::spool {

inline constexpr std::string_view kUnsyncedMarkName = "unsynced";

// What the mark says of the bytes that are there.
enum class Trust {
  kAsWritten,
  kMayHaveGoneBack,  // the machine stopped meanwhile, and they were not synced
};

// `boot` names the machine's present start.
StatusOr<Trust> ReadUnsyncedMark(FileSystem& files,
                                 const std::string& directory,
                                 const std::string& boot);
// Synced itself.
Status WriteUnsyncedMark(FileSystem& files, const std::string& directory,
                         const std::string& boot);
// Everything before it reaches the disk first.
Status RemoveUnsyncedMark(FileSystem& files, const std::string& directory);

}  // namespace hlsrec::spool

#endif  // HLSREC_SRC_SPOOL_UNSYNCED_MARK_H_
