#include "tools/hlsrec/playlist_place.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "hlsrec/http_sink.h"
#include "tools/hlsrec/exit_codes.h"
#include "tools/hlsrec/http_delivery.h"
#include "tools/hlsrec/record_options.h"
#include "tools/hlsrec/s3_delivery.h"
#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

StatusOr<std::optional<RecordingPoint>> ParsePoint(const char* flag,
                                                   const std::string& text) {
  if (text.empty()) return std::optional<RecordingPoint>();
  if (const auto duration = ParseDuration(text); duration.ok()) {
    return std::optional<RecordingPoint>(std::chrono::microseconds(*duration));
  }
  const auto point = ParseRecordingPoint(text);
  if (!point.ok()) return point.status().WithContext(flag);
  return std::optional<RecordingPoint>(*point);
}

}  // namespace

StatusOr<Place> FindPlace(const RecordCommand& sinks,
                          const std::shared_ptr<Runtime>& runtime,
                          const std::string& location) {
  std::string root = "/";
  std::string key;
  if (IsS3Url(location)) {
    const auto [path, parameters] = SplitParameters(location);
    const std::size_t slash = path.rfind('/');
    key = KeyOfUrlPath(path.substr(slash + 1));
    root = path.substr(0, slash) + parameters;
  } else if (IsWebUrl(location)) {
    if (location.find('?') == std::string::npos) {
      const std::size_t path = location.find('/', location.find("://") + 3);
      if (path == std::string::npos) {
        return Status(StatusCode::kInvalidArgument,
                      location + ": want the URL of a file");
      }
      root = location.substr(0, path + 1);
      key = KeyOfUrlPath(location.substr(path + 1));
    } else {
      key = location;
    }
  } else {
    std::error_code error;
    const auto absolute = std::filesystem::absolute(location, error);
    key = absolute.lexically_normal().string().substr(1);
  }
  auto sink = OpenOutput(sinks, runtime, root);
  if (!sink.ok()) return sink.status();
  return Place{
      .sink = *std::move(sink), .key = std::move(key), .root = std::move(root)};
}

StatusOr<std::string> KeyBeside(const Place& place,
                                const std::string& location) {
  if (location.find("://") == std::string::npos) {
    if (location.find('/') == std::string::npos || place.root != "/") {
      return place.key.substr(0, place.key.rfind('/') + 1) + location;
    }
    std::error_code error;
    return std::filesystem::absolute(location, error)
        .lexically_normal()
        .string()
        .substr(1);
  }
  std::string root = SplitParameters(place.root).path;
  if (!root.ends_with('/')) root += '/';
  const std::string path = SplitParameters(location).path;
  if (!path.starts_with(root)) {
    return Status(
        StatusCode::kInvalidArgument,
        fmt::format("{}: not below {}, where the recording is", path, root));
  }
  return KeyOfUrlPath(path.substr(root.size()));
}

std::string Shown(const Place& place, const std::string& key) {
  return place.root == "/" ? "/" + key : key;
}

int FailedWith(const char* command, const Status& status) {
  fmt::print(stderr, "hlsrec: {}: {}\n", command, status.message());
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
      return kUsage;
    case StatusCode::kAlreadyExists:
    case StatusCode::kPermissionDenied:
    case StatusCode::kResourceExhausted:
      return kStorageRefused;
    case StatusCode::kCancelled:
      return kStopped;
    default:
      return kSourceFailed;
  }
}

void PrintGap(const ExportGap& gap) {
  fmt::print(stderr, "gap: {} at {}, {:.3f} s: {}\n", gap.location,
             FormatClock(gap.start),
             std::chrono::duration<double>(gap.duration).count(),
             gap.missing ? "is not there" : "the playlist says so");
}

StatusOr<RecordingRange> ParseRange(const std::string& from,
                                    const std::string& to) {
  RecordingRange range;
  auto begin = ParsePoint("--from", from);
  if (!begin.ok()) return begin.status();
  auto end = ParsePoint("--to", to);
  if (!end.ok()) return end.status();
  range.from = *begin;
  range.to = *end;
  return range;
}

}  // namespace hlsrec::tools
