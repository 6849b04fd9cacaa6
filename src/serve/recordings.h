#ifndef HLSREC_SRC_SERVE_RECORDINGS_H_
#define HLSREC_SRC_SERVE_RECORDINGS_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "src/base/clock.h"
#include "src/base/executor.h"
#include "src/base/mutex.h"
#include "src/base/runtime_core.h"
#include "src/serve/bucket_scan.h"
#include "src/serve/folder_scan.h"

namespace hlsrec::serve {

struct RecordingsOptions {
  std::vector<std::string> folders = {};
  std::chrono::milliseconds max_age{2000};
  // Null: folders alone.
  std::shared_ptr<Sink> bucket = {};
  BucketScan::PathOf path_of = {};
  std::uint64_t max_object_bytes = std::uint64_t{64} << 20;
  std::chrono::milliseconds bucket_max_age{60000};
};

// What there is to play below some folders and in a bucket, as JSON:
// recordings.schema.json. The bucket is looked into when somebody asks and it
// was not for so long; who asks first waits for it, three seconds at most,
// others get what is known.
//
// Threads. Any; `done` runs on a thread that may block, or before Get()
//     returns.
class Recordings : public std::enable_shared_from_this<Recordings> {
 public:
  using Json = std::shared_ptr<const std::string>;
  using Done = std::function<void(const Json&)>;

  Recordings(RuntimeCore& core, RecordingsOptions options);

  // Of the folders as of `max_age` ago at most.
  void Get(const Done& done);

 private:
  void Make();
  void LookIntoBucket();
  void Finish();

  const Clock& clock_;
  const RecordingsOptions options_;
  const std::shared_ptr<Executor> executor_;  // of one thread
  // There:
  FolderScan scan_;
  std::shared_ptr<BucketScan> bucket_scan_;
  std::shared_ptr<const Inventory> in_bucket_;
  BucketState bucket_ = BucketState::kNone;
  SteadyTime looked_ = {};
  bool looking_ = false;
  bool making_ = false;

  Mutex mutex_;
  Json json_ ABSL_GUARDED_BY(mutex_);
  SteadyTime made_ ABSL_GUARDED_BY(mutex_) = {};
  std::vector<Done> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_RECORDINGS_H_
