#include <utility>

#include "hlsrec/testing.h"
#include "src/base/mutex.h"
#include "src/base/status_util.h"

namespace hlsrec::testing {

class MemorySink::Impl {
 public:
  mutable Mutex mutex;
  std::map<std::string, std::string> objects ABSL_GUARDED_BY(mutex);
  std::vector<Operation> log ABSL_GUARDED_BY(mutex);
  std::function<void()> changed ABSL_GUARDED_BY(mutex);
};

MemorySink::MemorySink() : impl_(std::make_unique<Impl>()) {}
MemorySink::~MemorySink() = default;

void MemorySink::Put(PutRequest request, Done done) {
  const auto store = [&]() -> Status {
    HLSREC_RETURN_IF_ERROR(CheckKey(request.key));
    if (request.content_type.empty()) {
      return InvalidArgument("put: {}: no content type", request.key);
    }
    HLSREC_ASSIGN_OR_RETURN(std::string bytes,
                            ReadBody(*request.body, UINT64_MAX));
    MutexLock lock(impl_->mutex);
    if (request.if_exists == IfExists::kFail &&
        impl_->objects.contains(request.key)) {
      return AlreadyExists("put: {}: exists", request.key);
    }
    impl_->objects[request.key] = std::move(bytes);
    return {};
  };
  Status status = store();
  std::function<void()> changed;
  {
    MutexLock lock(impl_->mutex);
    impl_->log.push_back({.kind = Operation::Kind::kPut,
                          .key = request.key,
                          .object = request.kind,
                          .content_type = request.content_type,
                          .content_encoding = request.content_encoding,
                          .size_bytes = request.body->size(),
                          .status = status});
    if (status.ok()) changed = impl_->changed;
  }
  if (changed) changed();
  done(std::move(status));
}

void MemorySink::Get(std::string key, std::uint64_t max_bytes, GetDone done) {
  StatusOr<std::string> result = NotFound("get: {}: no such object", key);
  {
    MutexLock lock(impl_->mutex);
    const auto found = impl_->objects.find(key);
    if (found != impl_->objects.end()) {
      if (found->second.size() > max_bytes) {
        result =
            ResourceExhausted("get: {}: more than {} bytes", key, max_bytes);
      } else {
        result = found->second;
      }
    }
  }
  done(std::move(result));
}

void MemorySink::Remove(std::string key, Done done) {
  Status status = CheckKey(key);
  std::function<void()> changed;
  {
    MutexLock lock(impl_->mutex);
    if (impl_->objects.erase(key) > 0) changed = impl_->changed;
    impl_->log.push_back({.kind = Operation::Kind::kRemove,
                          .key = std::move(key),
                          .status = status});
  }
  if (changed) changed();
  done(std::move(status));
}

void MemorySink::List(std::string prefix, ListDone done) {
  std::vector<ObjectInfo> result;
  {
    MutexLock lock(impl_->mutex);
    for (auto object = impl_->objects.lower_bound(prefix);
         object != impl_->objects.end() && object->first.starts_with(prefix);
         ++object) {
      result.push_back(
          {.key = object->first, .size_bytes = object->second.size()});
    }
  }
  done(std::move(result));
}

std::map<std::string, std::string> MemorySink::objects() const {
  MutexLock lock(impl_->mutex);
  return impl_->objects;
}

std::vector<std::string> MemorySink::Keys() const {
  MutexLock lock(impl_->mutex);
  std::vector<std::string> keys;
  for (const auto& [key, bytes] : impl_->objects) keys.push_back(key);
  return keys;
}

std::string MemorySink::Text(const std::string& key) const {
  MutexLock lock(impl_->mutex);
  const auto found = impl_->objects.find(key);
  return found == impl_->objects.end() ? std::string() : found->second;
}

std::vector<MemorySink::Operation> MemorySink::log() const {
  MutexLock lock(impl_->mutex);
  return impl_->log;
}

void MemorySink::OnChange(std::function<void()> changed) {
  MutexLock lock(impl_->mutex);
  impl_->changed = std::move(changed);
}

}  // namespace hlsrec::testing
