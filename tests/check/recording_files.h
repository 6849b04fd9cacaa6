#ifndef HLSREC_TESTS_CHECK_RECORDING_FILES_H_
#define HLSREC_TESTS_CHECK_RECORDING_FILES_H_

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "hlsrec/check.h"
#include "src/base/bytes.h"
#include "tests/catch.h"
#include "tests/check/rules_text.h"
#include "tests/temporary_directory.h"

namespace hlsrec::check {

// A recording as files by name, written to a folder of its own when checked.
class RecordingFiles {
 public:
  void Set(const std::string& name, std::string_view text) {
    files_[name] = std::string(text);
  }
  void Set(const std::string& name, const Bytes& bytes) {
    files_[name].assign(bytes.begin(), bytes.end());
  }
  void Remove(const std::string& name) { files_.erase(name); }
  std::string& operator[](const std::string& name) { return files_.at(name); }

  // What is wrong with `playlist` of it.
  CheckReport Check(const std::string& playlist,
                    CheckProfile profile = CheckProfile::kRfc) const {
    const TemporaryDirectory directory;
    for (const auto& [name, bytes] : files_) {
      const std::filesystem::path path =
          std::filesystem::path(directory.path()) / name;
      std::filesystem::create_directories(path.parent_path());
      std::ofstream(path, std::ios::binary) << bytes;
    }
    const auto report =
        CheckRecording(directory.path() + "/" + playlist, {.profile = profile});
    REQUIRE(report.ok());
    return *report;
  }

 private:
  std::map<std::string, std::string> files_;
};

}  // namespace hlsrec::check

#endif  // HLSREC_TESTS_CHECK_RECORDING_FILES_H_
