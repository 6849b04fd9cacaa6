#include "src/base/thread.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <thread>

#include "src/base/runtime_core.h"
#include "tests/catch.h"

namespace hlsrec {
namespace {

TEST_CASE("thread: joins where it goes") {
  int ran = 0;
  {
    const Thread thread("test", [&ran] { ran = 1; });
  }
  CHECK(ran == 1);
}

TEST_CASE("thread: has the name it was given") {
  std::array<char, 16> name{};
  {
    const Thread thread("a-name-that-is-long", [&name] {
      pthread_getname_np(pthread_self(), name.data(), name.size());
    });
  }
  CHECK(std::string(name.data()).starts_with("a-name"));
}

// In the child of a fork: a thread that lets go of itself, in a process that
// exits meanwhile. What happens goes to the pipe, a byte each.
struct Exiting {
  static inline int pipe = -1;
  static inline Latch* exiting = nullptr;

  static void Tell(char what) {
    if (write(pipe, &what, 1) != 1) _exit(1);
  }

  [[noreturn]] static void Run() {
    static Latch exiting_latch;
    static Latch let_go;
    exiting = &exiting_latch;
    static std::optional<Thread> thread;
    // Handlers run in the opposite order: after the join, unless a thread left
    // before this process was forked.
    std::atexit([] { Tell('x'); });
    static Latch made;
    thread.emplace("test", [] {
      made.Wait();
      thread->Join();
      let_go.Open();
      exiting_latch.Wait();
      for (int i = 0; i < 20; ++i) std::this_thread::yield();
      Tell('t');
    });
    made.Open();
    let_go.Wait();
    std::atexit([] { exiting->Open(); });
    std::exit(0);
  }
};

TEST_CASE("thread: one that lets go of itself has ended when the process has") {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(ends[0]);
    Exiting::pipe = ends[1];
    Exiting::Run();
  }
  close(ends[1]);
  std::string told;
  char byte = 0;
  while (read(ends[0], &byte, 1) == 1) told.push_back(byte);
  close(ends[0]);
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  std::sort(told.begin(), told.end());
  CHECK(told == "tx");
  CHECK(status == 0);
}

}  // namespace
}  // namespace hlsrec
