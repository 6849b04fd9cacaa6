#ifndef HLSREC_TESTS_CRASH_VERDICT_H_
#define HLSREC_TESTS_CRASH_VERDICT_H_

#include <chrono>
#include <vector>

#include "tests/crash/lane.h"
#include "tests/crash/live_feed.h"

namespace hlsrec::testing {

// How old what was lost of the media that was accepted had become: from the
// acceptance of the oldest to the kill.
struct Loss {
  KillKind kind = KillKind::kRecording;
  std::chrono::milliseconds age{0};
};

// Requires of a recording that has ended that it conforms, that nothing is left
// in its spool, and that it holds what was sent, in order and once.
// Returns what each kill of a process that recorded cost.
std::vector<Loss> Judge(const KilledRecording& recording, const LiveFeed& feed);

}  // namespace hlsrec::testing

#endif  // HLSREC_TESTS_CRASH_VERDICT_H_
