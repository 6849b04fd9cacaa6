#include "src/serve/private_answer.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "src/base/status_util.h"
#include "src/net/header_text.h"
#include "src/playlist/parse_values.h"

namespace hlsrec::serve {
namespace {

// "public, max-age=9, immutable" becomes "private, max-age=5, immutable".
std::string Private(std::string_view directives, std::uint64_t good_for) {
  constexpr std::string_view kMaxAge = "max-age=";
  std::string kept = "private";
  while (!directives.empty()) {
    const std::size_t end = std::min(directives.find(','), directives.size());
    const std::string_view one = net::Trim(directives.substr(0, end));
    directives.remove_prefix(std::min(directives.size(), end + 1));
    if (one == "no-store") return "no-store";
    if (one.empty() || one == "public" || one == "private" ||
        one.starts_with("s-maxage=")) {
      continue;
    }
    const auto age =
        one.starts_with(kMaxAge)
            ? playlist::ParseDecimalInteger(one.substr(kMaxAge.size()))
            : std::nullopt;
    kept += age ? fmt::format(", max-age={}", std::min(*age, good_for))
                : fmt::format(", {}", one);
  }
  return kept;
}

}  // namespace

void MakePrivate(std::chrono::seconds good_for, HttpResponse& response) {
  const auto found = std::find_if(
      response.headers.begin(), response.headers.end(),
      [](const HttpField& field) {
        return net::EqualsIgnoringCase(field.name, "Cache-Control");
      });
  const auto seconds = static_cast<std::uint64_t>(good_for.count());
  if (found != response.headers.end()) {
    found->value = Private(found->value, seconds);
  } else {
    response.headers.push_back({.name = "Cache-Control", .value = "private"});
  }
}

}  // namespace hlsrec::serve
