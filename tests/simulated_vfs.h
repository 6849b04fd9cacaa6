#ifndef HLSREC_TESTS_SIMULATED_VFS_H_
#define HLSREC_TESTS_SIMULATED_VFS_H_

#include <sqlite3.h>

#include <string>

namespace hlsrec {

class DiskState;

// SQLite's view of a simulated disk, registered under a name of its own as long
// as it lives. No shared memory: write-ahead logs want exclusive locking.
class SimulatedVfs {
 public:
  explicit SimulatedVfs(DiskState& disk);  // which outlives it
  ~SimulatedVfs();
  SimulatedVfs(const SimulatedVfs&) = delete;
  SimulatedVfs& operator=(const SimulatedVfs&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  const std::string name_;
  sqlite3_vfs vfs_;
};

}  // namespace hlsrec

#endif  // HLSREC_TESTS_SIMULATED_VFS_H_
