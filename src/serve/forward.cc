#include "hlsrec/forward.h"

#include <algorithm>
#include <optional>

#include "hlsrec/sink.h"
#include "src/base/percent.h"
#include "src/base/status_util.h"
#include "src/net/header_text.h"
#include "src/net/url.h"
#include "src/playlist/parse_values.h"
#include "src/serve/query.h"

namespace hlsrec {
namespace {

constexpr std::string_view kPlaylists = "m3u8,m3u";

bool IsControl(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// Calls `judge` with each level; whether it said yes to one.
template <typename Judge>
bool AnyLevel(std::string_view path, Judge judge) {
  while (true) {
    const std::size_t slash = path.find('/');
    if (judge(path.substr(0, slash))) return true;
    if (slash == std::string_view::npos) return false;
    path.remove_prefix(slash + 1);
  }
}

// By its levels, or by what another server may take for one.
bool Climbs(std::string_view path) {
  return AnyLevel(path, [](std::string_view level) {
    level = level.substr(0, level.find(';'));
    return level == "." || level == "..";
  });
}

std::string_view WhyNot(std::string_view path) {
  if (std::any_of(path.begin(), path.end(), IsControl)) {
    return "a control character";
  }
  if (path.find('\\') != std::string_view::npos) return "a backslash";
  if (Climbs(path)) return "a level that climbs";
  return {};
}

// Of what is decoded again where that is possible: this far, for nobody's files
// have such names.
constexpr int kMostDecodings = 3;

Status CheckPath(const std::string& path) {
  std::string again = path;
  for (int i = 0; i < kMostDecodings; ++i) {
    if (const auto why = WhyNot(again); !why.empty()) {
      return InvalidArgument("request: path: holds {}", why);
    }
    const auto next = DecodePercent(again);
    if (!next || *next == again) break;
    again = *next;
  }
  if (!playlist::IsUtf8(path)) {
    return InvalidArgument("request: path: is no UTF-8");
  }
  // The last level of a folder is empty.
  const bool folder = path.ends_with("/");
  const std::string_view levels =
      std::string_view(path).substr(0, path.size() - (folder ? 1 : 0));
  const bool empty_level =
      !path.empty() &&
      AnyLevel(levels, [](std::string_view level) { return level.empty(); });
  if (empty_level) return InvalidArgument("request: path: has an empty level");
  return {};
}

bool IsHostLabel(std::string_view text) {
  return !text.empty() && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

// One label or several: buckets have dots in their names.
bool IsHostName(std::string_view text) {
  while (true) {
    const std::size_t dot = text.find('.');
    if (!IsHostLabel(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

std::string_view WithoutSlashes(std::string_view text) {
  while (text.starts_with("/")) text.remove_prefix(1);
  while (text.ends_with("/")) text.remove_suffix(1);
  return text;
}

ForwardDecision Refuse(int status, std::string reason) {
  return {.action = ForwardAction::kRefuse,
          .status = status,
          .reason = std::move(reason)};
}

}  // namespace

StatusOr<RequestTarget> ParseRequestTarget(std::string_view target) {
  if (!target.starts_with("/")) {
    return InvalidArgument("request: target: does not begin with /");
  }
  for (const char c : target) {
    if (IsControl(c) || c == ' ' || c == '#') {
      return InvalidArgument("request: target: holds what must be escaped");
    }
  }
  const std::size_t mark = target.find('?');
  const auto path =
      DecodePercent(target.substr(1, mark - (mark != target.npos)));
  if (!path) return InvalidArgument("request: path: has a broken escape");
  HLSREC_RETURN_IF_ERROR(CheckPath(*path));
  return RequestTarget{
      .path = *path,
      .query = std::string(mark == target.npos ? std::string_view()
                                               : target.substr(mark + 1))};
}

bool HasExtension(std::string_view name, std::string_view extensions) {
  name = name.substr(name.rfind('/') + 1);
  while (!extensions.empty()) {
    const std::size_t comma = extensions.find(',');
    std::string_view wanted = net::Trim(extensions.substr(0, comma));
    extensions.remove_prefix(std::min(extensions.size(), comma) +
                             (comma == extensions.npos ? 0 : 1));
    while (wanted.starts_with(".")) wanted.remove_prefix(1);
    if (wanted.empty()) continue;
    if (wanted == "*") return !name.empty();
    if (name.size() < wanted.size() + 2) continue;
    const std::size_t dot = name.size() - wanted.size() - 1;
    if (name[dot] == '.' &&
        net::EqualsIgnoringCase(name.substr(dot + 1), wanted)) {
      return true;
    }
  }
  return false;
}

StatusOr<std::string> ForwardBaseUrl(const ForwardBucket& bucket) {
  const auto bad = [](std::string_view field, std::string_view value) {
    return InvalidArgument("{}: `{}`: want letters, digits and - only", field,
                           value);
  };
  // Some buckets are older than that rule; only paths can name them.
  const bool in_path = bucket.provider == ForwardProvider::kGoogle ||
                       bucket.provider == ForwardProvider::kS3;
  if (in_path ? CheckKey(bucket.bucket).ok() == false ||
                    bucket.bucket.find('/') != std::string::npos
              : !IsHostName(bucket.bucket)) {
    return bad("bucket", bucket.bucket);
  }
  const std::string encoded =
      net::UriEncode(bucket.bucket, net::UriPart::kQuery);
  switch (bucket.provider) {
    case ForwardProvider::kAws:
      if (!IsHostLabel(bucket.region)) return bad("region", bucket.region);
      return fmt::format("https://{}.s3.{}.amazonaws.com", bucket.bucket,
                         bucket.region);
    case ForwardProvider::kDigitalOcean:
      if (!IsHostLabel(bucket.region)) return bad("region", bucket.region);
      return fmt::format("https://{}.{}.digitaloceanspaces.com", bucket.bucket,
                         bucket.region);
    case ForwardProvider::kGoogle:
      return "https://storage.googleapis.com/" + encoded;
    case ForwardProvider::kS3: {
      if (Status status = net::CheckBaseUrl(bucket.endpoint); !status.ok()) {
        return status.WithContext("endpoint");
      }
      std::string base = bucket.endpoint;
      while (base.ends_with("/")) base.pop_back();
      return base + "/" + encoded;
    }
  }
  return Internal("forward: provider: unknown");
}

StatusOr<Forwarder> Forwarder::Create(ForwardOptions options) {
  std::string& base = options.http_forwarding_base_url;
  base = std::string(net::Trim(base));
  if (!base.empty()) {
    if (Status status = net::CheckBaseUrl(base); !status.ok()) {
      return status.WithContext("http_forwarding_base_url");
    }
    while (base.ends_with("/")) base.pop_back();
  }
  for (const auto& [from, to] : options.path_prefixes) {
    for (const std::string& prefix : {from, to}) {
      if (!prefix.starts_with("/") || !ParseRequestTarget(prefix).ok()) {
        return InvalidArgument("path_prefixes: {}: want /a/path", prefix);
      }
    }
  }
  return Forwarder(std::move(options));
}

std::string Forwarder::MapPath(const std::string& path) const {
  const std::pair<std::string, std::string>* best = nullptr;
  for (const auto& mapping : options_.path_prefixes) {
    const std::string_view from = WithoutSlashes(mapping.first);
    const bool fits =
        from.empty() || (path.starts_with(from) && path.size() > from.size() &&
                         path[from.size()] == '/');
    if (fits &&
        (best == nullptr || from.size() > WithoutSlashes(best->first).size())) {
      best = &mapping;
    }
  }
  if (best == nullptr) return path;
  const std::size_t gone = WithoutSlashes(best->first).size();
  const std::string rest(WithoutSlashes(std::string_view(path).substr(gone)));
  const std::string to(WithoutSlashes(best->second));
  return to.empty() ? rest : to + "/" + rest;
}

std::optional<std::string> Forwarder::PathOf(const std::string& key) const {
  std::vector<std::string> candidates = {key};
  for (const auto& [from, to] : options_.path_prefixes) {
    const std::string there(WithoutSlashes(to));
    if (!there.empty() && !key.starts_with(there + "/")) continue;
    std::string path(WithoutSlashes(from));
    if (!path.empty()) path += '/';
    path += there.empty() ? key : key.substr(there.size() + 1);
    candidates.push_back(std::move(path));
  }
  for (std::string& path : candidates) {
    const ForwardDecision decision =
        Decide("GET", "/" + net::UriEncode(path, net::UriPart::kPath),
               ObjectPlace::kUnknown);
    const bool forwards = decision.action == ForwardAction::kRedirect ||
                          decision.action == ForwardAction::kProxy;
    if (forwards && decision.key == key) return std::move(path);
  }
  return std::nullopt;
}

ForwardDecision Forwarder::Decide(std::string_view method,
                                  std::string_view target,
                                  ObjectPlace place) const {
  auto parsed = ParseRequestTarget(target);
  if (!parsed.ok()) return Refuse(400, parsed.status().message());
  if (method != "GET" && method != "HEAD") {
    return Refuse(405, "request: method: want GET or HEAD");
  }
  ForwardDecision decision{.path = std::move(parsed->path)};
  if (place == ObjectPlace::kLocal) {
    decision.action = ForwardAction::kServeLocal;
    decision.status = 200;
    return decision;
  }
  const bool presigned = options_.access == ForwardAccess::kPresigned;
  const std::string& base = options_.http_forwarding_base_url;
  const bool forwards =
      (presigned || !base.empty()) && !decision.path.ends_with("/") &&
      HasExtension(decision.path, options_.http_forwarding_extension);
  if (!forwards) {
    // Confirmed elsewhere, and here all the same: nobody else answers.
    if (place == ObjectPlace::kConfirmed) {
      decision.action = ForwardAction::kServeLocal;
      decision.status = 200;
    }
    return decision;
  }
  decision.key = MapPath(decision.path);
  const bool proxied =
      HasExtension(decision.path, options_.proxied_extension) ||
      (presigned && HasExtension(decision.path, kPlaylists));
  decision.action = proxied ? ForwardAction::kProxy : ForwardAction::kRedirect;
  decision.status = proxied ? 200 : static_cast<int>(options_.redirect);
  if (presigned) return decision;
  decision.location =
      base + "/" + net::UriEncode(decision.key, net::UriPart::kPath);
  const std::string query =
      serve::DropOfQuery(parsed->query, options_.own_query_parameters);
  if (!query.empty()) decision.location += "?" + query;
  return decision;
}

}  // namespace hlsrec
