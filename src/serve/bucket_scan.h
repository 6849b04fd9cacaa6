#ifndef HLSREC_SRC_SERVE_BUCKET_SCAN_H_
#define HLSREC_SRC_SERVE_BUCKET_SCAN_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hlsrec/sink.h"
#include "src/base/executor.h"
#include "src/serve/inventory.h"

namespace hlsrec::serve {

// Looks for playlists and manifests in a sink that can list: one listing, and a
// request for each that has changed since the last time.
//
// Threads. Everything, `done` too, on the executor, which is of one thread.
//     Blocking. Never. Lifetime. Held by its calls.
class BucketScan : public std::enable_shared_from_this<BucketScan> {
 public:
  // The path of requests that a key answers; none: none does.
  using PathOf = std::function<std::optional<std::string>(const std::string&)>;
  // The status tells that something could not be read; what was known of that
  // before is in the inventory.
  using Done = std::function<void(const Status&,
                                  const std::shared_ptr<const Inventory>&)>;

  BucketScan(std::shared_ptr<Executor> executor, std::shared_ptr<Sink> sink,
             PathOf path_of, std::uint64_t max_object_bytes);

  // Not before the one before is done.
  void Start(Done done);

 private:
  // Of an object that is read. It is known by its ETag, where there is one.
  struct Known {
    std::string etag = {};
    std::uint64_t size = 0;
    std::shared_ptr<const ListSummary> list = {};
    ManifestNames manifest = {};
    bool read = false;
  };
  struct Wanted {
    std::string key = {};
    std::string path = {};
  };

  void OnListed(StatusOr<std::vector<ObjectInfo>> found);
  void ReadOn();
  void OnRead(const Wanted& wanted, const StatusOr<std::string>& text);
  void Take(const Wanted& wanted, std::string_view text, Known& known);
  void End();

  const std::shared_ptr<Executor> executor_;
  const std::shared_ptr<Sink> sink_;
  const PathOf path_of_;
  const std::uint64_t max_object_bytes_;
  std::map<std::string, Known> known_;  // by path
  // Of the scan under way.
  Done done_;
  Status failed_;
  std::map<std::string, std::uint64_t> sizes_;  // by path
  std::vector<std::string> pictures_;
  std::deque<Wanted> wanted_;
  int reading_ = 0;
  std::shared_ptr<const Inventory> last_ = std::make_shared<Inventory>();
};

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_BUCKET_SCAN_H_
