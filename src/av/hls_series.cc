#include "src/av/hls_series.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>
#include <vector>

#include "src/av/hls_end.h"
#include "src/av/url_text.h"

namespace hlsrec::av {
namespace {

// Segments that are opened before the first playlist is known are few.
constexpr std::size_t kMaxEarly = 64;

// Without the steps that a server never sees (RFC 3986 section 5.2.4), and
// without what libavformat puts before the URL of an encrypted segment.
std::string Normalized(std::string_view url) {
  for (const std::string_view prefix : {"crypto+", "crypto:"}) {
    if (url.starts_with(prefix)) url.remove_prefix(prefix.size());
  }
  std::vector<std::string_view> steps;
  const std::string_view path = url.substr(0, url.find_first_of("?#"));
  const std::string_view rest = url.substr(path.size());
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view step = path.substr(at, end - at);
    const bool back = step == ".." && !steps.empty() && steps.back() != "..";
    if (back) {
      steps.pop_back();
    } else if (step != ".") {
      steps.push_back(step);
    }
    at = end + 1;
  }
  std::string result;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (i > 0) result += '/';
    result += steps[i];
  }
  return result.append(rest);
}

std::string SegmentUrl(const std::string& playlist, std::string_view uri) {
  if (playlist.find("://") != std::string::npos || !UrlScheme(uri).empty()) {
    return Normalized(ResolveReference(playlist, uri));
  }
  if (uri.starts_with('/')) return Normalized(uri);
  const std::size_t folder = playlist.rfind('/') + 1;  // 0 where there is none
  return Normalized(playlist.substr(0, folder).append(uri));
}

std::int64_t ToNumber(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

void HlsSeries::OnPlaylist(const std::string& url, std::string_view text) {
  constexpr std::string_view kSequence = "#EXT-X-MEDIA-SEQUENCE:";
  std::map<std::string, std::int64_t> numbers;
  std::set<std::string> shared;
  std::int64_t number = 0;
  bool media = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) {
      line.remove_suffix(1);
    }
    if (line.starts_with("#EXTINF:")) media = true;
    if (line.starts_with(kSequence)) {
      number = ToNumber(line.substr(kSequence.size()));
    }
    if (line.empty() || line.front() == '#') continue;
    std::string segment = SegmentUrl(url, line);
    if (!numbers.emplace(segment, number).second) {
      shared.insert(std::move(segment));
    }
    ++number;
  }
  if (!media) return;  // of variants, or empty
  for (const std::string& segment : shared) numbers.erase(segment);
  lists_[url].numbers = std::move(numbers);
  for (const Seen& segment : std::exchange(early_, {})) Place(segment);
}

void HlsSeries::Place(const Seen& segment) {
  for (auto& [url, list] : lists_) {
    const auto found = list.numbers.find(segment.url);
    if (found == list.numbers.end()) continue;
    const std::int64_t number = found->second;
    if (!segment.opened) {
      // Where the input begins is its first segment, even when that fails.
      if (!list.last) list.last = number - 1;
      if (number > *list.last) list.failed.insert(number);
      continue;
    }
    if (list.last && number > *list.last + 1) {
      missed_ += static_cast<std::uint64_t>(number - *list.last - 1);
    }
    list.last = number;
    list.failed.erase(list.failed.begin(), list.failed.upper_bound(number));
  }
}

void HlsSeries::OnOpened(const std::string& url) {
  Add({.url = Normalized(url), .opened = true});
}

void HlsSeries::OnFailed(const std::string& url) {
  Add({.url = Normalized(url)});
}

void HlsSeries::Add(Seen segment) {
  if (knows_playlist()) {
    Place(segment);
  } else if (early_.size() < kMaxEarly) {
    early_.push_back(std::move(segment));
  }
}

void HlsSeries::OnBroken(const std::string& url) {
  const std::string segment = Normalized(url);
  const bool listed = std::any_of(
      lists_.begin(), lists_.end(),
      [&](const auto& list) { return list.second.numbers.contains(segment); });
  if (listed) ++cut_short_;
}

void HlsSeries::OnEnd() {
  for (auto& [url, list] : lists_) {
    missed_ += list.failed.size();
    list.failed.clear();
  }
}

}  // namespace hlsrec::av
