#ifndef HLSREC_TESTS_SIMULATION_WIRE_H_
#define HLSREC_TESTS_SIMULATION_WIRE_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "hlsrec/sink.h"

namespace hlsrec::simulation {

// The way to one store, on which puts may still be when nobody waits for them
// any more: the store takes them later, whoever sent them. For one key it takes
// what it is sent in order.
class Wire {
 public:
  // `arrived` is called behind each put that came late.
  Wire(std::shared_ptr<Sink> store,
       std::function<void(const std::string& key)> arrived)
      : store_(std::move(store)), arrived_(std::move(arrived)) {}

  // The sender gave it up.
  void Delay(const PutRequest& request);
  void Deliver(const std::string& key);
  void DeliverAll();

 private:
  void Arrive(PutRequest request);

  const std::shared_ptr<Sink> store_;
  const std::function<void(const std::string& key)> arrived_;
  std::deque<PutRequest> late_;
};

// Calls go to `inner`; puts that `delays` says yes to are given up, and stay on
// `wire`.
std::shared_ptr<Sink> MakeWiredSink(std::shared_ptr<Sink> inner, Wire& wire,
                                    std::function<bool()> delays);

}  // namespace hlsrec::simulation

#endif  // HLSREC_TESTS_SIMULATION_WIRE_H_
