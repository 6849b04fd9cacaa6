#include "src/package/segment_stream.h"

#include <algorithm>
#include <utility>

#include "src/base/bytes.h"
#include "src/base/status_util.h"
#include "src/check/decrypt.h"

namespace hlsrec::package {
namespace {

using playlist::KeyTag;
using playlist::MapTag;
using playlist::Segment;

}  // namespace

StatusOr<bool> SegmentStream::Begin() {
  while (bytes_.empty() && next_ < segments_.size()) {
    HLSREC_RETURN_IF_ERROR(Fill());
  }
  if (bytes_.empty()) return false;
  HLSREC_ASSIGN_OR_RETURN(const std::string map, ReadMap());
  bytes_ = map + bytes_;
  return true;
}

StatusOr<std::size_t> SegmentStream::Read(std::span<std::uint8_t> out) {
  while (position_ == bytes_.size()) {
    if (next_ == segments_.size()) return std::size_t{0};
    HLSREC_RETURN_IF_ERROR(Fill());
  }
  const std::size_t count = std::min(out.size(), bytes_.size() - position_);
  std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(position_), count,
              out.begin());
  position_ += count;
  return count;
}

Status SegmentStream::Fill() {
  bytes_.clear();
  position_ = 0;
  HLSREC_RETURN_IF_ERROR(listener_.on_next());
  HLSREC_RETURN_IF_ERROR(AskAhead());
  const PartSegment planned = segments_[next_++];
  const Segment& segment = list_.list.segments[planned.index];
  StatusOr<std::string> bytes = ReadSegment(segment);
  if (bytes.status().code() == StatusCode::kNotFound) {
    if (options_.missing == MissingSegments::kFail) return bytes.status();
    listener_.on_missing(planned, segment.uri);
    return {};
  }
  if (!bytes.ok()) return bytes.status();
  bytes_ = *std::move(bytes);
  listener_.on_read(planned, bytes_.size());
  return {};
}

StatusOr<std::string> SegmentStream::ReadMap() {
  const Segment& first = list_.list.segments[segments_.front().index];
  if (!first.map) return std::string();
  const MapTag& map = list_.list.maps[*first.map];
  HLSREC_ASSIGN_OR_RETURN(const std::string location,
                          Store::Locate(list_.location, map.uri));
  StatusOr<std::string> bytes = map.byte_range
                                    ? store_.GetRange(location, *map.byte_range)
                                    : store_.Get(location);
  if (!bytes.ok()) return bytes.status();
  return Decrypt(*std::move(bytes), map.keys, first.sequence);
}

Status SegmentStream::AskAhead() {
  const std::size_t until =
      std::min(segments_.size(),
               next_ + static_cast<std::size_t>(std::max(1, options_.ahead)));
  for (asked_ = std::max(asked_, next_); asked_ < until; ++asked_) {
    const Segment& segment = list_.list.segments[segments_[asked_].index];
    HLSREC_ASSIGN_OR_RETURN(std::string location,
                            Store::Locate(list_.location, segment.uri));
    SinkReader::Question question =
        segment.byte_range ? nullptr : store_.Ask(location);
    ahead_.push_back(
        {.location = std::move(location), .question = std::move(question)});
  }
  return {};
}

StatusOr<std::string> SegmentStream::ReadSegment(const Segment& segment) {
  Ahead ahead = std::move(ahead_.front());
  ahead_.pop_front();
  StatusOr<std::string> bytes =
      segment.byte_range
          ? store_.GetRange(ahead.location, *segment.byte_range)
          : store_.Take(ahead.location, std::move(ahead.question));
  if (!bytes.ok()) return bytes;
  return Decrypt(*std::move(bytes), segment.keys, segment.sequence);
}

StatusOr<std::string> SegmentStream::Decrypt(
    std::string bytes, const std::vector<std::uint32_t>& keys,
    std::uint64_t sequence) {
  for (const std::uint32_t number : keys) {
    const KeyTag& tag = list_.list.keys[number];
    if (tag.method == "NONE") continue;
    if (tag.method != "AES-128") {
      return Unimplemented("{}: line {}: {}: only AES-128 can be decrypted",
                           Shown(list_.location), tag.line, tag.method);
    }
    HLSREC_ASSIGN_OR_RETURN(const std::string location,
                            Store::Locate(list_.location, tag.uri));
    HLSREC_ASSIGN_OR_RETURN(const std::string key, Key(location));
    check::AesBlock block = {};
    if (key.size() != block.size()) {
      return DataLoss("{}: a key of {} bytes, not 16", Shown(location),
                      key.size());
    }
    std::copy(key.begin(), key.end(), block.begin());
    const auto iv =
        tag.iv.empty() ? check::IvOfSequence(sequence) : check::ParseIv(tag.iv);
    if (!iv) {
      return DataLoss("{}: line {}: IV: want 32 hexadecimal digits",
                      Shown(list_.location), tag.line);
    }
    HLSREC_ASSIGN_OR_RETURN(const Bytes clear,
                            check::DecryptSegment(AsBytes(bytes), block, *iv));
    return std::string(AsText(clear));
  }
  return bytes;
}

StatusOr<std::string> SegmentStream::Key(const std::string& location) {
  const auto known = keys_.find(location);
  if (known != keys_.end()) return known->second;
  HLSREC_ASSIGN_OR_RETURN(std::string key, store_.Get(location));
  return keys_[location] = std::move(key);
}

}  // namespace hlsrec::package
