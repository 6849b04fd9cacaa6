#include "src/package/store.h"

#include <filesystem>
#include <utility>

#include "hlsrec/sink.h"
#include "src/base/gzip.h"
#include "src/base/status_util.h"
#include "src/check/uri.h"

namespace hlsrec::package {
namespace {

constexpr std::chrono::milliseconds kRequestTimeout{60'000};

}  // namespace

StatusOr<std::string> Store::Locate(const std::string& base,
                                    const std::string& uri) {
  std::string location = check::ResolveUri(base, uri);
  if (check::IsHttpUrl(location)) return location;
  if (check::HasScheme(location)) {
    return InvalidArgument("{}: {}: neither beside it nor http(s)", base,
                           location.substr(0, 40));
  }
  location = std::filesystem::path(location).lexically_normal().string();
  while (location.starts_with('/')) location.erase(0, 1);
  if (const Status status = CheckKey(location); !status.ok()) {
    return InvalidArgument("{}: {}: leads out of where it is stored", base,
                           uri);
  }
  return location;
}

SinkReader::Question Store::Ask(const std::string& location) {
  if (check::IsHttpUrl(location)) return nullptr;
  return reader_.Ask(location, max_object_bytes_);
}

StatusOr<std::string> Store::Take(const std::string& location,
                                  SinkReader::Question question) {
  if (question != nullptr) {
    auto bytes = reader_.Take(location, max_object_bytes_, std::move(question));
    // Most sinks name it themselves.
    const bool named =
        bytes.status().message().find(location) != std::string::npos;
    if (bytes.ok() || named) return bytes;
    return bytes.status().WithContext(location);
  }
  HLSREC_ASSIGN_OR_RETURN(check::Fetched fetched,
                          fetcher().Get(location, max_object_bytes_));
  return std::move(fetched.bytes);
}

StatusOr<std::string> Store::GetRange(const std::string& location,
                                      const playlist::ByteRange& range) {
  if (location != kept_location_) {
    HLSREC_ASSIGN_OR_RETURN(kept_, Get(location));
    kept_location_ = location;
  }
  if (range.offset > kept_.size() ||
      range.length > kept_.size() - range.offset) {
    return DataLoss("{}: has {} bytes, and {} from {} on are wanted", location,
                    kept_.size(), range.length, range.offset);
  }
  return kept_.substr(range.offset, range.length);
}

StatusOr<std::string> Store::ReadText(const std::string& location) {
  HLSREC_ASSIGN_OR_RETURN(std::string text, Get(location));
  if (!IsGzip(text)) return text;
  return Gunzip(text, max_object_bytes_);
}

StatusOr<playlist::ParsedPlaylist> Store::ReadPlaylist(
    const std::string& location) {
  HLSREC_ASSIGN_OR_RETURN(const std::string text, ReadText(location));
  return ParseText(text, location);
}

Store::Presence Store::AskPresence(const std::string& location) {
  if (check::IsHttpUrl(location)) return nullptr;
  return reader_.Ask(location, /*max_bytes=*/0);
}

Status Store::TakePresence(const std::string& location, Presence presence) {
  // Presigned URLs are for GET.
  if (presence == nullptr) {
    return fetcher().GetSome(location, {.length = 1, .offset = 0}).status();
  }
  Status status =
      reader_.Take(location, /*max_bytes=*/0, std::move(presence)).status();
  // It has more bytes than were asked for.
  if (status.code() == StatusCode::kResourceExhausted) return {};
  return status;
}

check::Fetcher& Store::fetcher() {
  if (fetcher_ == nullptr) {
    fetcher_ = std::make_unique<check::Fetcher>(kRequestTimeout);
  }
  return *fetcher_;
}

StatusOr<playlist::ParsedPlaylist> ParseText(const std::string& text,
                                             const std::string& location) {
  StatusOr<playlist::ParsedPlaylist> parsed = playlist::ParsePlaylist(text);
  if (!parsed.ok()) return parsed.status().WithContext(location);
  return parsed;
}

}  // namespace hlsrec::package
