#include "hlsrec/testing.h"
#include "tests/catch.h"

namespace hlsrec::testing {
namespace {

TEST_CASE("memory sink: keeps the sink contract") {
  MemorySink sink;
  CHECK(CheckSinkContract(sink, "p/") == std::vector<std::string>{});
  CHECK(sink.Keys().empty());
}

TEST_CASE("contract: a sink that breaks a promise is found out") {
  // Answers that all is well and stores nothing.
  class Forgetful final : public Sink {
   public:
    void Put(PutRequest, Done done) override { done({}); }
    void Get(std::string, std::uint64_t, GetDone done) override {
      done(Status(StatusCode::kNotFound, "get: nothing here"));
    }
    void Remove(std::string, Done done) override { done({}); }
    void List(std::string, ListDone done) override {
      done(std::vector<ObjectInfo>());
    }
    std::string Describe() const override { return "forgetful"; }
  };
  Forgetful sink;
  CHECK(CheckSinkContract(sink, "p/").size() > 5);

  auto memory = std::make_shared<MemorySink>();
  FaultySink lossy(memory, [](std::uint64_t call, const std::string&) {
    FaultySink::Decision decision;
    if (call == 3) decision.fault = Fault::kFail;
    return decision;
  });
  CHECK_FALSE(CheckSinkContract(lossy, "p/").empty());
}

}  // namespace
}  // namespace hlsrec::testing
