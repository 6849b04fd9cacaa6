#ifndef HLSREC_TESTS_SINK_CALLS_H_
#define HLSREC_TESTS_SINK_CALLS_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "hlsrec/s3_sink.h"
#include "src/base/runtime_core.h"

// A sink's calls, waited for.
namespace hlsrec {

// Waits for what `call` is given.
template <typename T, typename Call>
T Await(const Call& call) {
  struct Shared {
    Latch latch;
    std::optional<T> value;
  };
  const auto shared = std::make_shared<Shared>();
  call([shared](T value) {
    shared->value = std::move(value);
    shared->latch.Open();
  });
  shared->latch.Wait();
  return *std::move(shared->value);
}

inline Status AwaitPut(Sink& sink, PutRequest request) {
  return Await<Status>(
      [&](Sink::Done done) { sink.Put(std::move(request), std::move(done)); });
}
inline StatusOr<std::string> AwaitGet(Sink& sink, const std::string& key,
                                      std::uint64_t max_bytes = 1 << 24) {
  return Await<StatusOr<std::string>>(
      [&](Sink::GetDone done) { sink.Get(key, max_bytes, std::move(done)); });
}
inline Status AwaitRemove(Sink& sink, const std::string& key) {
  return Await<Status>(
      [&](Sink::Done done) { sink.Remove(key, std::move(done)); });
}
inline StatusOr<std::vector<ObjectInfo>> AwaitList(Sink& sink,
                                                   const std::string& prefix) {
  return Await<StatusOr<std::vector<ObjectInfo>>>(
      [&](Sink::ListDone done) { sink.List(prefix, std::move(done)); });
}
inline StatusOr<ObjectInfo> AwaitStat(Sink& sink, const std::string& key) {
  return Await<StatusOr<ObjectInfo>>(
      [&](Sink::StatDone done) { sink.Stat(key, std::move(done)); });
}
inline StatusOr<std::string> AwaitPresign(S3Sink& sink, const std::string& key,
                                          std::chrono::seconds after) {
  return Await<StatusOr<std::string>>([&](Sink::GetDone done) {
    sink.PresignGet(key, after, std::move(done));
  });
}

}  // namespace hlsrec

#endif  // HLSREC_TESTS_SINK_CALLS_H_
