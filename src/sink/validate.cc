#include "hlsrec/validate.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "src/base/answer.h"
#include "src/base/hash.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"

namespace hlsrec {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kFirst = "hlsrec validate: first version\n";
constexpr std::string_view kSecond = "hlsrec validate: second version\n";
constexpr std::uint64_t kMaxBytes = 4096;
constexpr milliseconds kLookAgain{250};

// What a step found, before it is timed and named.
struct Finding {
  ValidationOutcome outcome = ValidationOutcome::kPassed;
  std::string message = {};
  Status status = {};
};

Finding Failed(const Status& status) {
  return {.outcome = ValidationOutcome::kFailed,
          .message = status.message(),
          .status = status};
}

Finding Noted(const Status& status, std::string_view meaning) {
  return {.outcome = ValidationOutcome::kNoted,
          .message = fmt::format("{}: {}", status.message(), meaning),
          .status = status};
}

class Validation {
 public:
  Validation(RuntimeCore& core, Sink& sink, const ValidateOptions& options)
      : core_(core), sink_(sink), options_(options) {
    report_.sink = sink.Describe();
    report_.key =
        fmt::format("{}hlsrec-validate-{}.txt", options.prefix, RandomHex(12));
  }

  ValidationReport Run() {
    const bool written = Step("write", [this] { return Write(); });
    if (written) {
      Step("read", [this] { return Read(); });
      Step("conflict", [this] { return Conflict(); });
      Step("replace", [this] { return Replace(); });
      Step("list", [this] { return List(); });
      Step("remove", [this] { return Remove(); });
    } else {
      for (const char* name :
           {"read", "conflict", "replace", "list", "remove"}) {
        report_.steps.push_back({.name = name});
      }
      // The answer may have been lost on its way back.
      RemoveOnce().Ignore("most likely nothing is there");
    }
    return std::move(report_);
  }

 private:
  // False: it failed.
  bool Step(std::string name, const std::function<Finding()>& act) {
    const SteadyTime start = core_.clock().Steady();
    Finding finding = act();
    report_.steps.push_back({.name = std::move(name),
                             .outcome = finding.outcome,
                             .message = std::move(finding.message),
                             .status = std::move(finding.status),
                             .took = std::chrono::duration_cast<milliseconds>(
                                 core_.clock().Steady() - start)});
    return report_.steps.back().outcome != ValidationOutcome::kFailed;
  }

  Finding Write() {
    Status status = Put(kFirst, IfExists::kFail);
    return status.ok() ? Finding() : Failed(status);
  }

  Finding Read() {
    const StatusOr<std::string> bytes = Get();
    if (!bytes.ok()) return Failed(bytes.status());
    if (*bytes == kFirst) return {};
    return Failed(DataLoss("read: {}: other bytes than were written: {} of {}",
                           report_.key, bytes->size(), kFirst.size()));
  }

  Finding Conflict() {
    Status status = Put(kFirst, IfExists::kFail);
    if (status.code() == StatusCode::kAlreadyExists) return {};
    if (!status.ok()) return Failed(status);
    return Noted(
        FailedPrecondition("conflict: {}: was replaced", report_.key),
        "the store does not tell two writers from each other: give every "
        "recording names of its own, such as with {session}");
  }

  Finding Replace() {
    if (Status status = Put(kSecond, IfExists::kReplace); !status.ok()) {
      return Failed(status);
    }
    const SteadyTime until = core_.clock().Steady() + options_.visible_within;
    int looks = 0;
    for (;;) {
      const StatusOr<std::string> bytes = Get();
      if (!bytes.ok()) return Failed(bytes.status());
      ++looks;
      if (*bytes == kSecond) break;
      if (core_.clock().Steady() >= until) {
        return Failed(DataLoss(
            "replace: {}: readers still get the old version: a cache before "
            "the store, or no consistency after a write; playlists would stand "
            "still",
            report_.key));
      }
      Pause();
    }
    if (looks == 1) return {};
    return Noted(
        Unavailable("replace: {}: the new version was not seen at once",
                    report_.key),
        "readers of a live playlist will be late by as much");
  }

  Finding List() {
    const auto answer = std::make_shared<Answer<std::vector<ObjectInfo>>>();
    sink_.List(report_.key,
               [answer](auto objects) { answer->Set(std::move(objects)); });
    const auto objects = answer->Take(core_);
    if (!objects.ok()) {
      return Noted(objects.status(),
                   "what is stored is found by its names alone; old "
                   "recordings can't be expired");
    }
    if (objects->size() == 1 && objects->front().key == report_.key &&
        objects->front().size_bytes == kSecond.size()) {
      return {};
    }
    return Noted(NotFound("list: {}: is not in it", report_.key),
                 "the listing is late: what is stored is found by its names");
  }

  Finding Remove() {
    if (Status status = RemoveOnce(); !status.ok()) {
      return Noted(status,
                   "expired segments stay: remove them by the store's own "
                   "rules, and this object by hand");
    }
    const StatusOr<std::string> bytes = Get();
    if (bytes.status().code() == StatusCode::kNotFound) return {};
    return Noted(bytes.ok() ? FailedPrecondition("remove: {}: is still there",
                                                 report_.key)
                            : bytes.status(),
                 "readers may get expired segments");
  }

  Status Put(std::string_view bytes, IfExists if_exists) {
    const auto answer = std::make_shared<Answer<bool>>();
    sink_.Put({.key = report_.key,
               .body = MakeStringBody(std::string(bytes)),
               .kind = ObjectKind::kOther,
               .if_exists = if_exists,
               .content_type = "text/plain"},
              [answer](Status status) {
                answer->Set(status.ok() ? StatusOr<bool>(true)
                                        : StatusOr<bool>(std::move(status)));
              });
    return answer->Take(core_).status();
  }
  StatusOr<std::string> Get() {
    const auto answer = std::make_shared<Answer<std::string>>();
    sink_.Get(report_.key, kMaxBytes,
              [answer](auto bytes) { answer->Set(std::move(bytes)); });
    return answer->Take(core_);
  }
  Status RemoveOnce() {
    const auto answer = std::make_shared<Answer<bool>>();
    sink_.Remove(report_.key, [answer](Status status) {
      answer->Set(status.ok() ? StatusOr<bool>(true)
                              : StatusOr<bool>(std::move(status)));
    });
    return answer->Take(core_).status();
  }
  void Pause() {
    const auto latch = std::make_shared<Latch>();
    core_.media()->PostAt(core_.clock().Steady() + kLookAgain,
                          [latch] { latch->Open(); });
    core_.Await(*latch);
  }

  RuntimeCore& core_;
  Sink& sink_;
  const ValidateOptions& options_;
  ValidationReport report_;
};

}  // namespace

std::string_view ValidationOutcomeName(ValidationOutcome outcome) {
  switch (outcome) {
    case ValidationOutcome::kPassed:
      return "passed";
    case ValidationOutcome::kNoted:
      return "noted";
    case ValidationOutcome::kFailed:
      return "failed";
    case ValidationOutcome::kSkipped:
      return "skipped";
  }
  return "unknown";
}

ValidationReport ValidateSink(Runtime& runtime, Sink& sink,
                              const ValidateOptions& options) {
  return Validation(runtime.core(), sink, options).Run();
}

}  // namespace hlsrec
