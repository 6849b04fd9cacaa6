#ifndef HLSREC_TESTS_INPUTS_CHILD_PROCESS_H_
#define HLSREC_TESTS_INPUTS_CHILD_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace hlsrec::testing {

// A program the test started: a publisher, a server. It dies with this object,
// and with the test itself.
//
// Its standard output can be read; standard error is the test's.
class ChildProcess {
 public:
  // `arguments[0]` is looked up in PATH.
  explicit ChildProcess(const std::vector<std::string>& arguments);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void Signal(int signal) const;
  // The exit status, or minus the signal it died of.
  int Wait();
  [[nodiscard]] bool Running();
  // The next line of its standard output; empty at the end.
  std::string ReadLine();
  // Its standard output, for somebody else to read.
  [[nodiscard]] int output_fd() const { return output_fd_; }

 private:
  pid_t pid_ = -1;  // -1 once it was waited for
  int output_fd_ = -1;
  int result_ = 0;
};

}  // namespace hlsrec::testing

#endif  // HLSREC_TESTS_INPUTS_CHILD_PROCESS_H_
