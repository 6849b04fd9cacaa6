#include <chrono>
#include <string_view>

#include "hlsrec/check.h"
#include "src/playlist/parse.h"
#include "tests/fuzz/fuzz.h"

// A playlist of anyone's; a line of `%` parts the versions of one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  hlsrec::SnapshotChecker snapshots("fuzz.m3u8");
  std::chrono::steady_clock::time_point now;
  while (!text.empty()) {
    const std::size_t end = text.find("\n%\n");
    const std::string_view version = text.substr(0, end);
    const auto parsed = hlsrec::playlist::ParsePlaylist(version);
    if (parsed.ok()) {
      for (const auto& finding : parsed->findings) {
        hlsrec::fuzz::Require(finding.line >= 0, "findings have a line");
        hlsrec::fuzz::Require(!finding.rule.empty(), "findings have a rule");
      }
    }
    const auto report = hlsrec::CheckPlaylistText(version, "fuzz.m3u8");
    hlsrec::fuzz::Require(
        report.errors + report.warnings >= report.findings.size(),
        "every finding is counted");
    snapshots.Add(now, version);
    now += std::chrono::seconds(3);
    const auto uris = snapshots.AvailableUris(now);
    hlsrec::fuzz::Require(uris.size() <= size, "URIs come from the text");
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 3);
  }
  return 0;
}
