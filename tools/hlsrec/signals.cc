#include "tools/hlsrec/signals.h"

#include <signal.h>
#include <unistd.h>

#include <utility>

namespace hlsrec::tools {
namespace {

// A handler may only write to a pipe; 's' is a signal, 'q' the end.
int signal_pipe[2] = {-1, -1};

void OnSignal(int) {
  const char byte = 's';
  [[maybe_unused]] const auto written = ::write(signal_pipe[1], &byte, 1);
}

void Install(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

SignalWatch::SignalWatch(std::function<void(int count)> on_signal) {
  if (::pipe(signal_pipe) != 0) return;
  Install(&OnSignal);
  thread_ = std::thread([on_signal = std::move(on_signal)] {
    int count = 0;
    char byte = 0;
    while (::read(signal_pipe[0], &byte, 1) == 1 && byte == 's') {
      on_signal(++count);
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
