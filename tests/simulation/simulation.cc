// Runs seeded schedules of packets, faults and deaths, and looks at all that
// readers of the outputs see.
//
//   simulation [--first N] [--schedules N] [--seed N] [--lose-journals 0]
//              [--failures N]
//
// Exit codes: 0 all promises kept, 1 usage, 3 one was broken. --seed runs that
// one alone and prints what happens; --lose-journals 0 leaves journals alone,
// and
// --failures goes on after so many.
#include <sys/random.h>

#include <charconv>
#include <cstring>
#include <optional>
#include <random>
#include <string_view>

#include "tests/simulation/world.h"

namespace {

constexpr int kUsage = 1;
constexpr int kViolated = 3;

// Names of files come from it; of the same seed they are the same.
std::mt19937_64 names;

using Journals = hlsrec::simulation::Scenario::Journals;
Journals journals = Journals::kMayBeLost;

std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t value = 0;
  const auto read =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

bool Keeps(std::uint64_t seed, hlsrec::simulation::Trace trace,
           const char* program) {
  names.seed(seed);
  hlsrec::simulation::Verdict verdict(trace);
  hlsrec::simulation::World(seed, journals, verdict).Run();
  if (!verdict.violated()) return true;
  fmt::print("seed {}: {}\n  replay: {} --seed {}\n", seed, verdict.violation(),
             program, seed);
  return false;
}

}  // namespace

// Instead of the C library's.
extern "C" ssize_t getrandom(void* buffer, std::size_t size, unsigned) {
  auto* out = static_cast<unsigned char*>(buffer);
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = static_cast<unsigned char>(names());
  }
  return static_cast<ssize_t>(size);
}

int main(int argc, char** argv) {
  std::uint64_t first = 1;
  std::uint64_t schedules = 100;
  std::optional<std::uint64_t> seed;
  std::uint64_t keep_going = 0;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view option = argv[i];
    const auto value =
        i + 1 < argc ? Number(argv[i + 1]) : std::optional<std::uint64_t>();
    if (!value) return kUsage;
    if (option == "--first") {
      first = *value;
    } else if (option == "--schedules") {
      schedules = *value;
    } else if (option == "--seed") {
      seed = *value;
    } else if (option == "--lose-journals") {
      journals = *value == 0 ? Journals::kStay : Journals::kMayBeLost;
    } else if (option == "--failures") {
      keep_going = *value;
    } else {
      return kUsage;
    }
  }
  if (seed) {
    return Keeps(*seed, hlsrec::simulation::Trace::kOn, argv[0]) ? 0
                                                                 : kViolated;
  }
  std::uint64_t failures = 0;
  for (std::uint64_t each = first; each < first + schedules; ++each) {
    if (Keeps(each, hlsrec::simulation::Trace::kOff, argv[0])) continue;
    if (++failures > keep_going) return kViolated;
  }
  if (failures > 0) return kViolated;
  fmt::print("{} schedules kept every promise\n", schedules);
  return 0;
}
