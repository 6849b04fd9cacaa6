#include "src/serve/connection_watch.h"

#include <sys/socket.h>

#include <algorithm>

namespace hlsrec::serve {

bool ConnectionWatch::Admits(const std::string& peer) {
  MutexLock lock(mutex_);
  const auto found = by_peer_.find(peer);
  const unsigned from_there = found == by_peer_.end() ? 0 : found->second;
  const bool admitted = open_.size() < limits_.max_connections &&
                        from_there < limits_.max_connections_per_address;
  if (!admitted) ++refused_;
  return admitted;
}

void ConnectionWatch::Opened(int socket, const std::string& peer,
                             SteadyTime now) {
  MutexLock lock(mutex_);
  ++accepted_;
  open_[socket] = {.peer = peer, .deadline = now + limits_.header_timeout};
  ++by_peer_[peer];
}

void ConnectionWatch::Closed(int socket) {
  MutexLock lock(mutex_);
  const auto found = open_.find(socket);
  if (found == open_.end()) return;
  const auto peer = by_peer_.find(found->second.peer);
  if (--peer->second == 0) by_peer_.erase(peer);
  open_.erase(found);
}

void ConnectionWatch::AwaitHeaders(int socket, SteadyTime now) {
  SetDeadline(socket, now + limits_.header_timeout);
}

void ConnectionWatch::AwaitBytes(int socket, SteadyTime began,
                                 std::uint64_t bytes) {
  const std::uint64_t speed =
      std::max<std::uint64_t>(1, limits_.min_bytes_per_second);
  // A hundred days are for ever, and do not overflow.
  const auto seconds = std::min<std::uint64_t>(bytes / speed, 8'640'000);
  SetDeadline(socket,
              began + limits_.idle_timeout + std::chrono::seconds(seconds));
}

void ConnectionWatch::AwaitNothing(int socket) {
  SetDeadline(socket, SteadyTime::max());
}

void ConnectionWatch::SetDeadline(int socket, SteadyTime deadline) {
  MutexLock lock(mutex_);
  const auto found = open_.find(socket);
  if (found != open_.end()) found->second.deadline = deadline;
}

void ConnectionWatch::EndLate(SteadyTime now) {
  MutexLock lock(mutex_);
  for (auto& [socket, entry] : open_) {
    if (entry.deadline > now) continue;
    // Under the lock: it is not closed before Closed() was told.
    ::shutdown(socket, SHUT_RDWR);
    entry.deadline = SteadyTime::max();
    ++too_slow_;
  }
}

void ConnectionWatch::FillIn(HttpServerStats& stats) const {
  MutexLock lock(mutex_);
  stats.connections = accepted_;
  stats.connections_open = open_.size();
  stats.connections_refused = refused_;
  stats.connections_too_slow = too_slow_;
}

}  // namespace hlsrec::serve
