#include "src/spool/sidecar.h"

#include <charconv>
#include <optional>
#include <system_error>

#include "src/base/hash.h"
#include "src/base/status_util.h"

namespace hlsrec::spool {
namespace {

constexpr std::string_view kMagic = "hlsrec-open";
constexpr std::string_view kVersion = "1";
constexpr std::size_t kSumDigits = 8;

std::string SumOf(std::string_view text) {
  Bytes bytes;
  Append(bytes, text);
  return Sha256Hex(bytes).substr(0, kSumDigits);
}

std::string WithSum(const std::string& line) {
  return fmt::format("{} {}\n", line, SumOf(line));
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// The fields before the sum; none where it is wrong.
std::vector<std::string_view> FieldsOf(std::string_view line) {
  const std::size_t space = line.rfind(' ');
  if (space == std::string_view::npos ||
      line.substr(space + 1) != SumOf(line.substr(0, space))) {
    return {};
  }
  return Split(line.substr(0, space), ' ');
}

template <typename T>
bool ParseNumber(std::string_view text, T& value) {
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<SegmentStart> ParseHeader(std::string_view line) {
  const std::vector<std::string_view> fields = FieldsOf(line);
  if (fields.size() != 9 || fields[0] != kMagic || fields[1] != kVersion) {
    return std::nullopt;
  }
  SegmentStart start;
  std::int64_t start_us = 0;
  int discontinuity = 0;
  if (!ParseNumber(fields[2], start.id.recording) ||
      !ParseNumber(fields[3], start.id.rendition) ||
      !ParseNumber(fields[4], start.id.packaging) ||
      !ParseNumber(fields[5], start.id.index) ||
      !ParseNumber(fields[6], start_us) ||
      !ParseNumber(fields[7], discontinuity)) {
    return std::nullopt;
  }
  start.start = WallTime(std::chrono::microseconds(start_us));
  start.discontinuity = discontinuity != 0;
  if (fields[8] != "-") start.init_hash = fields[8];
  return start;
}

std::optional<SidecarChunk> ParseChunk(std::string_view line) {
  const std::vector<std::string_view> fields = FieldsOf(line);
  SidecarChunk chunk;
  std::int64_t duration_us = 0;
  if (fields.size() != 3 || !ParseNumber(fields[0], chunk.end) ||
      !ParseNumber(fields[1], duration_us) ||
      (fields[2] != "-" && fields[2].size() != SidecarChunk::kShaDigits)) {
    return std::nullopt;
  }
  chunk.duration = std::chrono::microseconds(duration_us);
  if (fields[2] != "-") chunk.sha256_prefix = fields[2];
  return chunk;
}

}  // namespace

std::string RenderSidecarHeader(const SegmentStart& start) {
  return WithSum(fmt::format(
      "{} {} {} {} {} {} {} {} {}", kMagic, kVersion, start.id.recording,
      start.id.rendition, start.id.packaging, start.id.index,
      std::chrono::floor<std::chrono::microseconds>(start.start)
          .time_since_epoch()
          .count(),
      start.discontinuity ? 1 : 0,
      start.init_hash.empty() ? "-" : start.init_hash));
}

std::string RenderSidecarChunk(const SidecarChunk& chunk) {
  return WithSum(
      fmt::format("{} {} {}", chunk.end, chunk.duration.count(),
                  chunk.sha256_prefix.empty() ? "-" : chunk.sha256_prefix));
}

StatusOr<Sidecar> ParseSidecar(std::string_view text) {
  std::vector<std::string_view> lines = Split(text, '\n');
  lines.pop_back();  // what has no newline behind it
  const std::optional<SegmentStart> start =
      lines.empty() ? std::nullopt : ParseHeader(lines.front());
  if (!start) return DataLoss("sidecar: its first line is not whole");
  Sidecar sidecar{.start = *start};
  for (const std::string_view line : lines) {
    std::optional<SidecarChunk> chunk = ParseChunk(line);
    const std::uint64_t before =
        sidecar.chunks.empty() ? 0 : sidecar.chunks.back().end;
    if (chunk && chunk->end > before) {
      sidecar.chunks.push_back(*std::move(chunk));
    }
  }
  return sidecar;
}

}  // namespace hlsrec::spool
