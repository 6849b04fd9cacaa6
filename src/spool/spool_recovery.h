#ifndef HLSREC_SRC_SPOOL_SPOOL_RECOVERY_H_
#define HLSREC_SRC_SPOOL_SPOOL_RECOVERY_H_

#include <string>
#include <string_view>

#include "src/base/file.h"
#include "src/base/runtime_core.h"
#include "src/spool/spool.h"
#include "src/spool/unsynced_mark.h"

namespace hlsrec::spool {

// "<random>.<extension>", as we name segments' files.
std::string MakeMediaName(std::string_view extension);
bool IsMediaName(std::string_view name);

enum class JournalFile { kMissing, kFound };

struct RecoveryInput {
  std::string directory = {};
  Durability durability = Durability::kSegment;
  // Where it was lost, files it would know of must not be taken for leftovers.
  JournalFile journal_file = JournalFile::kMissing;
  // kMayHaveGoneBack: only bytes that a hash vouches for count, and the journal
  // may know less of its recordings than was published.
  Trust trust = Trust::kAsWritten;
};

// Adopts the segments that a dead process left open, or that a lost journal
// knew, as far as whole chunks go, and removes what nobody refers to. What is
// left when it returns is sealed or of an unknown recording.
//
// Errors. Of the directory and the journal; nothing was removed then that was
//     not adopted. A file that can't be read stays, with a note.
// Blocking. Reads the open segments' files.
StatusOr<Recovered> Recover(RuntimeCore& core, FileSystem& files,
                            Journal& journal, const RecoveryInput& input);

}  // namespace hlsrec::spool

#endif  // HLSREC_SRC_SPOOL_SPOOL_RECOVERY_H_
