#include "hlsrec/validate.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hlsrec/testing.h"
#include "tests/catch.h"

namespace hlsrec {
namespace {

using testing::ManualClock;
using testing::MemorySink;
using testing::SimulatedRuntime;

// A store with one thing wrong.
class OddSink : public Sink {
 public:
  void Put(PutRequest request, Done done) override {
    memory_.Put(std::move(request), std::move(done));
  }
  void Get(std::string key, std::uint64_t max_bytes, GetDone done) override {
    memory_.Get(std::move(key), max_bytes, std::move(done));
  }
  void Remove(std::string key, Done done) override {
    memory_.Remove(std::move(key), std::move(done));
  }
  void List(std::string prefix, ListDone done) override {
    memory_.List(std::move(prefix), std::move(done));
  }
  std::string Describe() const override { return "odd:"; }

  MemorySink& memory() { return memory_; }

 private:
  MemorySink memory_;
};

struct Result {
  ValidationReport report;
  std::string outcomes;  // "write passed, read failed, ..."
};

Result Validate(Sink& sink) {
  ManualClock clock;
  SimulatedRuntime simulation(clock);
  Result result;
  result.report =
      ValidateSink(*simulation.runtime(), sink, {.prefix = "live/"});
  for (const ValidationStep& step : result.report.steps) {
    if (!result.outcomes.empty()) result.outcomes += ", ";
    result.outcomes +=
        step.name + " " + std::string(ValidationOutcomeName(step.outcome));
  }
  return result;
}

const ValidationStep& StepOf(const Result& result, const std::string& name) {
  for (const ValidationStep& step : result.report.steps) {
    if (step.name == name) return step;
  }
  FAIL("no step " << name);
  return result.report.steps.front();
}

TEST_CASE("validate: a store that keeps every promise, and is left empty") {
  MemorySink sink;
  const Result result = Validate(sink);
  CHECK(result.outcomes ==
        "write passed, read passed, conflict passed, replace passed, list "
        "passed, remove passed");
  CHECK(result.report.usable());
  CHECK(result.report.sink == "memory:");
  CHECK(result.report.key.find("live/hlsrec-validate-") == 0);
  CHECK(sink.Keys().empty());
}

TEST_CASE("validate: nothing may be written there") {
  class Denied final : public OddSink {
   public:
    void Put(PutRequest, Done done) override {
      done({StatusCode::kPermissionDenied, "put: odd:: access denied"});
    }
  } sink;
  const Result result = Validate(sink);
  CHECK(result.outcomes ==
        "write failed, read skipped, conflict skipped, replace skipped, list "
        "skipped, remove skipped");
  CHECK_FALSE(result.report.usable());
  CHECK(StepOf(result, "write").message == "put: odd:: access denied");
  CHECK(StepOf(result, "write").status.code() == StatusCode::kPermissionDenied);
}

TEST_CASE("validate: an object whose put seemed to fail is tidied up") {
  class ReplyLost final : public OddSink {
   public:
    void Put(PutRequest request, Done done) override {
      OddSink::Put(std::move(request), [done](const Status&) {
        done({StatusCode::kUnavailable, "put: odd:: the reply was lost"});
      });
    }
  } sink;
  CHECK_FALSE(Validate(sink).report.usable());
  CHECK(sink.memory().Keys().empty());
}

TEST_CASE("validate: a store that replaces what it should refuse is noted") {
  class Replaces final : public OddSink {
   public:
    void Put(PutRequest request, Done done) override {
      request.if_exists = IfExists::kReplace;
      OddSink::Put(std::move(request), std::move(done));
    }
  } sink;
  const Result result = Validate(sink);
  CHECK(result.report.usable());
  CHECK(StepOf(result, "conflict").outcome == ValidationOutcome::kNoted);
  CHECK(StepOf(result, "conflict").message.find("{session}") !=
        std::string::npos);
}

TEST_CASE("validate: old versions for a while are noted, for ever a failure") {
  class Stale final : public OddSink {
   public:
    explicit Stale(int looks) : looks_(looks) {}
    void Put(PutRequest request, Done done) override {
      if (request.if_exists == IfExists::kReplace) {
        old_ = memory().Text(request.key);
      }
      OddSink::Put(std::move(request), std::move(done));
    }
    void Get(std::string key, std::uint64_t max_bytes, GetDone done) override {
      if (!old_.empty() && looks_-- > 0) return done(old_);
      OddSink::Get(std::move(key), max_bytes, std::move(done));
    }

   private:
    int looks_;
    std::string old_;
  };
  Stale late(3);
  CHECK(StepOf(Validate(late), "replace").outcome == ValidationOutcome::kNoted);
  Stale never(1'000'000);
  const Result result = Validate(never);
  CHECK_FALSE(result.report.usable());
  CHECK(StepOf(result, "replace").message.find("old version") !=
        std::string::npos);
  CHECK(StepOf(result, "remove").outcome != ValidationOutcome::kSkipped);
}

TEST_CASE("validate: other bytes than were written are a failure") {
  class Garbles final : public OddSink {
   public:
    void Get(std::string, std::uint64_t, GetDone done) override {
      done(std::string("<html>sign in</html>"));
    }
  } sink;
  const Result result = Validate(sink);
  CHECK_FALSE(result.report.usable());
  CHECK(StepOf(result, "read").outcome == ValidationOutcome::kFailed);
}

TEST_CASE("validate: no listing and no removing are noted") {
  class WriteOnly final : public OddSink {
   public:
    void List(std::string, ListDone done) override {
      done(Status(StatusCode::kUnimplemented, "list: odd:: can't"));
    }
    void Remove(std::string, Done done) override {
      done({StatusCode::kUnimplemented, "remove: odd:: can't"});
    }
  } sink;
  const Result result = Validate(sink);
  CHECK(result.report.usable());
  CHECK(result.outcomes ==
        "write passed, read passed, conflict passed, replace passed, list "
        "noted, remove noted");
}

}  // namespace
}  // namespace hlsrec
