#ifndef HLSREC_TOOLS_HLSREC_EXIT_CODES_H_
#define HLSREC_TOOLS_HLSREC_EXIT_CODES_H_

namespace hlsrec::tools {

// What scripts may rely on; in the man page word for word.
enum ExitCode : int {
  kComplete = 0,
  kUsage = 1,
  kSourceFailed = 2,
  kRecordedWithGaps = 3,
  kUndelivered = 4,
  kStorageRefused = 5,
  kOtherMachine = 6,
  kStopped = 130,  // 128 + SIGINT, as shells have it
};

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_EXIT_CODES_H_
