#ifndef HLSREC_TESTS_SIMULATION_LEDGER_H_
#define HLSREC_TESTS_SIMULATION_LEDGER_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

namespace hlsrec::simulation {

using std::chrono::microseconds;

// All that Push() took, and what each process may cost.
class Ledger {
 public:
  struct Entry {
    int life = 0;
    int epoch = 0;          // of the source's timestamps
    microseconds media{0};  // since the first packet, without jumps
    int channels = 1;       // of the sound then
  };
  struct Life {
    // Where the media stood when it died; empty budget: it ended in order.
    bool killed = false;
    microseconds media{0};
    microseconds may_cost{0};   // before that
    microseconds in_memory{0};  // of it: that waited for the disk
    std::uint64_t dropped = 0;  // that it told of
    // A later process brought what it left to the disk.
    bool recovered = false;

    // All of it that was not listed may be lost.
    void GiveUp() {
      killed = true;
      may_cost = media + std::chrono::hours(1);
    }
  };

  void Accept(char kind, std::int64_t number, const Entry& entry) {
    accepted_[kind].emplace(number, entry);
  }
  [[nodiscard]] const Entry* Find(char kind, std::int64_t number) const {
    const auto track = accepted_.find(kind);
    if (track == accepted_.end()) return nullptr;
    const auto found = track->second.find(number);
    return found == track->second.end() ? nullptr : &found->second;
  }
  [[nodiscard]] const std::map<char, std::map<std::int64_t, Entry>>& accepted()
      const {
    return accepted_;
  }
  std::vector<Life>& lives() { return lives_; }
  [[nodiscard]] const std::vector<Life>& lives() const { return lives_; }

 private:
  std::map<char, std::map<std::int64_t, Entry>> accepted_;
  std::vector<Life> lives_;
};

}  // namespace hlsrec::simulation

#endif  // HLSREC_TESTS_SIMULATION_LEDGER_H_
