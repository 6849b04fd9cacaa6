#include "src/relay/relay_queue.h"

#include <vector>

#include "tests/catch.h"

namespace hlsrec::relay {
namespace {

RelaySample Sample(int number, bool start, std::size_t bytes = 100) {
  return {.sample = {.track = number,
                     .payload = Payload::FromVector(
                         std::vector<std::uint8_t>(bytes, 'x'))},
          .start = start};
}

std::vector<int> Drain(RelayQueue& queue) {
  std::vector<int> numbers;
  while (const auto sample = queue.Pop()) {
    numbers.push_back(sample->sample.track);
  }
  return numbers;
}

TEST_CASE("relay queue: begins where a receiver may") {
  RelayQueue queue(1000);
  CHECK(queue.Push(Sample(0, false)) == 1);
  CHECK(queue.Push(Sample(1, true)) == 0);
  CHECK(queue.Push(Sample(2, false)) == 0);
  CHECK(queue.bytes() == 200);
  CHECK(Drain(queue) == std::vector<int>{1, 2});
  CHECK(queue.bytes() == 0);
}

TEST_CASE("relay queue: full, it gives up the oldest group whole") {
  RelayQueue queue(500);
  for (int i = 0; i < 5; ++i) CHECK(queue.Push(Sample(i, i % 3 == 0)) == 0);
  CHECK(queue.Push(Sample(5, false)) == 3);
  CHECK(Drain(queue) == std::vector<int>{3, 4, 5});
}

TEST_CASE("relay queue: a group larger than it goes, too, and what follows") {
  RelayQueue queue(300);
  for (int i = 0; i < 3; ++i) CHECK(queue.Push(Sample(i, i == 0)) == 0);
  // The group is cut off: without its beginning this one is worth nothing.
  CHECK(queue.Push(Sample(3, false)) == 4);
  CHECK(queue.Push(Sample(4, false)) == 1);
  CHECK(queue.Push(Sample(5, true)) == 0);
  CHECK(Drain(queue) == std::vector<int>{5});
}

TEST_CASE("relay queue: one sample larger than it still goes through") {
  RelayQueue queue(50);
  CHECK(queue.Push(Sample(0, true)) == 0);
  CHECK(Drain(queue) == std::vector<int>{0});
}

TEST_CASE("relay queue: what is let go is counted") {
  RelayQueue queue(1000);
  queue.Push(Sample(0, true));
  queue.Push(Sample(1, false));
  CHECK(queue.Clear() == 2);
  CHECK(queue.bytes() == 0);
  CHECK_FALSE(queue.Pop().has_value());
}

}  // namespace
}  // namespace hlsrec::relay
