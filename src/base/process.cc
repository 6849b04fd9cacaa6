#include "src/base/process.h"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fstream>

#include "src/base/bytes.h"
#include "src/base/hash.h"
#include "src/base/status_util.h"

namespace hlsrec {
namespace {

constexpr std::size_t kPlaceDigits = 12;

// Empty where the system does not tell.
std::string Place() {
  std::string boot = BootId();
  std::array<char, 64> space{};
  const ssize_t size =
      ::readlink("/proc/self/ns/pid", space.data(), space.size());
  if (boot.empty() || size <= 0) return {};
  boot.append(space.data(), static_cast<std::size_t>(size));
  const ByteSpan bytes = AsBytes(boot);
  return Sha256Hex(bytes).substr(0, kPlaceDigits);
}

}  // namespace

std::string BootId() {
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  return boot;
}

std::string ProcessTag() {
  const std::string place = Place();
  return fmt::format("{}-{}", place.empty() ? "unknown" : place, ::getpid());
}

bool HasEnded(std::string_view process_tag) {
  const std::size_t dash = process_tag.rfind('-');
  if (dash == std::string_view::npos) return false;
  const std::string place = Place();
  if (place.empty() || process_tag.substr(0, dash) != place) return false;
  const std::string_view number = process_tag.substr(dash + 1);
  pid_t pid = 0;
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), pid);
  if (error != std::errc() || end != number.data() + number.size() ||
      pid <= 0) {
    return false;
  }
  return ::kill(pid, 0) != 0 && errno == ESRCH;
}

}  // namespace hlsrec
