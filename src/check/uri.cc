#include "src/check/uri.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "src/base/file.h"
#include "src/base/percent.h"

namespace hlsrec::check {
namespace {

// RFC 3986 section 5.2.4, on an absolute path.
std::string RemoveDotSegments(std::string_view path) {
  std::vector<std::string_view> levels;
  bool directory = false;
  std::size_t begin = 0;
  while (begin < path.size()) {
    std::size_t end = path.find('/', begin + 1);
    end = std::min(end, path.size());
    const std::string_view level = path.substr(begin + 1, end - begin - 1);
    directory = level == "." || level == "..";
    if (level == "..") {
      if (!levels.empty()) levels.pop_back();
    } else if (level != ".") {
      levels.push_back(level);
    }
    begin = end;
  }
  std::string result;
  for (const std::string_view level : levels) {
    result += '/';
    result += level;
  }
  if (directory || result.empty()) result += '/';
  return result;
}

std::string ResolveUrl(std::string_view base, std::string_view uri) {
  base = base.substr(0, base.find_first_of('#'));
  const std::size_t authority = base.find("//");
  const std::size_t path_begin =
      std::min(base.find_first_of("/?", authority + 2), base.size());
  const std::string_view origin = base.substr(0, path_begin);
  std::string_view path = base.substr(path_begin);
  path = path.substr(0, path.find('?'));
  if (uri.empty()) return std::string(base);
  if (uri.starts_with("//")) {
    return std::string(base.substr(0, authority)) + std::string(uri);
  }
  if (uri.front() == '?') {
    return std::string(origin) + std::string(path) + std::string(uri);
  }
  const std::size_t query = std::min(uri.find_first_of("?#"), uri.size());
  std::string target(uri.substr(0, query));
  if (!target.starts_with('/')) {
    const std::size_t slash = path.rfind('/');
    target = (slash == std::string_view::npos
                  ? std::string("/")
                  : std::string(path.substr(0, slash + 1))) +
             target;
  }
  return std::string(origin) + RemoveDotSegments(target) +
         std::string(uri.substr(query));
}

}  // namespace

bool IsHttpUrl(std::string_view location) {
  return location.starts_with("http://") || location.starts_with("https://");
}

std::string ResolveUri(std::string_view base, std::string_view uri) {
  if (HasScheme(uri) && !uri.starts_with("file://")) return std::string(uri);
  if (IsHttpUrl(base)) return ResolveUrl(base, uri);
  if (uri.starts_with("file://")) uri.remove_prefix(7);
  std::string path =
      DecodePercentLeniently(uri.substr(0, uri.find_first_of("?#")));
  if (path.starts_with('/')) return path;
  const std::string directory = DirectoryOf(std::string(base));
  return directory == "." ? path : directory + "/" + path;
}

bool LeavesFolder(std::string_view root, std::string_view base,
                  std::string_view uri) {
  if (HasScheme(uri) || uri.starts_with('/') ||
      uri.find("..") == std::string_view::npos) {
    return false;
  }
  const auto normal = [](std::string_view location) {
    return IsHttpUrl(location)
               ? std::string(location)
               : std::filesystem::path(location).lexically_normal().string();
  };
  std::string folder = normal(root);
  if (folder == ".") folder.clear();
  if (!folder.empty() && !folder.ends_with('/')) folder += '/';
  const std::string target = normal(ResolveUri(base, uri));
  return folder.empty() ? target.starts_with("..")
                        : !target.starts_with(folder);
}

std::string ExtensionOf(std::string_view uri) {
  uri = uri.substr(0, uri.find_first_of("?#"));
  const std::size_t slash = uri.rfind('/');
  if (slash != std::string_view::npos) uri.remove_prefix(slash + 1);
  const std::size_t dot = uri.rfind('.');
  if (dot == std::string_view::npos) return {};
  std::string extension(uri.substr(dot));
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) {
                   return c >= 'A' && c <= 'Z'
                              ? static_cast<char>(c - 'A' + 'a')
                              : static_cast<char>(c);
                 });
  return extension;
}

}  // namespace hlsrec::check
