#include "src/check/media_checker.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "src/check/segment_reader.h"
#include "src/check/uri.h"

namespace hlsrec::check {
namespace {

using playlist::KeyTag;
using playlist::Segment;

bool IsClear(const playlist::MediaPlaylist& media, std::uint32_t key) {
  return media.keys[key].method != "AES-128";
}

std::string_view ExpectedContentType(SegmentKind kind, std::string_view uri) {
  switch (kind) {
    case SegmentKind::kMpegTs:
      return "video/mp2t";
    case SegmentKind::kFmp4:
      return ExtensionOf(uri) == ".m4s" ? "video/iso.segment" : "video/mp4";
    case SegmentKind::kWebVtt:
      return "text/vtt";
    default:
      return "";
  }
}

}  // namespace

MediaChecker::MediaChecker(std::string location, const CheckOptions& options,
                           Fetcher& fetcher, Findings& findings)
    : location_(std::move(location)),
      options_(options),
      fetcher_(fetcher),
      findings_(findings),
      series_(findings) {}

void MediaChecker::CheckNew(const playlist::MediaPlaylist& media) {
  media_ = &media;
  series_.SetPlaylist(media);
  for (const Segment& segment : media.segments) {
    if (next_sequence_ && segment.sequence < *next_sequence_) continue;
    // Some came and went between two versions.
    if (next_sequence_ && segment.sequence > *next_sequence_) series_.Skip();
    CheckSegment(segment);
    next_sequence_ = segment.sequence + 1;
  }
  media_ = nullptr;
}

void MediaChecker::ReportUnreadable(const Status& status,
                                    const std::string& uri, int line,
                                    bool ranged) {
  const std::string text = fmt::format("{}: {}", uri, status.ToString());
  switch (status.code()) {
    case StatusCode::kResourceExhausted:
    case StatusCode::kUnimplemented:
      findings_.Warning("R31", line, text + ": not checked");
      break;
    case StatusCode::kDataLoss:
      findings_.Error(ranged ? "R43" : "R31", line, text);
      break;
    case StatusCode::kFailedPrecondition:
      findings_.Error(ranged ? "R88" : "R31", line, text);
      break;
    default:
      findings_.Error("R31", line, text);
      break;
  }
}

const std::optional<AesBlock>& MediaChecker::KeyOf(std::uint32_t index) {
  const KeyTag& key = media_->keys[index];
  const auto [entry, added] = keys_.try_emplace(key.uri);
  if (!added) return entry->second;
  constexpr std::uint64_t kMost = 4096;
  const auto fetched = fetcher_.Get(ResolveUri(location_, key.uri), kMost);
  AesBlock block{};
  if (!fetched.ok()) {
    findings_.Error(
        "R50", key.line,
        fmt::format("{}: {}", key.uri, fetched.status().ToString()));
  } else if (fetched->bytes.size() != block.size()) {
    findings_.Error("R50", key.line,
                    fmt::format("{}: a key of {} bytes, not 16", key.uri,
                                fetched->bytes.size()));
  } else {
    std::copy(fetched->bytes.begin(), fetched->bytes.end(), block.begin());
    entry->second = block;
  }
  return entry->second;
}

std::optional<Bytes> MediaChecker::Read(
    const std::string& uri, int line,
    const std::optional<playlist::ByteRange>& range,
    const std::vector<std::uint32_t>& keys, std::uint64_t sequence) {
  auto fetched = fetcher_.Get(ResolveUri(location_, uri),
                              options_.max_segment_bytes, range);
  if (!fetched.ok()) {
    ReportUnreadable(fetched.status(), uri, line, range.has_value());
    return std::nullopt;
  }
  content_type_ = fetched->content_type;
  const ByteSpan bytes = AsBytes(fetched->bytes);
  if (keys.empty() || IsClear(*media_, keys.front())) {
    return Bytes(bytes.begin(), bytes.end());
  }
  const std::optional<AesBlock>& key = KeyOf(keys.front());
  if (!key) return std::nullopt;
  const std::string& iv = media_->keys[keys.front()].iv;
  const AesBlock block = ParseIv(iv).value_or(IvOfSequence(sequence));
  auto clear = DecryptSegment(bytes, *key, block);
  if (!clear.ok()) {
    findings_.Error("R48", line,
                    fmt::format("{}: {}", uri, clear.status().message()));
    return std::nullopt;
  }
  return std::move(clear).value();
}

const MediaChecker::Init& MediaChecker::InitOf(std::uint32_t map) {
  const playlist::MapTag& tag = media_->maps[map];
  std::string name = tag.uri;
  if (tag.byte_range) {
    name +=
        fmt::format(" {}@{}", tag.byte_range->length, tag.byte_range->offset);
  }
  const auto [entry, added] = inits_.try_emplace(std::move(name));
  Init& init = entry->second;
  if (!added) return init;
  auto bytes = Read(tag.uri, tag.line, tag.byte_range, tag.keys, 0);
  if (!bytes) return init;
  init.read = true;
  init.bytes = std::move(*bytes);
  if (KindOf(init.bytes) != SegmentKind::kFmp4) return init;
  init.facts = ReadFmp4Init(init.bytes);
  for (const Issue& issue : init.facts->issues) {
    const std::string text = tag.uri + ": " + issue.message;
    if (issue.level == IssueLevel::kError) {
      findings_.Error(issue.rule, tag.line, text);
    } else {
      findings_.Apple(issue.rule, tag.line, text);
    }
  }
  return init;
}

void MediaChecker::CheckContentType(const std::string& content_type,
                                    const std::string& uri, SegmentKind kind,
                                    int line) {
  if (content_type.empty()) return;
  const std::string_view expected = ExpectedContentType(kind, uri);
  const std::string_view type =
      std::string_view(content_type).substr(0, content_type.find(';'));
  const bool alternative =
      kind == SegmentKind::kFmp4 &&
      (type == "video/mp4" || type == "audio/mp4" ||
       type == "video/iso.segment" || type == "application/mp4");
  if (!expected.empty() && type != expected && !alternative) {
    findings_.Apple("R85", line,
                    fmt::format("{}: content type {}, expected {}", uri,
                                content_type, expected));
  }
}

void MediaChecker::CheckSegment(const Segment& segment) {
  if (segment.gap) {
    series_.Gap(segment);
    return;
  }
  auto bytes = Read(segment.uri, segment.line, segment.byte_range, segment.keys,
                    segment.sequence);
  if (!bytes) {
    series_.Skip();
    return;
  }
  if (bytes->empty()) {
    findings_.Error("R31", segment.line, segment.uri + ": is empty");
    series_.Skip();
    return;
  }
  CheckContentType(content_type_, segment.uri, KindOf(*bytes), segment.line);
  // Single pictures out of segments: their container is not whole.
  if (media_->i_frames_only.present()) return;
  SegmentScope scope{.samples_encrypted =
                         !segment.keys.empty() &&
                         IsClear(*media_, segment.keys.front())};
  if (segment.map) {
    const Init& init = InitOf(*segment.map);
    if (!init.read) {
      series_.Skip();
      return;
    }
    scope.map = init.bytes;
    if (init.facts) scope.init = &*init.facts;
  }
  series_.Add(segment, ReadSegment(*bytes, scope));
}

}  // namespace hlsrec::check
