#ifndef HLSREC_TESTS_SERVE_EMPTY_FOLDER_H_
#define HLSREC_TESTS_SERVE_EMPTY_FOLDER_H_

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/temporary_directory.h"

namespace hlsrec {

// A folder to be served.
class EmptyFolder {
 public:
  void Write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = directory_.Path(name);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  [[nodiscard]] std::string path() const { return directory_.path(); }

 private:
  const TemporaryDirectory directory_;
};

}  // namespace hlsrec

#endif  // HLSREC_TESTS_SERVE_EMPTY_FOLDER_H_
