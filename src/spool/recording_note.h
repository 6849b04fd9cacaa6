#ifndef HLSREC_SRC_SPOOL_RECORDING_NOTE_H_
#define HLSREC_SRC_SPOOL_RECORDING_NOTE_H_

#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/status.h"
#include "src/base/file.h"
#include "src/spool/journal.h"

// A file in the spool's directory for each recording in the journal, so that a
// lost journal can be begun anew:
//
//     hlsrec-recording 1 ID IDENTITY_BYTES SHA256
//     IDENTITY CONFIG
//
// SHA256 is that of all that follows the first line. A file "rebuilt-ID" says
// that the journal got the recording from there.
namespace hlsrec::spool {

std::string RenderRecordingNote(const RecordingOpened& opened);
// kDataLoss where it is not whole.
StatusOr<RecordingOpened> ParseRecordingNote(std::string_view text);

inline constexpr std::string_view kRebuiltPrefix = "rebuilt-";
// "recording-ID", "rebuilt-ID".
std::string RecordingNoteName(RecordingId recording);
std::string RebuiltMarkName(RecordingId recording);

// Synced, whatever the durability: it is what a lost journal is made good by.
Status WriteRecordingNote(FileSystem& files, const std::string& directory,
                          const RecordingOpened& opened);
// Those that can be read; the others are told in `notes`.
StatusOr<std::vector<RecordingOpened>> ReadRecordingNotes(
    FileSystem& files, const std::string& directory,
    std::vector<std::string>& notes);

}  // namespace hlsrec::spool

#endif  // HLSREC_SRC_SPOOL_RECORDING_NOTE_H_
