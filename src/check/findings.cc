#include "src/check/findings.h"

#include <iterator>

#include <fmt/format.h>

#include "src/check/uri.h"
#include "src/net/http_get.h"

namespace hlsrec {

std::string FormatFinding(const CheckFinding& finding) {
  const std::string_view severity =
      finding.severity == CheckSeverity::kError ? "error" : "warning";
  if (finding.line == 0) {
    return fmt::format("{}: {} {}: {}", finding.file, severity, finding.rule,
                       finding.message);
  }
  return fmt::format("{}:{}: {} {}: {}", finding.file, finding.line, severity,
                     finding.rule, finding.message);
}

namespace check {

void Findings::Add(std::string_view rule, CheckSeverity severity, int line,
                   std::string message) {
  ++(severity == CheckSeverity::kError ? errors_ : warnings_);
  if (++seen_[{file_, std::string(rule)}] > options_.max_findings_per_rule) {
    return;
  }
  kept_.push_back({.rule = std::string(rule),
                   .severity = severity,
                   .file = IsHttpUrl(file_) ? net::RedactUrl(file_) : file_,
                   .line = line,
                   .message = std::move(message)});
}

void Findings::MoveTo(CheckReport& report) {
  report.errors += std::exchange(errors_, 0);
  report.warnings += std::exchange(warnings_, 0);
  report.findings.insert(report.findings.end(),
                         std::make_move_iterator(kept_.begin()),
                         std::make_move_iterator(kept_.end()));
  kept_.clear();
}

std::vector<CheckFinding> Findings::Take() {
  errors_ = 0;
  warnings_ = 0;
  return std::exchange(kept_, {});
}

}  // namespace check
}  // namespace hlsrec
