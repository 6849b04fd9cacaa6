#include "src/playlist/reference.h"

#include <algorithm>

#include "hlsrec/sink.h"
#include "src/base/percent.h"

namespace hlsrec::playlist {
namespace {

// One level of a path, onto a folder without its last `/`; false: above it all.
bool Climb(std::string& folder, std::string_view level) {
  if (level == ".") return true;
  if (level == "..") {
    if (folder.empty()) return false;
    const std::size_t slash = folder.rfind('/');
    folder.resize(slash == std::string::npos ? 0 : slash);
    return true;
  }
  if (!folder.empty()) folder += '/';
  folder += level;
  return true;
}

bool IsAlpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

bool HasScheme(std::string_view uri) {
  const std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  if (!IsAlpha(uri.front())) return false;
  return std::all_of(uri.begin(), uri.begin() + static_cast<long>(colon),
                     [](char c) {
                       return IsAlpha(c) || (c >= '0' && c <= '9') ||
                              c == '+' || c == '-' || c == '.';
                     });
}

std::optional<std::string> KeyOfReference(std::string_view list,
                                          std::string_view uri) {
  uri = uri.substr(0, uri.find_first_of("?#"));
  if (uri.empty() || uri.front() == '/' || HasScheme(uri)) return std::nullopt;
  const std::optional<std::string> path = DecodePercent(uri);
  if (!path) return std::nullopt;
  std::string key(FolderOfKey(list));
  if (!key.empty()) key.pop_back();
  std::string_view rest = *path;
  while (!rest.empty()) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    if (!Climb(key, rest.substr(0, slash))) return std::nullopt;
    rest.remove_prefix(std::min(slash + 1, rest.size()));
  }
  if (!CheckKey(key).ok()) return std::nullopt;
  return key;
}

std::string_view FolderOfKey(std::string_view key) {
  const std::size_t slash = key.rfind('/');
  return slash == std::string_view::npos ? std::string_view()
                                         : key.substr(0, slash + 1);
}

std::string ExtensionOfKey(std::string_view key) {
  key.remove_prefix(FolderOfKey(key).size());
  const std::size_t dot = key.rfind('.');
  if (dot == std::string_view::npos) return {};
  std::string extension(key.substr(dot + 1));
  std::transform(
      extension.begin(), extension.end(), extension.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      });
  return extension;
}

}  // namespace hlsrec::playlist
