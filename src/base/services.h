#ifndef HLSREC_SRC_BASE_SERVICES_H_
#define HLSREC_SRC_BASE_SERVICES_H_

#include <functional>
#include <map>
#include <memory>
#include <typeindex>
#include <utility>

#include "src/base/mutex.h"

namespace hlsrec {

// What layers above `base` share per runtime, one of each type: made when first
// asked for, gone with the runtime.
//
// Threads. Any.
class Services {
 public:
  // `make` runs under a lock: it may not come back here.
  template <typename T>
  [[nodiscard]] std::shared_ptr<T> Get(
      const std::function<std::shared_ptr<T>()>& make) {
    MutexLock lock(mutex_);
    std::shared_ptr<void>& service = services_[std::type_index(typeid(T))];
    if (service == nullptr) service = make();
    return std::static_pointer_cast<T>(service);
  }
  // Before it is first asked for: what a test has in its place.
  template <typename T>
  void Set(std::shared_ptr<T> service) {
    MutexLock lock(mutex_);
    services_[std::type_index(typeid(T))] = std::move(service);
  }
  // Lets go of all of them.
  void Clear() {
    std::map<std::type_index, std::shared_ptr<void>> gone;
    {
      MutexLock lock(mutex_);
      gone.swap(services_);
    }
  }

 private:
  Mutex mutex_;
  std::map<std::type_index, std::shared_ptr<void>> services_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_SERVICES_H_
