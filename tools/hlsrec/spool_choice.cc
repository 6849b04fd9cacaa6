#include "tools/hlsrec/spool_choice.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <utility>

#include "tools/hlsrec/record_options.h"

namespace hlsrec::tools {
namespace {

namespace fs = std::filesystem;

constexpr int kMostBeside = 100;

// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): the same in each build.
std::uint64_t Fnv(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

std::string Plain(std::string_view name) {
  constexpr std::size_t kLongest = 40;
  std::string plain(name.substr(0, kLongest));
  for (char& c : plain) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!fine) c = '_';
  }
  return plain;
}

// Whoever died while it took an empty spool away left the lock alone.
bool IsSpool(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / "journal.db", ignored) ||
         fs::exists(folder / "lock", ignored);
}

}  // namespace

StatusOr<std::shared_ptr<Runtime>> OpenRuntime(const RecordCommand& command,
                                               RuntimeOptions options) {
  // Nothing is stored: nothing can be owed.
  if (command.outputs.empty()) return Runtime::Create(std::move(options));
  if (!command.spool.empty()) {
    options.spool_directory = command.spool;
    return Runtime::Create(std::move(options));
  }
  std::string told = command.stream + "\n" + command.session + "\n" +
                     command.layout + "\n" + command.playlist_name;
  for (const std::string& text : command.identity) told += "\n" + text;
  for (const std::string& output : command.outputs) {
    std::error_code ignored;
    told += "\n" + fs::absolute(output, ignored).lexically_normal().string();
  }
  const std::string stream = StreamName(command);
  const std::string first =
      fmt::format("{}/{}-{:016x}", SpoolsOf(command), Plain(stream),
                  Fnv(stream + "\n" + told));
  const bool once = NamesItselfAnew(command);
  for (int i = 1;; ++i) {
    options.spool_directory = i == 1 ? first : fmt::format("{}-{}", first, i);
    auto runtime = Runtime::Create(options);
    if (runtime.ok() ||
        runtime.status().code() != StatusCode::kFailedPrecondition) {
      return runtime;
    }
    if (once && i < kMostBeside) continue;
    // Only a lock that is held says so.
    std::error_code ignored;
    if (!fs::exists(fs::path(options.spool_directory) / "lock", ignored)) {
      return runtime;
    }
    return runtime.status().WithContext("the same playlist is being recorded");
  }
}

void AwaitOthers(const std::shared_ptr<Runtime>& runtime) {
  constexpr int kMostMilliseconds = 2000;
  for (int i = 0; i < kMostMilliseconds && runtime.use_count() > 1; ++i) {
    ::poll(nullptr, 0, 1);
  }
}

StatusOr<std::vector<std::string>> FindSpools(const std::string& folder) {
  const fs::path path(folder);
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    return Status(StatusCode::kNotFound,
                  fmt::format("resume: {}: is not a folder", folder));
  }
  std::vector<std::string> spools;
  if (IsSpool(path)) spools.push_back(path.string());
  const fs::path inside = path.filename() == kSpools ? path : path / kSpools;
  for (fs::directory_iterator entry(inside, error), end; !error && entry != end;
       entry.increment(error)) {
    if (IsSpool(entry->path())) spools.push_back(entry->path().string());
  }
  std::sort(spools.begin(), spools.end());
  return spools;
}

void TidySpools(const std::string& folder) {
  const fs::path path(folder);
  const fs::path spools =
      path.filename() == kSpools ? path : path.parent_path();
  std::error_code ignored;  // only an empty folder goes
  if (spools.filename() == kSpools) fs::remove(spools, ignored);
}

}  // namespace hlsrec::tools
