#ifndef HLSREC_TESTS_CLI_COMMAND_H_
#define HLSREC_TESTS_CLI_COMMAND_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/av/media_files.h"
#include "tests/inputs/child_process.h"

namespace hlsrec::testing {

using Words = std::vector<std::string>;

struct CommandOptions {
  std::string stdin_path = "/dev/null";
  std::map<std::string, std::string> environment = {};  // added to ours
  std::string directory = ".";                          // where it runs
};

// A program that runs, its output in files that grow as it does. It dies with
// this object.
class Command {
 public:
  explicit Command(const Words& arguments, const CommandOptions& options = {});

  // The exit status, or minus the signal it died of.
  int Wait() { return process_->Wait(); }
  void Signal(int signal) const { process_->Signal(signal); }
  [[nodiscard]] bool Running() { return process_->Running(); }
  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;

 private:
  const TempDirectory directory_;
  std::unique_ptr<ChildProcess> process_;
};

// The command line of the hlsrec under test; without disk syncs.
Words Record(const Words& arguments);
Words Hlsrec(const Words& arguments);

struct Ended {
  int code = 0;
  std::string out = {};
  std::string err = {};
};
Ended Run(const Words& arguments, const CommandOptions& options = {});
// The same, required to succeed.
Ended RunWell(const Words& arguments, const CommandOptions& options = {});

// Whether it says so, on either output.
bool Holds(const Ended& ended, const std::string& text);

// Required to end as wrong usage (1) that is told so, and to tell no secret:
// "s3cret" is one.
void RequireRefused(const Words& arguments, const std::string& why);

// Where programs run that may use the bucket of SwiftServer.
CommandOptions WithBucket(const TempDirectory& directory);

// A ZIP archive, tried by three programs, and unpacked.
void Unpack(const std::string& zip, const std::string& folder);

// ffmpeg with these arguments, required to succeed.
void Ffmpeg(const Words& arguments);

}  // namespace hlsrec::testing

#endif  // HLSREC_TESTS_CLI_COMMAND_H_
