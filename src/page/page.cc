#include "hlsrec/page.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "src/base/bytes.h"
#include "src/base/gzip.h"
#include "src/base/hash.h"
#include "src/base/status_util.h"
#include "src/page/assets.h"

namespace hlsrec {
namespace page {
namespace {

constexpr std::string_view kIndex = "index.html";
constexpr std::uint64_t kMaxAssetBytes = std::uint64_t{16} << 20;

std::string_view TypeOf(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  return "text/javascript; charset=utf-8";
}

// A scheme, a host and maybe a port: it goes into a header.
bool IsOrigin(std::string_view text) {
  const bool http = text.starts_with("http://") || text.starts_with("https://");
  const std::string_view host =
      http ? text.substr(text.find("//") + 2) : std::string_view();
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':' ||
           c == '[' || c == ']';
  });
}

// Nothing but what this server sends, and media from where it says.
std::string PolicyOf(const PageOptions& options) {
  std::string origins;
  for (const std::string& origin : options.media_origins) {
    origins += ' ' + origin;
  }
  return fmt::format(
      "default-src 'none'; script-src 'self'; style-src 'self'; "
      "img-src 'self'{0}; media-src 'self' blob:{0}; connect-src 'self'{0}; "
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      origins);
}

class Page final : public HttpHandler {
 public:
  explicit Page(const PageOptions& options)
      : prefix_(options.path_prefix), policy_(PolicyOf(options)) {
    for (const Asset& asset : Assets()) {
      const ByteSpan bytes(asset.bytes.data(), asset.bytes.size());
      const std::string path =
          asset.name == kIndex ? prefix_
                               : fmt::format("{}page/{}", prefix_, asset.name);
      files_[path] = {asset,
                      fmt::format("\"{}\"", Sha256Hex(bytes).substr(0, 16))};
    }
  }

  bool Wants(const HttpRequest& request) const override {
    return files_.contains(std::string(request.path()));
  }

  std::unique_ptr<HttpBodyReader> Handle(HttpRequest request,
                                         HttpReply reply) override {
    reply(Answer(request));
    return nullptr;
  }

 private:
  struct File {
    Asset asset;
    std::string etag;
  };

  HttpResponse Answer(const HttpRequest& request) const {
    if (request.method != "GET" && request.method != "HEAD") {
      return {.status = 405, .headers = {{"Allow", "GET, HEAD"}}};
    }
    const File& file = files_.at(std::string(request.path()));
    HttpResponse response{
        .headers = {{"Content-Type", std::string(TypeOf(file.asset.name))},
                    {"Cache-Control", "no-cache"},
                    {"ETag", file.etag},
                    {"Vary", "Accept-Encoding"},
                    {"X-Content-Type-Options", "nosniff"},
                    {"Referrer-Policy", "no-referrer"},
                    {"Content-Security-Policy", policy_}}};
    if (request.Header("If-None-Match").find(file.etag) !=
        std::string_view::npos) {
      response.status = 304;
    }
    std::string bytes(
        AsText({file.asset.bytes.data(), file.asset.bytes.size()}));
    if (request.Header("Accept-Encoding").find("gzip") !=
        std::string_view::npos) {
      response.headers.push_back({"Content-Encoding", "gzip"});
    } else if (StatusOr<std::string> text = Gunzip(bytes, kMaxAssetBytes);
               text.ok()) {
      bytes = std::move(text).value();
    }
    response.body = MakeStringBody(std::move(bytes));
    return response;
  }

  const std::string prefix_;
  const std::string policy_;
  std::map<std::string, File> files_;
};

}  // namespace
}  // namespace page

StatusOr<std::shared_ptr<HttpHandler>> MakePage(const PageOptions& options) {
  if (!options.path_prefix.starts_with('/') ||
      !options.path_prefix.ends_with('/')) {
    return InvalidArgument("page: path_prefix: {}: must begin and end with /",
                           options.path_prefix);
  }
  for (const std::string& origin : options.media_origins) {
    if (!page::IsOrigin(origin)) {
      return InvalidArgument(
          "page: media_origins: must be like https://host, without a path");
    }
  }
  return std::shared_ptr<HttpHandler>(std::make_shared<page::Page>(options));
}

bool PageHasPlayer() {
  const auto assets = page::Assets();
  return std::any_of(
      assets.begin(), assets.end(),
      [](const page::Asset& asset) { return asset.name == "hls.js"; });
}

}  // namespace hlsrec
