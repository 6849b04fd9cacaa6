#ifndef HLSREC_SRC_CHECK_FINDINGS_H_
#define HLSREC_SRC_CHECK_FINDINGS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hlsrec/check.h"

namespace hlsrec::check {

// Collects findings and decides how grave each is under the profile. How grave
// a rule is in itself is said where it is checked.
class Findings {
 public:
  explicit Findings(const CheckOptions& options) : options_(options) {}

  // What follows is about this file.
  void SetFile(std::string file) { file_ = std::move(file); }
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] bool apple() const {
    return options_.profile == CheckProfile::kApple;
  }

  void Error(std::string_view rule, int line, std::string message) {
    Add(rule, CheckSeverity::kError, line, std::move(message));
  }
  void Warning(std::string_view rule, int line, std::string message) {
    Add(rule, CheckSeverity::kWarning, line, std::move(message));
  }
  // An error where Apple's authoring specification decides, else a warning.
  void Apple(std::string_view rule, int line, std::string message) {
    Add(rule, apple() ? CheckSeverity::kError : CheckSeverity::kWarning, line,
        std::move(message));
  }
  // Nothing unless Apple's authoring specification decides.
  void AppleOnly(std::string_view rule, int line, std::string message) {
    if (apple()) Warning(rule, line, std::move(message));
  }

  // Moves what was found into `report`; the counts are added.
  void MoveTo(CheckReport& report);
  [[nodiscard]] std::vector<CheckFinding> Take();

 private:
  void Add(std::string_view rule, CheckSeverity severity, int line,
           std::string message);

  const CheckOptions options_;
  std::string file_;
  std::vector<CheckFinding> kept_;
  // How often a rule was broken in a file, to keep the first few only.
  std::map<std::pair<std::string, std::string>, std::size_t> seen_;
  std::uint64_t errors_ = 0;
  std::uint64_t warnings_ = 0;
};

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_FINDINGS_H_
