#include <set>
#include <string>
#include <utility>

#include "hlsrec/check.h"
#include "src/check/findings.h"
#include "src/check/history.h"
#include "src/check/media_rules.h"
#include "src/check/multivariant_rules.h"
#include "src/playlist/parse.h"

namespace hlsrec {

CheckReport CheckPlaylistText(std::string_view text, const std::string& name,
                              const CheckOptions& options) {
  CheckReport report;
  check::Findings findings(options);
  findings.SetFile(name);
  report.playlists = 1;
  const auto parsed = playlist::ParsePlaylist(text);
  if (!parsed.ok()) {
    findings.Error("R1", 1, "the first line is not #EXTM3U");
  } else {
    check::CheckText(*parsed, findings);
    if (parsed->kind == playlist::PlaylistKind::kMedia) {
      report.segments = parsed->media.segments.size();
      check::CheckMediaPlaylist(parsed->media, findings);
    } else {
      check::CheckMultivariantPlaylist(parsed->multivariant, findings);
    }
  }
  findings.MoveTo(report);
  return report;
}

class SnapshotChecker::Impl {
 public:
  Impl(std::string name, const CheckOptions& options)
      : options_(options), name_(std::move(name)), findings_(options) {
    findings_.SetFile(name_);
  }

  std::vector<CheckFinding> Add(std::chrono::steady_clock::time_point time,
                                std::string_view text) {
    std::vector<CheckFinding> result;
    if (text != last_text_) {
      last_text_ = text;
      for (CheckFinding& finding :
           CheckPlaylistText(text, name_, options_).findings) {
        // A version repeats most of the one before, on other lines.
        if (told_.insert(finding.rule + finding.message).second) {
          result.push_back(std::move(finding));
        }
      }
    }
    auto parsed = playlist::ParsePlaylist(text);
    if (!parsed.ok()) {
      findings_.Error("R30", 0, "a reader got what is no playlist");
    } else if (parsed->kind == playlist::PlaylistKind::kMedia) {
      history_.Add(time, text, parsed->media);
    } else {
      findings_.Error("R4", 0, "a multivariant playlist has no history");
    }
    for (CheckFinding& finding : findings_.Take()) {
      result.push_back(std::move(finding));
    }
    return result;
  }

  std::vector<CheckFinding> AddUnreadable(const std::string& why) {
    findings_.Error("R30", 0, "a reader got no playlist: " + why);
    return findings_.Take();
  }

  [[nodiscard]] const check::History& history() const { return history_; }

 private:
  const CheckOptions options_;
  const std::string name_;
  check::Findings findings_;
  check::History history_{findings_};
  std::string last_text_;
  std::set<std::string> told_;
};

SnapshotChecker::SnapshotChecker(std::string name, CheckOptions options)
    : impl_(std::make_unique<Impl>(std::move(name), options)) {}
SnapshotChecker::~SnapshotChecker() = default;

std::vector<CheckFinding> SnapshotChecker::Add(
    std::chrono::steady_clock::time_point time, std::string_view text) {
  return impl_->Add(time, text);
}

std::vector<CheckFinding> SnapshotChecker::AddUnreadable(
    std::chrono::steady_clock::time_point time, const std::string& why) {
  (void)time;
  return impl_->AddUnreadable(why);
}

std::vector<std::string> SnapshotChecker::AvailableUris(
    std::chrono::steady_clock::time_point time) const {
  return impl_->history().AvailableUris(time);
}

bool SnapshotChecker::ended() const { return impl_->history().ended(); }

}  // namespace hlsrec
