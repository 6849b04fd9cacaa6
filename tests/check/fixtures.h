#ifndef HLSREC_TESTS_CHECK_FIXTURES_H_
#define HLSREC_TESTS_CHECK_FIXTURES_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/check.h"

// A sound recording each, with one thing broken.
namespace hlsrec::check {

enum class Expected {
  kError,         // under any profile
  kAppleError,    // under Apple's profile, else a warning or nothing
  kWarning,       // under any profile
  kAppleWarning,  // under Apple's profile alone
  kAccepted,      // odd but sound: no error, whatever the rule's number
};

struct Fixture {
  std::string_view rule = {};  // the one that it breaks
  Expected expected = Expected::kError;
  std::string what = {};
  std::function<std::vector<CheckFinding>(CheckProfile)> findings = {};
};

std::vector<Fixture> TextFixtures();
std::vector<Fixture> MediaFixtures();
std::vector<Fixture> TimeFixtures();
std::vector<Fixture> HttpFixtures();

// What the fixtures break, whole.
std::vector<Fixture> SoundFixtures();

}  // namespace hlsrec::check

#endif  // HLSREC_TESTS_CHECK_FIXTURES_H_
