#ifndef HLSREC_TOOLS_HLSREC_HTTP_DELIVERY_H_
#define HLSREC_TOOLS_HLSREC_HTTP_DELIVERY_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/http_sink.h"
#include "hlsrec/resume.h"

namespace CLI {
class App;
}

namespace hlsrec::tools {

// How to read from and write to web servers, as it was typed. Secrets are in
// files.
struct HttpDelivery {
  std::vector<std::string> headers;  // "Name: value", or @FILE of such lines
  std::string auth_file;
  std::string bearer_file;
  std::string ca_file;
  std::string client_certificate;
  std::string client_key;
  std::string proxy;
  std::string method = "put";
  std::string conflict = "look";
  std::vector<std::string> cache_control;  // "kind=value"; buckets', too
};

// How to get there, for who reads alone.
void AddHttpAccess(CLI::App& app, HttpDelivery& http);
// That, and how to put.
void AddHttpDelivery(CLI::App& app, HttpDelivery& http);

// Of --cache-control, into the options of either kind of sink.
// kInvalidArgument names the flag.
template <typename CacheControl>
Status SetCacheControl(const HttpDelivery& http, CacheControl& cache_control) {
  for (const std::string& text : http.cache_control) {
    const std::size_t equals = text.find('=');
    const std::string kind = text.substr(0, equals);
    std::string* field = kind == "segments" ? &cache_control.segments
                         : kind == "live"   ? &cache_control.live_playlists
                         : kind == "ended"  ? &cache_control.ended_playlists
                                            : nullptr;
    if (equals == std::string::npos || field == nullptr) {
      return {StatusCode::kInvalidArgument,
              "--cache-control: " + text +
                  ": want segments=VALUE, live=VALUE or ended=VALUE"};
    }
    *field = text.substr(equals + 1);
  }
  return {};
}

// "http://..." or "https://...".
bool IsWebUrl(std::string_view output);

// kInvalidArgument names the flag.
StatusOr<HttpSinkOptions> MakeHttpSinkOptions(const HttpDelivery& http,
                                              const std::string& base_url);

// For ResumeOptions::open_sink: sinks of this program by their descriptions.
StatusOr<std::shared_ptr<Sink>> OpenDescribedSink(
    const std::shared_ptr<Runtime>& runtime, const HttpDelivery& http,
    const std::string& description);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_HTTP_DELIVERY_H_
