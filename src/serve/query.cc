#include "src/serve/query.h"

#include <algorithm>

#include "src/base/percent.h"

namespace hlsrec::serve {
namespace {

// Calls `take` with each parameter as it is written, and its name as it is
// meant: our own are known however they are written.
template <typename Take>
void ForEach(std::string_view query, Take take) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view one = query.substr(0, end);
    query.remove_prefix(std::min(query.size(), end + 1));
    take(one, DecodePercent(one.substr(0, one.find('='))));
  }
}

}  // namespace

std::optional<std::string> QueryValue(std::string_view query,
                                      std::string_view name) {
  std::optional<std::string> value;
  bool found = false;
  ForEach(query, [&](std::string_view one, const auto& its_name) {
    if (found || !its_name || *its_name != name) return;
    found = true;
    const std::size_t equals = std::min(one.find('='), one.size() - 1);
    value = DecodePercent(one.substr(equals + 1));
  });
  return value;
}

std::string KeepOfQuery(std::string_view query,
                        std::initializer_list<std::string_view> names) {
  std::string kept;
  ForEach(query, [&](std::string_view one, const auto& name) {
    if (name && std::find(names.begin(), names.end(), *name) != names.end()) {
      kept = JoinQueries(kept, one);
    }
  });
  return kept;
}

std::string DropOfQuery(std::string_view query,
                        const std::vector<std::string>& names) {
  std::string kept;
  ForEach(query, [&](std::string_view one, const auto& name) {
    if (name && std::find(names.begin(), names.end(), *name) != names.end()) {
      return;
    }
    kept += kept.empty() ? "" : "&";
    kept += one;
  });
  return kept;
}

std::string JoinQueries(std::string_view first, std::string_view second) {
  std::string joined(first);
  if (!first.empty() && !second.empty()) joined += '&';
  return joined += second;
}

}  // namespace hlsrec::serve
