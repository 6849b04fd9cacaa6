#include "src/base/sink_reader.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "src/base/status_util.h"

namespace hlsrec {
namespace {

constexpr int kMostAttempts = 4;
constexpr std::chrono::milliseconds kFirstWait{250};
constexpr std::chrono::milliseconds kLongestWait{5000};

bool MayPass(const Status& status) {
  return status.code() == StatusCode::kUnavailable ||
         status.code() == StatusCode::kDeadlineExceeded;
}

}  // namespace

void SinkReader::Wait(int attempt, const Status& status) {
  const std::chrono::milliseconds wait =
      std::max(kFirstWait * (1 << (attempt - 1)),
               status.retry_after().value_or(std::chrono::milliseconds(0)));
  const auto over = std::make_shared<Latch>();
  core_.media()->PostAt(core_.clock().Steady() + std::min(wait, kLongestWait),
                        [over] { over->Open(); });
  core_.Await(*over);
}

SinkReader::Question SinkReader::Ask(const std::string& key,
                                     std::uint64_t max_bytes) {
  auto question = std::make_shared<Answer<std::string>>();
  sink_.Get(key, max_bytes, [question](StatusOr<std::string> got) {
    question->Set(std::move(got));
  });
  return question;
}

StatusOr<std::string> SinkReader::Take(const std::string& key,
                                       std::uint64_t max_bytes,
                                       Question question) {
  for (int attempt = 1;; ++attempt) {
    StatusOr<std::string> got = question->Take(core_);
    if (!MayPass(got.status()) || attempt == kMostAttempts) return got;
    Wait(attempt, got.status());
    question = Ask(key, max_bytes);
  }
}

StatusOr<std::string> SinkReader::Get(const std::string& key,
                                      std::uint64_t max_bytes) {
  return Take(key, max_bytes, Ask(key, max_bytes));
}

StatusOr<ObjectInfo> SinkReader::Stat(const std::string& key) {
  for (int attempt = 1;; ++attempt) {
    const auto answer = std::make_shared<Answer<ObjectInfo>>();
    sink_.Stat(key, [answer](StatusOr<ObjectInfo> info) {
      answer->Set(std::move(info));
    });
    StatusOr<ObjectInfo> info = answer->Take(core_);
    if (!MayPass(info.status()) || attempt == kMostAttempts) return info;
    Wait(attempt, info.status());
  }
}

StatusOr<std::vector<ObjectInfo>> SinkReader::List(const std::string& prefix) {
  const auto answer = std::make_shared<Answer<std::vector<ObjectInfo>>>();
  sink_.List(prefix, [answer](StatusOr<std::vector<ObjectInfo>> objects) {
    answer->Set(std::move(objects));
  });
  return answer->Take(core_);
}

Status SinkReader::Put(const PutRequest& request) {
  for (int attempt = 1;; ++attempt) {
    const auto answer = std::make_shared<Answer<bool>>();
    sink_.Put(request, [answer](const Status& status) {
      answer->Set(status.ok() ? StatusOr<bool>(true) : StatusOr<bool>(status));
    });
    Status status = answer->Take(core_).status();
    if (!MayPass(status) || attempt == kMostAttempts) return status;
    Wait(attempt, status);
  }
}

}  // namespace hlsrec
