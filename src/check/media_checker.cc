#include "src/check/media_checker.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "src/check/delivery_rules.h"
#include "src/check/uri.h"

namespace hlsrec::check {
namespace {

using playlist::KeyTag;
using playlist::Segment;

bool IsClear(const playlist::MediaPlaylist& media, std::uint32_t key) {
  return media.keys[key].method != "AES-128";
}

}  // namespace

MediaChecker::MediaChecker(std::string location, const CheckOptions& options,
                           Fetcher& fetcher, Findings& findings)
    : location_(std::move(location)),
      options_(options),
      fetcher_(fetcher),
      findings_(findings),
      series_(findings),
      i_frames_(findings) {}

void MediaChecker::CheckNew(const playlist::MediaPlaylist& media) {
  media_ = &media;
  series_.SetPlaylist(media);
  for (const Segment& segment : media.segments) {
    if (next_sequence_ && segment.sequence < *next_sequence_) continue;
    // Some came and went between two versions.
    if (next_sequence_ && segment.sequence > *next_sequence_) Skip();
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
  const std::string object = std::move(fetched->bytes);
  answer_ = std::move(fetched).value();
  const ByteSpan bytes = AsBytes(object);
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

void MediaChecker::CheckDelivery(const Segment& segment, SegmentKind kind) {
  CheckSegmentType(answer_.content_type, segment, kind, findings_);
  if (lifetime_checked_ || answer_.http_version == 0 || !IsSliding(*media_)) {
    return;
  }
  lifetime_checked_ = true;
  if (!answer_.fresh_for) {
    findings_.Warning("R37", segment.line,
                      segment.uri +
                          ": will be deleted, but neither Cache-Control nor "
                          "Expires says when");
  }
}

const Bytes& MediaChecker::HeadOf(const std::string& uri) {
  const auto [entry, added] = heads_.try_emplace(uri);
  // Some put a description of the service, and more, before the tables.
  constexpr std::uint64_t kHeadBytes = std::uint64_t{188} * 16;
  if (added) {
    const auto fetched =
        fetcher_.GetSome(ResolveUri(location_, uri), {.length = kHeadBytes});
    if (fetched.ok()) {
      entry->second.assign(fetched->bytes.begin(), fetched->bytes.end());
    }
  }
  return entry->second;
}

void MediaChecker::CheckIFrame(const Segment& segment, const Bytes& bytes,
                               SegmentScope scope) {
  Bytes tail;
  if (KindOf(bytes) == SegmentKind::kMpegTs && segment.keys.empty() &&
      segment.byte_range) {
    if (scope.map.empty()) scope.map = HeadOf(segment.uri);
    // Packets of sound may lie between two of a picture.
    constexpr std::uint64_t kTailBytes = std::uint64_t{188} * 64;
    const auto fetched = fetcher_.GetSome(
        ResolveUri(location_, segment.uri),
        {.length = kTailBytes,
         .offset = segment.byte_range->offset + segment.byte_range->length});
    if (fetched.ok()) tail.assign(fetched->bytes.begin(), fetched->bytes.end());
  }
  i_frames_.Add(segment, bytes, scope, tail);
}

void MediaChecker::Skip() {
  series_.Skip();
  i_frames_.Skip();
}

void MediaChecker::CheckSegment(const Segment& segment) {
  if (segment.gap) {
    series_.Gap(segment);
    i_frames_.Skip();
    return;
  }
  auto bytes = Read(segment.uri, segment.line, segment.byte_range, segment.keys,
                    segment.sequence);
  if (!bytes) {
    Skip();
    return;
  }
  if (bytes->empty()) {
    findings_.Error("R31", segment.line, segment.uri + ": is empty");
    Skip();
    return;
  }
  const SegmentKind kind = KindOf(*bytes);
  CheckDelivery(segment, kind);
  SegmentScope scope{.samples_encrypted =
                         !segment.keys.empty() &&
                         IsClear(*media_, segment.keys.front())};
  if (segment.map) {
    const Init& init = InitOf(*segment.map);
    if (!init.read) {
      Skip();
      return;
    }
    scope.map = init.bytes;
    if (init.facts) scope.init = &*init.facts;
  }
  const std::string extension = ExtensionOf(segment.uri);
  if (media_->i_frames_only.present()) {
    CheckIFrame(segment, *bytes, scope);
  } else if (kind == SegmentKind::kUnknown &&
             (extension == ".vtt" || extension == ".webvtt")) {
    findings_.Error("R66", segment.line, segment.uri + ": no WEBVTT header");
    Skip();
  } else {
    series_.Add(segment, ReadSegment(*bytes, scope));
  }
}

}  // namespace hlsrec::check
