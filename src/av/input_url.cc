#include "src/av/input_url.h"

#include <string_view>

#include "src/av/fd_input.h"
#include "src/av/url_text.h"
#include "src/base/status_util.h"

namespace hlsrec::av {
namespace {

bool IsRtmp(std::string_view scheme) { return scheme.substr(0, 4) == "rtmp"; }

bool IsHttp(std::string_view scheme) {
  return scheme == "http" || scheme == "https";
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() &&
         text.substr(text.size() - end.size()) == end;
}

// "…?listen=1" is how ffmpeg's tcp: has it; rtmp: and http: would send it on.
bool TakeListen(std::string& url) {
  const std::optional<std::string> value = TakeQueryParameter(url, "listen");
  return value.has_value() && *value != "0";
}

Status SetListen(std::string_view scheme, InputUrl& input) {
  if (IsRtmp(scheme) || IsHttp(scheme) || scheme == "tcp") {
    input.options["listen"] = "1";
  } else if (scheme == "srt") {
    input.options["mode"] = "listener";
  } else if (scheme == "rtsp") {
    input.options["rtsp_flags"] = "listen";
  } else if (scheme != "udp" && scheme != "rtp") {
    return InvalidArgument("listen: {}: can't wait for a publisher there",
                           input.display);
  }
  return {};
}

void SetProtocolDefaults(std::string_view scheme, InputUrl& input) {
  auto& options = input.options;
  if (scheme == "udp" || scheme == "rtp") {
    // A burst beyond the buffer costs packets, not the recording.
    options.emplace("overrun_nonfatal", "1");
    options.emplace("buffer_size", "2097152");
  } else if (scheme == "rtsp" || scheme == "rtsps") {
    // Without loss where the server allows it; UDP stays the fallback.
    options.emplace("rtsp_flags", "prefer_tcp");
  }
  if (input.format.empty() && EndsWith(input.display, ".sdp")) {
    // An SDP names other hosts; libavformat's default lets a file name none.
    options["protocol_whitelist"] =
        IsHttp(scheme) ? "file,http,https,tcp,tls,crypto,data,udp,rtp,srtp"
                       : "file,crypto,data,udp,rtp,srtp";
  }
}

}  // namespace

StatusOr<InputUrl> ResolveInputUrl(const UrlSourceOptions& options) {
  if (options.url.empty()) return InvalidArgument("url: empty");
  if (options.url.find('\0') != std::string::npos) {
    return InvalidArgument("url: holds a zero byte");
  }
  InputUrl input;
  input.url = options.url;
  input.format = options.format;
  const std::string scheme = UrlScheme(input.url);
  const bool local = scheme.empty() || scheme == "file";
  bool listen = options.listen;
  input.http = IsHttp(scheme);
  if (!local && TakeListen(input.url)) listen = true;
  input.display = RedactedUrl(input.url);

  if (input.url == "-" || input.url == "pipe:" || input.url == "pipe:0" ||
      input.url == "/dev/stdin") {
    input.kind = InputUrl::Kind::kStandardInput;
    input.display = "standard input";
  } else if (scheme.empty() && IsNamedPipe(input.url)) {
    input.kind = InputUrl::Kind::kNamedPipe;
  } else if (scheme.empty() && input.url.front() == '-') {
    input.url.insert(0, "file:");
  }
  if (listen) HLSREC_RETURN_IF_ERROR(SetListen(scheme, input));
  input.listening =
      listen ||
      (scheme == "srt" && input.url.find("mode=listener") != std::string::npos);
  SetProtocolDefaults(scheme, input);
  for (const auto& [key, value] : options.av_options) {
    input.options[key] = value;
  }
  return input;
}

}  // namespace hlsrec::av
