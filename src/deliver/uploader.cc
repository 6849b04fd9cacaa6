#include "src/deliver/uploader.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "src/base/bytes.h"
#include "src/base/hash.h"
#include "src/base/status_util.h"

namespace hlsrec::deliver {
namespace {

bool SameBytes(const Body& body, std::string_view bytes) {
  constexpr std::size_t kBlock = 65536;
  if (body.size() != bytes.size()) return false;
  std::array<char, kBlock> block;
  for (std::size_t offset = 0; offset < bytes.size();) {
    const std::size_t count = std::min(kBlock, bytes.size() - offset);
    const auto part = std::span(block).first(count);
    if (!body.ReadAt(offset, std::as_writable_bytes(part)).ok()) return false;
    if (bytes.substr(offset, count) != std::string_view(part.data(), count)) {
      return false;
    }
    offset += count;
  }
  return true;
}

std::string HashOf(const std::string& bytes) {
  return Sha256Hex(AsBytes(bytes));
}

// By the hash of when it was sealed, where there is one: the spool's copy may
// have suffered since.
bool IsOf(const std::string& bytes, const PutRequest& request) {
  if (request.sha256.empty()) return SameBytes(*request.body, bytes);
  return bytes.size() == request.body->size() &&
         HashOf(bytes) == request.sha256;
}

bool IsExpected(const std::string& bytes, const Uploader::Expected& expected) {
  if (bytes.size() != expected.size_bytes) return false;
  return expected.sha256.empty() || HashOf(bytes) == expected.sha256;
}

}  // namespace

Uploader::Uploader(std::shared_ptr<Strand> strand, const Clock& clock,
                   std::shared_ptr<Sink> sink, const UploaderOptions& options,
                   std::function<void(const AttemptFailed&)> on_failure,
                   std::function<void()> on_recovery)
    : strand_(std::move(strand)),
      clock_(clock),
      sink_(std::move(sink)),
      options_(options),
      on_failure_(std::move(on_failure)),
      on_recovery_(std::move(on_recovery)) {}

void Uploader::Put(PutRequest request, Done done, Earlier earlier) {
  Add({.request = std::move(request),
       .done = std::move(done),
       .maybe_stored = earlier == Earlier::kMaybeStored});
}

void Uploader::Confirm(Expected expected, Done done) {
  Job job{.request = {.key = expected.key, .body = MakeStringBody({})},
          .done = std::move(done)};
  job.expected = std::move(expected);
  Add(std::move(job));
}

void Uploader::Add(Job job) {
  const JobId id = next_id_++;
  backlog_bytes_ += job.request.body->size();
  jobs_.emplace(id, std::move(job));
  if (stopped_) {
    Finish(id, Cancelled("put: {}: the output was given up",
                         jobs_.at(id).request.key));
    return;
  }
  waiting_.push_back(id);
  Start();
}

void Uploader::Abandon(const std::string& key) {
  const auto job = std::find_if(
      jobs_.begin(), jobs_.end(),
      [&key](const auto& each) { return each.second.request.key == key; });
  if (job == jobs_.end()) return;
  std::erase(waiting_, job->first);
  Finish(job->first, Cancelled("put: {}: dropped to make room", key));
}

void Uploader::Remove(const std::string& key, Done done) {
  if (sink_ == nullptr) {
    return strand_->Post([key, done = std::move(done)] {
      done(Cancelled("remove: {}: the output was given up", key));
    });
  }
  sink_->Remove(key, [strand = strand_, done = std::move(done)](Status status) {
    strand->Post([done, status = std::move(status)] { done(status); });
  });
}

// While parked, the one that finds out is in flight alone.
void Uploader::Start() {
  const auto room = [this] {
    const int most = denied_in_a_row_ > 1 ? 1 : options_.parallel;
    return !stopped_ && in_flight_ < most && !waiting_.empty() &&
           clock_.Steady() >= paused_until_;
  };
  while (room()) {
    const JobId id = waiting_.front();
    waiting_.pop_front();
    ++in_flight_;
    Attempt(id);
  }
}

void Uploader::Attempt(JobId id) {
  Job& job = jobs_.at(id);
  ++job.attempt;
  job.last_attempt = clock_.Steady();
  if (job.expected) {
    return Look(id, NotFound("{}: is not there", job.expected->key));
  }
  sink_->Put(job.request, [self = shared_from_this(), id](Status status) {
    self->strand_->Post([self, id, status = std::move(status)]() mutable {
      self->OnReply(id, std::move(status));
    });
  });
}

void Uploader::OnReply(JobId id, Status status) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) {
    if (stopped_) return;
    --in_flight_;  // of one that was abandoned
    return Start();
  }
  Job& job = found->second;
  if (!status.ok() && !IsRetryable(status.code()) && job.maybe_stored &&
      !stopped_) {
    // An earlier attempt may have stored it and lost the reply.
    return Look(id, std::move(status));
  }
  if (status.ok() || stopped_ || !IsRetryable(status.code())) {
    if (status.ok() && std::exchange(degraded_, false)) on_recovery_();
    --in_flight_;
    Finish(id, status);
    // Whatever it says of this object, it lets us in.
    if (!stopped_) GotThrough();
    return Start();
  }
  job.last = status;
  job.maybe_stored = true;
  degraded_ = true;
  ++retries_;
  on_failure_(
      {.key = job.request.key, .attempt = job.attempt, .status = status});
  // The place in flight is given up meanwhile: others may fare better.
  --in_flight_;
  if (status.code() == StatusCode::kPermissionDenied) {
    Denied(id);
  } else {
    BackOff(id, status);
  }
  Start();
}

double Uploader::Jitter() {
  return static_cast<double>(random_() - std::minstd_rand::min()) /
         static_cast<double>(std::minstd_rand::max() - std::minstd_rand::min());
}

void Uploader::BackOff(JobId id, const Status& status) {
  Job& job = jobs_.at(id);
  const SteadyTime now = clock_.Steady();
  job.not_before = now + options_.rewrite_interval;
  SteadyTime when = std::max(
      job.not_before, now + RetryDelay(options_.retry, job.attempt, Jitter()));
  job.backing_off = true;
  job.patient = false;
  if (status.retry_after()) {
    // Meant for all that comes from us, not for this object.
    PauseUntil(now + *status.retry_after());
    when = std::max(when, paused_until_);
  }
  ReadyAt(when, id);
}

void Uploader::Denied(JobId id) {
  Job& job = jobs_.at(id);
  const SteadyTime when = clock_.Steady() + options_.retry.parked;
  if (++denied_in_a_row_ > 1) {
    // Behind the others: one of them may find out next.
    waiting_.push_back(id);
    return PauseUntil(when);
  }
  job.backing_off = true;
  job.patient = true;
  ReadyAt(when, id);
}

// Weakly: what was stored meanwhile has nothing to wait for.
void Uploader::ReadyAt(SteadyTime when, JobId id) {
  strand_->PostAt(when, [weak = weak_from_this(), id] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->Ready(id);
    self->Start();
  });
}

void Uploader::PauseUntil(SteadyTime when) {
  if (when <= paused_until_) return;
  paused_until_ = when;
  strand_->PostAt(when, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Start();
  });
}

void Uploader::Hurry() {
  if (denied_in_a_row_ > 0) paused_until_ = {};
  // Some may wait though others have come through since.
  for (auto& [id, job] : jobs_) {
    if (job.backing_off && job.patient) Ready(id);
  }
  Start();
}

void Uploader::Defer(const std::string& key) {
  for (auto& [id, job] : jobs_) {
    if (job.request.key != key || job.deferred) continue;
    job.deferred = true;
    if (std::erase(waiting_, id) > 0) waiting_.push_back(id);
  }
}

// Back to those that may be tried; the timer that comes late finds it there.
void Uploader::Ready(JobId id) {
  const auto found = jobs_.find(id);
  if (stopped_ || found == jobs_.end() || !found->second.backing_off) return;
  found->second.backing_off = false;
  if (found->second.deferred) {
    waiting_.push_back(id);
  } else {
    waiting_.push_front(id);
  }
}

// Why should the others wait any longer? The oldest goes first.
void Uploader::GotThrough() {
  denied_in_a_row_ = 0;
  const SteadyTime now = clock_.Steady();
  for (auto job = jobs_.rbegin(); job != jobs_.rend(); ++job) {
    const bool due = now >= job->second.not_before &&
                     now - job->second.last_attempt >= options_.retry.first;
    if (due && !job->second.patient && !job->second.deferred) Ready(job->first);
  }
}

std::uint64_t Uploader::SizeOf(const Job& job) {
  return job.expected ? job.expected->size_bytes : job.request.body->size();
}

// Who finds the object there is done.
void Uploader::Look(JobId id, Status otherwise) {
  if (SizeOf(jobs_.at(id)) > options_.max_read_bytes) {
    return Measure(id, otherwise);
  }
  Read(id, std::move(otherwise));
}

void Uploader::Measure(JobId id, const Status& otherwise) {
  const std::string key = jobs_.at(id).request.key;
  const auto told = [self = shared_from_this(), id,
                     otherwise](StatusOr<ObjectInfo> info) {
    self->strand_->Post([self, id, otherwise, info = std::move(info)] {
      self->OnMeasured(id, otherwise, info);
    });
  };
  // Sinks tell by the one or the other.
  sink_->Stat(key, [sink = sink_, key, told](StatusOr<ObjectInfo> info) {
    if (info.status().code() != StatusCode::kUnimplemented) {
      return told(std::move(info));
    }
    sink->List(key, [key, told](StatusOr<std::vector<ObjectInfo>> objects) {
      if (!objects.ok()) return told(objects.status());
      for (ObjectInfo& object : *objects) {
        if (object.key == key) return told(std::move(object));
      }
      told(NotFound("{}: is not there", key));
    });
  });
}

void Uploader::OnMeasured(JobId id, const Status& otherwise,
                          const StatusOr<ObjectInfo>& info) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return OnExisting(id, otherwise, info.status());
  if (info.status().code() == StatusCode::kUnimplemented && !stopped_) {
    return Read(id, otherwise);
  }
  if (!info.ok()) return OnExisting(id, otherwise, info.status());
  if (info->size_bytes != SizeOf(found->second)) {
    return OnExisting(id, otherwise,
                      ResourceExhausted("{}: has another size", info->key));
  }
  --in_flight_;
  Finish(id, {});
  GotThrough();
  Start();
}

// Its very bytes.
void Uploader::Read(JobId id, Status otherwise) {
  const Job& job = jobs_.at(id);
  const std::uint64_t size = SizeOf(job);
  sink_->Get(job.request.key, size,
             [self = shared_from_this(), id, otherwise = std::move(otherwise)](
                 StatusOr<std::string> existing) {
               self->strand_->Post(
                   [self, id, otherwise, existing = std::move(existing)] {
                     self->OnExisting(id, otherwise, existing);
                   });
             });
}

void Uploader::OnExisting(JobId id, const Status& otherwise,
                          const StatusOr<std::string>& existing) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) {
    if (stopped_) return;
    --in_flight_;  // of one that was abandoned
    return Start();
  }
  // Larger, or gone meanwhile: not ours.
  const Job& job = found->second;
  Status status = otherwise;
  const bool gone = existing.status().code() == StatusCode::kNotFound &&
                    otherwise.code() != StatusCode::kAlreadyExists;
  const bool larger =
      existing.status().code() == StatusCode::kResourceExhausted;
  if (larger && job.expected && job.expected->size_bytes == 0) {
    status = {};  // it has some bytes, and nobody knows which
  } else if (existing.ok()) {
    const bool same = job.expected ? IsExpected(*existing, *job.expected)
                                   : IsOf(*existing, job.request);
    if (same) status = {};
  } else if (!gone && !larger && IsRetryable(existing.status().code())) {
    // The next attempt asks again.
    return OnReply(id, existing.status());
  }
  --in_flight_;
  Finish(id, status);
  GotThrough();
  Start();
}

void Uploader::Finish(JobId id, const Status& status) {
  auto node = jobs_.extract(id);
  if (node.empty()) return;
  backlog_bytes_ -= node.mapped().request.body->size();
  node.mapped().done(status);
}

void Uploader::LetGo() {
  stopped_ = true;
  sink_ = nullptr;
  waiting_.clear();
  std::exchange(jobs_, {}).clear();
}

void Uploader::Stop() {
  if (stopped_) return;
  stopped_ = true;
  const auto sink = std::exchange(sink_, nullptr);
  waiting_.clear();
  std::vector<JobId> ids;
  for (const auto& [id, job] : jobs_) ids.push_back(id);
  for (const JobId id : ids) {
    const Job& job = jobs_.at(id);
    Finish(id, job.last.ok() ? DeadlineExceeded("put: {}: no reply in time",
                                                job.request.key)
                             : job.last);
  }
}

}  // namespace hlsrec::deliver
