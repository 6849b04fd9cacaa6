#ifndef HLSREC_SRC_SERVE_LOCAL_FILES_H_
#define HLSREC_SRC_SERVE_LOCAL_FILES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/status.h"
#include "src/serve/body.h"
#include "src/serve/conditional.h"

namespace hlsrec::serve {

struct LocalFile {
  std::shared_ptr<const DescriptorBody> body = {};
  Representation representation = {};
};

// Files below some folders, as one: the first folder that has a file gives it.
// Nothing outside of them: symbolic links are not followed. Nothing that is
// hidden either: spools are beside recordings.
//
// Threads. Any. Blocking. On the disk.
class LocalFiles {
 public:
  // kNotFound, kFailedPrecondition where one is no folder.
  static StatusOr<std::shared_ptr<LocalFiles>> Open(
      const std::vector<std::string>& folders);
  ~LocalFiles();
  LocalFiles(const LocalFiles&) = delete;
  LocalFiles& operator=(const LocalFiles&) = delete;

  // `path` is RequestTarget::path, of a file. kNotFound where there is none,
  // kUnavailable where there may be one.
  [[nodiscard]] StatusOr<LocalFile> Find(const std::string& path) const;
  [[nodiscard]] const std::vector<std::string>& folders() const {
    return folders_;
  }

 private:
  LocalFiles() = default;

  std::vector<std::string> folders_;
  std::vector<int> descriptors_;
};

// A level that begins with a dot.
bool IsHidden(std::string_view path);

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_LOCAL_FILES_H_
