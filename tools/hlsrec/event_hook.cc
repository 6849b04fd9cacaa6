#include "tools/hlsrec/event_hook.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

extern char** environ;

namespace hlsrec::tools {
namespace {

constexpr int kLongestRunMs = 60'000;

Status Failed(const std::string& program, std::string_view what, int error) {
  return {StatusCode::kUnavailable,
          fmt::format("{}: {}: {}", program, what, std::strerror(error))};
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  const int fd_;
};

// `text` to be read from its beginning; nobody has to write it meanwhile.
int FileOf(const std::string& text) {
  const int fd = ::memfd_create("hlsrec-event", MFD_CLOEXEC);
  if (fd < 0) return -1;
  const auto size = static_cast<ssize_t>(text.size());
  if (::write(fd, text.data(), text.size()) != size ||
      ::lseek(fd, 0, SEEK_SET) != 0) {
    ::close(fd);
    return -1;
  }
  return fd;
}

// In a group of its own: Ctrl-C is for us.
int Spawn(const std::string& program, const std::string& type, int input,
          pid_t* child) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
                                            POSIX_SPAWN_SETSIGDEF |
                                            POSIX_SPAWN_SETPGROUP);
  std::string path = program;
  std::string name = type;
  std::array<char*, 3> argv = {path.data(), name.data(), nullptr};
  const int error = posix_spawn(child, program.c_str(), &actions, &attributes,
                                argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

Status Wait(const std::string& program, pid_t child) {
  // glibc 2.36 declares its own for C only.
  const Descriptor exited(
      static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  pollfd until{.fd = exited.get(), .events = POLLIN, .revents = 0};
  int ready = -1;
  do {
    ready = ::poll(&until, 1, kLongestRunMs);
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) ::kill(-child, SIGKILL);
  int state = 0;
  while (::waitpid(child, &state, 0) < 0 && errno == EINTR) {
  }
  if (ready <= 0) {
    return {StatusCode::kDeadlineExceeded,
            fmt::format("{}: ran for more than {} s: killed", program,
                        kLongestRunMs / 1000)};
  }
  if (WIFEXITED(state) && WEXITSTATUS(state) == 0) return {};
  return {StatusCode::kUnavailable,
          fmt::format(
              "{}: exit code {}", program,
              WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state))};
}

Status RunHook(const std::string& program, const Notification& notification) {
  const auto json = RenderNotification(notification);
  if (!json.ok()) return {StatusCode::kCancelled, json.status().message()};
  const Descriptor input(FileOf(*json + "\n"));
  if (input.get() < 0) return Failed(program, "its input", errno);
  pid_t child = 0;
  const int error =
      Spawn(program, std::string(NotificationTypeName(notification.type)),
            input.get(), &child);
  if (error != 0) return Failed(program, "can't be run", error);
  return Wait(program, child);
}

// One program at a time, on a thread of its own.
class EventHook final : public Notifier {
 public:
  explicit EventHook(std::string program)
      : program_(std::move(program)), thread_([this] { Run(); }) {}
  // Waits for the program that runs.
  ~EventHook() override {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }
  EventHook(const EventHook&) = delete;
  EventHook& operator=(const EventHook&) = delete;

  void Notify(Notification notification, Done done) override {
    {
      const std::lock_guard lock(mutex_);
      waiting_.emplace_back(std::move(notification), std::move(done));
    }
    wake_.notify_all();
  }
  std::string Describe() const override { return "command:" + program_; }

 private:
  void Run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      if (ending_) return;
      auto [notification, done] = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      done(RunHook(program_, notification));
    }
  }

  const std::string program_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::pair<Notification, Done>> waiting_;
  bool ending_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace

StatusOr<std::shared_ptr<Notifier>> OpenEventHook(const std::string& program) {
  if (::access(program.c_str(), X_OK) != 0) {
    return Status(StatusCode::kInvalidArgument,
                  fmt::format("--on-event: {}: {}: want the path of a program",
                              program, std::strerror(errno)));
  }
  return std::shared_ptr<Notifier>(std::make_shared<EventHook>(program));
}

}  // namespace hlsrec::tools
