#ifndef HLSREC_SRC_SERVE_RECORDINGS_H_
#define HLSREC_SRC_SERVE_RECORDINGS_H_

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "src/base/clock.h"
#include "src/base/executor.h"
#include "src/base/mutex.h"
#include "src/base/runtime_core.h"
#include "src/serve/folder_scan.h"

namespace hlsrec::serve {

// What there is to play below some folders, as JSON: recordings.schema.json.
//
// Threads. Any; `done` runs on a thread that may block, or before Get()
//     returns.
class Recordings : public std::enable_shared_from_this<Recordings> {
 public:
  using Json = std::shared_ptr<const std::string>;
  using Done = std::function<void(const Json&)>;

  Recordings(RuntimeCore& core, std::vector<std::string> folders,
             std::chrono::milliseconds max_age);

  // As of `max_age` ago at most.
  void Get(const Done& done);

 private:
  void Make();

  const Clock& clock_;
  const std::vector<std::string> folders_;
  const std::chrono::milliseconds max_age_;
  const std::shared_ptr<Executor> executor_;  // of one thread
  FolderScan scan_;                           // there
  Mutex mutex_;
  Json json_ ABSL_GUARDED_BY(mutex_);
  SteadyTime made_ ABSL_GUARDED_BY(mutex_) = {};
  std::vector<Done> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_RECORDINGS_H_
