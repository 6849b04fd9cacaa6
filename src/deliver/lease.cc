#include "src/deliver/lease.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "src/base/status_util.h"

namespace hlsrec::deliver {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr std::chrono::milliseconds kLongestLease = std::chrono::hours(1);

}  // namespace

std::string LeaseKey(std::string_view playlist, std::uint64_t generation) {
  return fmt::format("{}.lease-{}", playlist, generation);
}

std::string RenderLease(const LeaseRecord& record) {
  const Json json = {{"hlsrec_lease", kVersion},
                     {"run", record.run},
                     {"beat", record.beat},
                     {"lease_ms", record.lease.count()},
                     {"released", record.released}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

StatusOr<LeaseRecord> ParseLease(std::uint64_t generation,
                                 std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  const auto is = [&json](const char* name, auto test) {
    const auto field = json.find(name);
    return field != json.end() && test(*field);
  };
  const auto number = [](const Json& field) {
    return field.is_number_unsigned();
  };
  const bool whole =
      json.is_object() && is("hlsrec_lease", number) && is("beat", number) &&
      is("lease_ms", number) &&
      is("run", [](const Json& field) { return field.is_string(); }) &&
      is("released", [](const Json& field) { return field.is_boolean(); });
  if (!whole || json["hlsrec_lease"] != kVersion) {
    return DataLoss("lease: is none of version {}", kVersion);
  }
  LeaseRecord record{
      .generation = generation,
      .run = json["run"],
      .beat = json["beat"],
      .lease = std::chrono::milliseconds(json["lease_ms"].get<std::int64_t>()),
      .released = json["released"]};
  if (record.lease.count() <= 0 || record.lease > kLongestLease) {
    return DataLoss("lease: lease_ms: {}: is out of range",
                    record.lease.count());
  }
  return record;
}

LeaseWatch::Verdict LeaseWatch::See(const std::optional<LeaseRecord>& newest,
                                    SteadyTime now) {
  const std::optional<LeaseRecord> before = std::exchange(seen_, newest);
  if (newest && newest->run == run_ && !newest->released) return Verdict::kOurs;
  if (before != newest) since_ = now;
  if (!newest || newest->released) return Verdict::kClaim;
  // It moved, or somebody else was faster.
  if (before && before != newest) return Verdict::kRefused;
  return before && now - since_ >= newest->lease ? Verdict::kClaim
                                                 : Verdict::kLookOn;
}

Lease::Lease(LeaseRecord record, SteadyTime began)
    : record_(std::move(record)), valid_from_(began), round_began_(began) {}

bool Lease::ValidAt(SteadyTime now) const {
  return !lost_ && !record_.released && now - valid_from_ < record_.lease;
}

Status Lease::Check(SteadyTime now) const {
  if (lost_ && lost_->run.empty()) {
    return Conflict(
        "lease {}: is gone: somebody removed it, and another "
        "machine may record here",
        lost_->generation);
  }
  if (lost_) {
    return Conflict(
        "another machine records here: run {}, since lease {}; this one was "
        "run {}",
        lost_->run, lost_->generation, record_.run);
  }
  if (ValidAt(now)) return {};
  return Unavailable(
      "lease {}: could not be renewed for {} ms: another machine may have "
      "taken over",
      record_.generation, record_.lease.count());
}

bool Lease::FoundOwn(const std::optional<LeaseRecord>& own) {
  if (own && own->run == record_.run) return true;
  lost_ = {.generation = record_.generation, .run = own ? own->run : ""};
  return false;
}

LeaseRecord Lease::Next() const {
  LeaseRecord next = record_;
  ++next.beat;
  return next;
}

LeaseRecord Lease::Release() const {
  LeaseRecord last = Next();
  last.released = true;
  return last;
}

bool Lease::FoundNext(const std::optional<LeaseRecord>& next) {
  if (next) {
    lost_ = {.generation = next->generation, .run = next->run};
    return false;
  }
  valid_from_ = round_began_;
  return true;
}

}  // namespace hlsrec::deliver
