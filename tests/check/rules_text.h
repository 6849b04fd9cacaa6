#ifndef HLSREC_TESTS_CHECK_RULES_TEXT_H_
#define HLSREC_TESTS_CHECK_RULES_TEXT_H_

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/check.h"

namespace hlsrec::check {

// The rules that were broken, each once: "R10" for errors, "R10?" for warnings.
using Rules = std::set<std::string>;

inline Rules RulesOf(const std::vector<CheckFinding>& findings) {
  Rules rules;
  for (const CheckFinding& finding : findings) {
    const auto listed = CheckRules();
    const bool known = std::any_of(
        listed.begin(), listed.end(),
        [&](const CheckRule& rule) { return rule.number == finding.rule; });
    if (!known) rules.insert(finding.rule + " is not listed");
    const bool error = finding.severity == CheckSeverity::kError;
    rules.insert(finding.rule + (error ? "" : "?"));
  }
  return rules;
}

// Without the warnings that any short, plain playlist gets because Apple asks
// for more: RulesOf() for tests of other rules.
inline Rules PlainRulesOf(const std::vector<CheckFinding>& findings) {
  Rules rules = RulesOf(findings);
  for (const char* rule : {"R17?", "R22?", "R40?", "R77?", "R86?"})
    rules.erase(rule);
  return rules;
}

inline std::string Describe(const std::vector<CheckFinding>& findings) {
  std::string text;
  for (const CheckFinding& finding : findings) {
    text += FormatFinding(finding) + "\n";
  }
  return text;
}

// `text` with its first `from` replaced; an unfound `from` fails the test that
// uses it, because nothing is broken then.
inline std::string With(std::string text, std::string_view from,
                        std::string_view to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) return "no such text: " + std::string(from);
  return text.replace(at, from.size(), to);
}

}  // namespace hlsrec::check

#endif  // HLSREC_TESTS_CHECK_RULES_TEXT_H_
