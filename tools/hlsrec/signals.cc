#include "tools/hlsrec/signals.h"

#include <signal.h>
#include <unistd.h>

#include <utility>

namespace hlsrec::tools {
namespace {

// A handler may only write to a pipe; 'q' is the end of us.
int signal_pipe[2] = {-1, -1};

void OnSignal(int signal) {
  const char byte = signal == SIGUSR1 ? 'p' : signal == SIGUSR2 ? 'u' : 's';
  [[maybe_unused]] const auto written = ::write(signal_pipe[1], &byte, 1);
}

void Install(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGUSR1, &action, nullptr);
  sigaction(SIGUSR2, &action, nullptr);
}

}  // namespace

SignalWatch::SignalWatch(std::function<void(int count)> on_end,
                         std::function<void(Wish)> on_pause) {
  if (::pipe(signal_pipe) != 0) return;
  Install(&OnSignal);
  thread_ =
      std::thread([on_end = std::move(on_end), on_pause = std::move(on_pause)] {
        int count = 0;
        char byte = 0;
        while (::read(signal_pipe[0], &byte, 1) == 1 && byte != 'q') {
          if (byte == 's') {
            on_end(++count);
          } else {
            on_pause(byte == 'p' ? Wish::kPause : Wish::kUnpause);
          }
        }
      });
}

SignalWatch::~SignalWatch() {
  if (!thread_.joinable()) return;
  Install(SIG_DFL);
  const char byte = 'q';
  [[maybe_unused]] const auto written = ::write(signal_pipe[1], &byte, 1);
  thread_.join();
  ::close(signal_pipe[0]);
  ::close(signal_pipe[1]);
}

}  // namespace hlsrec::tools
