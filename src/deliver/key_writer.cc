#include "src/deliver/key_writer.h"

#include <algorithm>
#include <utility>

#include "src/base/status_util.h"

namespace hlsrec::deliver {
namespace {

template <typename T>
void Prepend(std::vector<T>& before, std::vector<T>& after) {
  after.insert(after.begin(), std::make_move_iterator(before.begin()),
               std::make_move_iterator(before.end()));
  before.clear();
}

Status Replaced(const std::string& key, bool put, bool by_put) {
  if (!put) return Conflict("{}: was put again meanwhile", key);
  if (!by_put) return Conflict("{}: was deleted meanwhile", key);
  return Unavailable("{}: somebody else puts it", key);
}

}  // namespace

KeyWriter::KeyWriter(std::shared_ptr<Strand> strand, const Clock& clock,
                     std::shared_ptr<Sink> sink,
                     const KeyWriterOptions& options)
    : strand_(std::move(strand)),
      clock_(clock),
      sink_(std::move(sink)),
      options_(options),
      random_(options.seed) {}

void KeyWriter::Put(PutRequest request, Done done) {
  std::string key = request.key;
  Operation operation;
  operation.put = std::move(request);
  operation.waiting.push_back(std::move(done));
  Add(key, std::move(operation));
}

void KeyWriter::Remove(const std::string& key, Done done, Task over) {
  Operation operation;
  operation.waiting.push_back(std::move(done));
  if (over != nullptr) operation.over.push_back(std::move(over));
  Add(key, std::move(operation));
}

bool KeyWriter::SharesOutcome(const Operation& before, const Operation& after) {
  if (!before.put || !after.put) return !before.put && !after.put;
  return before.put->if_exists == IfExists::kReplace &&
         after.put->if_exists == IfExists::kReplace;
}

void KeyWriter::Inherit(Operation& before, Operation& after) {
  Prepend(before.waiting, after.waiting);
  Prepend(before.over, after.over);
}

// Of its own: who is told may come back and replace what it was.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
void KeyWriter::End(Operation operation, const Status& status) {
  for (const Done& done : operation.waiting) done(status);
  for (const Task& over : operation.over) over();
}

void KeyWriter::Add(const std::string& key, Operation operation) {
  operation.id = next_id_++;
  operation.deadline = clock_.Steady() + options_.patience;
  At(operation.deadline, [self = shared_from_this(), key, id = operation.id] {
    self->OnDeadline(key, id);
  });
  Key& state = keys_[key];
  // What has not begun, or waits for another attempt, need not be written.
  std::optional<Operation>& before =
      state.in_flight || state.next ? state.next : state.current;
  if (before && SharesOutcome(*before, operation)) {
    Inherit(*before, operation);
  } else if (before) {
    // Later: who is told may come here again.
    strand_->Post([status = Replaced(key, before->put.has_value(),
                                     operation.put.has_value()),
                   replaced = std::move(*before)]() mutable {
      End(std::move(replaced), status);
    });
  }
  before = std::move(operation);
  if (!state.in_flight) Start(key);
}

void KeyWriter::Start(const std::string& key) {
  const Key& state = keys_.at(key);
  const SteadyTime when = state.last_write
                              ? *state.last_write + sink_->rewrite_interval()
                              : SteadyTime();
  const std::uint64_t id = state.current->id;
  if (when <= clock_.Steady()) return Attempt(key, id);
  At(when, [self = shared_from_this(), key, id] { self->Attempt(key, id); });
}

void KeyWriter::Attempt(const std::string& key, std::uint64_t id) {
  const auto found = keys_.find(key);
  if (found == keys_.end() || found->second.in_flight) return;
  Key& state = found->second;
  if (!state.current || state.current->id != id) return;
  state.in_flight = true;
  state.last_write = clock_.Steady();
  ++state.current->attempt;
  auto reply = [self = shared_from_this(), key](Status status) {
    self->strand_->Post([self, key, status = std::move(status)]() mutable {
      self->OnReply(key, std::move(status));
    });
  };
  if (state.current->put) {
    sink_->Put(*state.current->put, std::move(reply));
  } else {
    sink_->Remove(key, std::move(reply));
  }
}

void KeyWriter::OnReply(const std::string& key, Status status) {
  Key& state = keys_.at(key);
  Operation& current = *state.current;
  // An attempt before this one may have stored it, and lost its reply.
  if (status.code() == StatusCode::kAlreadyExists && current.attempt > 1 &&
      current.put) {
    return Compare(key, std::move(status));
  }
  Settle(key, status);
}

void KeyWriter::Compare(const std::string& key, Status conflict) {
  const std::shared_ptr<const Body> body = keys_.at(key).current->put->body;
  sink_->Get(
      key, body->size(),
      [self = shared_from_this(), key, body,
       conflict = std::move(conflict)](StatusOr<std::string> there) {
        const StatusOr<std::string> ours = ReadBody(*body, body->size());
        const bool same = there.ok() && ours.ok() && *there == *ours;
        self->strand_->Post([self, key, status = same ? Status() : conflict] {
          self->Settle(key, status);
        });
      });
}

void KeyWriter::Settle(const std::string& key, const Status& status) {
  Key& state = keys_.at(key);
  state.in_flight = false;
  Operation& current = *state.current;
  const SteadyTime now = clock_.Steady();
  const bool again = !status.ok() && IsRetryable(status.code()) &&
                     !state.next && now < current.deadline &&
                     !current.waiting.empty();
  if (again) {
    current.last = status;
    std::chrono::milliseconds delay =
        RetryDelay(options_.retry, current.attempt,
                   static_cast<double>(random_() % 1000) / 1000);
    delay = std::max(delay, status.retry_after().value_or(delay));
    delay = std::max(delay, sink_->rewrite_interval());
    At(now + delay, [self = shared_from_this(), key, id = current.id] {
      self->Attempt(key, id);
    });
    return;
  }
  Operation ended = std::move(current);
  // What is written next is newer: those who wait for this one learn of that.
  if (IsRetryable(status.code()) && state.next &&
      SharesOutcome(ended, *state.next)) {
    Inherit(ended, *state.next);
  }
  Advance(key);
  End(std::move(ended), status);
}

void KeyWriter::Advance(const std::string& key) {
  const auto found = keys_.find(key);
  Key& state = found->second;
  state.current = std::exchange(state.next, std::nullopt);
  if (state.current) return Start(key);
  if (sink_->rewrite_interval().count() == 0) {
    keys_.erase(found);
    return;
  }
  // Remembered for as long as the store wants to be left alone.
  At(*state.last_write + sink_->rewrite_interval(),
     [self = shared_from_this(), key] {
       const auto idle = self->keys_.find(key);
       if (idle != self->keys_.end() && !idle->second.current) {
         self->keys_.erase(idle);
       }
     });
}

void KeyWriter::OnDeadline(const std::string& key, std::uint64_t id) {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return;
  Key& state = found->second;
  const bool is_next = state.next && state.next->id == id;
  const bool is_current = state.current && state.current->id == id;
  if (!is_next && !is_current) return;
  Operation late;
  late.waiting =
      std::exchange((is_next ? *state.next : *state.current).waiting, {});
  const Status last = (is_next ? *state.next : *state.current).last;
  if (is_next) {
    late.over = std::move(state.next->over);
    state.next.reset();
  } else if (!state.in_flight) {
    late.over = std::move(state.current->over);
    Advance(key);
  }
  End(std::move(late),
      DeadlineExceeded("{}: not confirmed in {} ms: {}", key,
                       options_.patience.count(),
                       last.ok() ? "no answer" : last.message()));
}

void KeyWriter::At(SteadyTime when, Task task) {
  strand_->PostAt(when, std::move(task));
}

}  // namespace hlsrec::deliver
