#include "tests/crash/checkpoints.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <system_error>

namespace hlsrec::testing {
namespace {

namespace fs = std::filesystem;

std::string FindJournal(const std::string& folder) {
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator();
       entry.increment(error)) {
    if (entry->path().filename() == "journal.db") return entry->path();
  }
  return {};
}

}  // namespace

Checkpoints::Checkpoints(const std::string& folder)
    : journal_(FindJournal(folder)), fd_(::inotify_init1(IN_NONBLOCK)) {
  if (!journal_.empty()) {
    ::inotify_add_watch(fd_, journal_.c_str(), IN_MODIFY);
  }
}

Checkpoints::~Checkpoints() { ::close(fd_); }

bool Checkpoints::WaitFor(std::chrono::milliseconds timeout) {
  pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
  if (::poll(&ready, 1, static_cast<int>(timeout.count())) <= 0) return false;
  std::array<char, 4096> events{};
  return ::read(fd_, events.data(), events.size()) > 0;
}

bool Checkpoints::WasUnderWay() const {
  std::error_code error;
  const auto file = fs::last_write_time(journal_, error);
  if (error) return false;
  const auto log = fs::last_write_time(journal_ + "-wal", error);
  return !error && file >= log;
}

}  // namespace hlsrec::testing
