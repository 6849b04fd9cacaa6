#ifndef HLSREC_TESTS_CRASH_CHECKPOINTS_H_
#define HLSREC_TESTS_CRASH_CHECKPOINTS_H_

#include <chrono>
#include <string>

namespace hlsrec::testing {

// Sees the journal of the recording in `folder` being brought up to date: its
// file is written then, and only then; all else goes to the log beside it.
//
// Threads. One.
class Checkpoints {
 public:
  // Where there is a journal by now.
  explicit Checkpoints(const std::string& folder);
  ~Checkpoints();
  Checkpoints(const Checkpoints&) = delete;
  Checkpoints& operator=(const Checkpoints&) = delete;

  // Whether one has begun since it was asked last; waits so long for it.
  [[nodiscard]] bool WaitFor(std::chrono::milliseconds timeout);
  // Of a process that has died: nothing was logged after the last one began.
  [[nodiscard]] bool WasUnderWay() const;

 private:
  std::string journal_;  // empty: there is none
  int fd_ = -1;
};

}  // namespace hlsrec::testing

#endif  // HLSREC_TESTS_CRASH_CHECKPOINTS_H_
