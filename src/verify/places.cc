#include "src/verify/places.h"

#include <utility>

namespace hlsrec::verify {
namespace {

constexpr std::string_view kName = "recording.json";
constexpr std::string_view kSuffix = "_recording.json";

std::string_view NameOf(std::string_view key) {
  return key.substr(FolderOf(key).size());
}

bool HasHiddenLevel(std::string_view key) {
  return key.starts_with('.') || key.find("/.") != std::string_view::npos;
}

// "index.m3u8.lease-1": who may write there.
bool IsLease(std::string_view key) {
  return NameOf(key).find(".m3u8.lease-") != std::string_view::npos;
}

}  // namespace

std::string FolderOf(std::string_view key) {
  const std::size_t slash = key.rfind('/');
  return slash == std::string_view::npos
             ? std::string()
             : std::string(key.substr(0, slash + 1));
}

bool IsManifest(std::string_view key) {
  return NameOf(key) == kName || key.ends_with(kSuffix);
}

Places::Places(std::string told, std::string found)
    : told_(std::move(told)), found_(std::move(found)) {}

std::optional<std::string> Places::Find(const std::string& key) const {
  if (found_ == told_ || found_.ends_with("/" + told_)) {
    return found_.substr(0, found_.size() - told_.size()) + key;
  }
  const std::string from = FolderOf(told_);
  if (!key.starts_with(from)) return std::nullopt;
  return FolderOf(found_) + key.substr(from.size());
}

bool Places::IsAmong(std::string_view found) const {
  const std::string folder = FolderOf(found_);
  if (!found.starts_with(folder)) return false;
  found.remove_prefix(folder.size());
  if (HasHiddenLevel(found) || IsLease(found) || IsManifest(found)) {
    return false;
  }
  std::string_view name = NameOf(found_);
  if (!name.ends_with(kSuffix)) return true;
  name.remove_suffix(kSuffix.size());
  if (!found.starts_with(name) || found.size() == name.size()) return false;
  const char next = found[name.size()];
  return next == '.' || next == '-' || next == '_' || next == '/';
}

}  // namespace hlsrec::verify
