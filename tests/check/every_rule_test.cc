#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/check.h"
#include "tests/catch.h"
#include "tests/check/fixtures.h"
#include "tests/check/rules_text.h"

namespace hlsrec::check {
namespace {

constexpr int kLastRule = 121;

// The rules that no playlist, segment or answer shows broken, and who sees to
// them.
const std::map<std::string_view, std::string_view> kNotChecked = {
    {"R81", "only who knows the variants can tell a needless rewrite"},
    {"R87", "how a sink puts objects: the sinks' tests"},
    {"R89", "a recording of 24 h; of its dates R38 checks each pair"},
    {"R90", "packets in and out: the recorder's tests"},
    {"R91", "what the journal says of an object: the recorder's tests"},
    {"R92", "the order of puts: the publisher's tests"},
    {"R93", "a killed recorder: the recorder's tests, by this checker"},
    {"R94", "a restart: the temporal rules over both runs"},
    {"R95", "how a sink talks HTTP: the sinks' tests"},
    {"R96", "a full disk: the recorder's tests"},
    {"R97", "a sink that fails for a while: the delivery tests"},
    {"R98", "memory and time: the benchmarks"},
    {"R99", "stop() and its deadline: the recorder's tests"},
    {"R100", "content of a URI over its whole life: the recorder's tests"},
    {"R112", "the coded form against the plain one: gzip_list_test"},
    {"R118", "an injected tag looks like any tag: the writer's tests"},
    {"R119", "how a recorder chooses the target duration"},
    {"R120", "what a recorder appends to; the temporal rules allow it"},
    {"R121", "what a recorder does with late segments"},
};

std::vector<Fixture> AllFixtures() {
  std::vector<Fixture> all;
  for (const auto& make :
       {TextFixtures, MediaFixtures, TimeFixtures, HttpFixtures}) {
    for (Fixture& fixture : make()) all.push_back(std::move(fixture));
  }
  return all;
}

Rules OfSeverity(const std::vector<CheckFinding>& findings,
                 CheckSeverity severity) {
  Rules rules;
  for (const CheckFinding& finding : findings) {
    if (finding.severity == severity) rules.insert(finding.rule);
  }
  return rules;
}

void Expect(const Fixture& fixture, CheckProfile profile, const Rules& errors,
            const Rules& warnings) {
  const std::vector<CheckFinding> findings = fixture.findings(profile);
  INFO(fixture.rule << ": " << fixture.what
                    << (profile == CheckProfile::kApple ? ", Apple's profile"
                                                        : ""));
  INFO(Describe(findings));
  CHECK(OfSeverity(findings, CheckSeverity::kError) == errors);
  const Rules warned = OfSeverity(findings, CheckSeverity::kWarning);
  for (const std::string& rule : warnings) {
    CAPTURE(rule);
    CHECK(warned.contains(rule));
  }
}

TEST_CASE("every rule: a fixture breaks one rule, and that alone is found") {
  for (const Fixture& fixture : AllFixtures()) {
    const Rules rule = {std::string(fixture.rule)};
    switch (fixture.expected) {
      case Expected::kError:
        Expect(fixture, CheckProfile::kRfc, rule, {});
        break;
      case Expected::kAppleError:
        Expect(fixture, CheckProfile::kApple, rule, {});
        Expect(fixture, CheckProfile::kRfc, {}, {});
        break;
      case Expected::kWarning:
        Expect(fixture, CheckProfile::kRfc, {}, rule);
        break;
      case Expected::kAppleWarning:
        Expect(fixture, CheckProfile::kApple, {}, rule);
        CHECK_FALSE(RulesOf(fixture.findings(CheckProfile::kRfc))
                        .contains(std::string(fixture.rule) + "?"));
        break;
      case Expected::kAccepted:
        Expect(fixture, CheckProfile::kRfc, {}, {});
        break;
    }
  }
}

TEST_CASE("every rule: what the fixtures break is sound before") {
  for (const Fixture& fixture : SoundFixtures()) {
    const std::vector<CheckFinding> findings =
        fixture.findings(CheckProfile::kRfc);
    INFO(fixture.what << "\n" << Describe(findings));
    CHECK(PlainRulesOf(findings).empty());
    if (fixture.expected != Expected::kAccepted) continue;
    Expect(fixture, CheckProfile::kApple, {}, {});
  }
}

TEST_CASE("every rule: each has a fixture, or a reason why not") {
  std::set<std::string_view> listed;
  for (const CheckRule& rule : CheckRules()) listed.insert(rule.number);
  std::set<std::string_view> broken;
  std::set<std::string_view> accepted;
  for (const Fixture& fixture : AllFixtures()) {
    (fixture.expected == Expected::kAccepted ? accepted : broken)
        .insert(fixture.rule);
  }
  for (int i = 1; i <= kLastRule; ++i) {
    const std::string rule = "R" + std::to_string(i);
    CAPTURE(rule);
    const bool excused = kNotChecked.contains(rule);
    CHECK(listed.contains(rule) == broken.contains(rule));
    CHECK(excused != (broken.contains(rule) || accepted.contains(rule)));
  }
  CHECK(broken == listed);
}

}  // namespace
}  // namespace hlsrec::check
