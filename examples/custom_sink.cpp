// A sink of one's own, judged by hlsrec's contract test: custom_sink
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "hlsrec/testing.h"

namespace {

// Objects in a map, as a stand-in for a store with a blocking interface. Calls
// come one at a time: no lock is needed.
class MapSink final : public hlsrec::BlockingSink {
 public:
  hlsrec::Status Put(const hlsrec::PutRequest& request) override {
    if (request.if_exists == hlsrec::IfExists::kFail &&
        objects_.contains(request.key)) {
      return {hlsrec::StatusCode::kAlreadyExists, "put: " + request.key};
    }
    auto bytes = hlsrec::ReadBody(*request.body, kMaxObjectBytes);
    // What could not be read in full must not replace what is there.
    if (!bytes.ok()) return bytes.status();
    objects_[request.key] = std::move(bytes).value();
    return {};
  }

  hlsrec::StatusOr<std::string> Get(const std::string& key,
                                    std::uint64_t max_bytes) override {
    const auto found = objects_.find(key);
    if (found == objects_.end()) {
      return hlsrec::Status(hlsrec::StatusCode::kNotFound, "get: " + key);
    }
    if (found->second.size() > max_bytes) {
      return hlsrec::Status(hlsrec::StatusCode::kResourceExhausted,
                            "get: " + key + ": too large");
    }
    return found->second;
  }

  hlsrec::Status Remove(const std::string& key) override {
    objects_.erase(key);
    return {};
  }

  hlsrec::StatusOr<std::vector<hlsrec::ObjectInfo>> List(
      const std::string& prefix) override {
    std::vector<hlsrec::ObjectInfo> listed;
    for (const auto& [key, bytes] : objects_) {
      if (key.starts_with(prefix)) listed.push_back({key, bytes.size()});
    }
    return listed;
  }

  std::string Describe() const override { return "map:"; }

 private:
  static constexpr std::uint64_t kMaxObjectBytes = std::uint64_t{1} << 30;
  std::map<std::string, std::string> objects_;
};

}  // namespace

int main() {
  auto runtime = hlsrec::Runtime::Create();
  if (!runtime.ok()) return 1;
  const auto sink =
      hlsrec::MakeSink(*runtime, std::make_unique<MapSink>(), "map");
  const auto broken = hlsrec::testing::CheckSinkContract(*sink, "contract");
  for (const std::string& what : broken) std::puts(what.c_str());
  if (broken.empty()) std::puts("the sink keeps every promise");
  return broken.empty() ? 0 : 1;
}
