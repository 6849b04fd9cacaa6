#ifndef HLSREC_SRC_RECORD_RUNTIME_H_
#define HLSREC_SRC_RECORD_RUNTIME_H_

#include <map>
#include <memory>
#include <string>

#include "hlsrec/runtime.h"
#include "src/base/runtime_core.h"
#include "src/spool/spool.h"

namespace hlsrec::record {

// Threads and clocks of the machine.
class MachineRuntime final : public RuntimeCore {
 public:
  explicit MachineRuntime(const RuntimeOptions& options);
  // Ends all threads before anything they use goes.
  ~MachineRuntime() override;
  MachineRuntime(const MachineRuntime&) = delete;
  MachineRuntime& operator=(const MachineRuntime&) = delete;

  // Once, before use.
  Status OpenSpool(const RuntimeOptions& options);

  const Clock& clock() const override { return SystemClock(); }
  std::shared_ptr<Executor> media() override { return media_; }
  std::shared_ptr<Executor> Io(const std::string& name) override;
  std::shared_ptr<Budget> budget() override { return budget_; }
  spool::Spool& spool() override { return *spool_; }
  void Await(Latch& latch) override { latch.Wait(); }

 private:
  const std::shared_ptr<Budget> budget_;
  const std::shared_ptr<ThreadPool> media_;
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<ThreadPool>> io_
      ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<spool::Spool> spool_;
};

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_RUNTIME_H_
