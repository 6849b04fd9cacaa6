#include "src/serve/query.h"

#include <algorithm>

namespace hlsrec::serve {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

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

std::optional<std::string> DecodePercent(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexValue(text[i + 1]);
    const int low = HexValue(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  return decoded;
}

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
