#include <string>
#include <string_view>

#include "hlsrec/forward.h"
#include "hlsrec/sink.h"
#include "tests/fuzz/fuzz.h"

namespace {

using hlsrec::ForwardAction;
using hlsrec::fuzz::Require;

constexpr std::string_view kBase = "https://bucket.example/videos/";

const hlsrec::Forwarder& PublicBucket() {
  static const auto forwarder = hlsrec::Forwarder::Create(
      {.http_forwarding_extension = "mp4, .m3u8,ts,*",
       .http_forwarding_base_url = std::string(kBase),
       .path_prefixes = {{"/live", "/"}, {"/a/b", "/c"}},
       .own_query_parameters = {"token"}});
  return *forwarder;
}

// Nothing in it ends a line, or is read in two ways.
bool IsPlain(std::string_view url) {
  for (const char c : url) {
    if (c <= 0x20 || c >= 0x7f || c == '\\') return false;
  }
  return true;
}

}  // namespace

// A request's target.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view target(reinterpret_cast<const char*>(data), size);
  const auto parsed = hlsrec::ParseRequestTarget(target);
  const auto decision =
      PublicBucket().Decide("GET", target, hlsrec::ObjectPlace::kUnknown);
  Require(parsed.ok() == (decision.action != ForwardAction::kRefuse),
          "what can't be parsed is refused, and nothing else");
  if (!parsed.ok()) return 0;
  std::string_view path = parsed->path;
  if (path.ends_with("/")) path.remove_suffix(1);
  Require(path.empty() || hlsrec::CheckKey(path).ok(),
          "a path is a key, or a folder");
  if (decision.action != ForwardAction::kRedirect) return 0;
  Require(hlsrec::CheckKey(decision.key).ok(), "a key in the bucket is one");
  const std::string_view location = decision.location;
  Require(location.starts_with(kBase), "no redirect leaves the bucket");
  const std::string_view there = location.substr(0, location.find('?'));
  Require(there.find("/../") == there.npos && !there.ends_with("/.."),
          "no redirect climbs");
  Require(there.find('#') == there.npos && IsPlain(there),
          "no redirect's path holds what must be escaped");
  Require(location.find_first_of("\r\n") == location.npos,
          "no redirect begins another header");
  return 0;
}
