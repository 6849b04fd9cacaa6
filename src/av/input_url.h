#ifndef HLSREC_SRC_AV_INPUT_URL_H_
#define HLSREC_SRC_AV_INPUT_URL_H_

#include <map>
#include <string>

#include "hlsrec/source.h"
#include "hlsrec/status.h"

namespace hlsrec::av {

// What UrlSourceOptions::url means to libavformat.
struct InputUrl {
  enum class Kind { kUrl, kStandardInput, kNamedPipe };
  Kind kind = Kind::kUrl;
  std::string url = {};      // as libavformat wants it
  std::string display = {};  // fit for people
  std::string format = {};   // to assume; empty: found out
  bool listening = false;    // a publisher comes to us
  bool http = false;
  // libavformat's options that follow from the URL; the caller's win.
  std::map<std::string, std::string> options = {};
};

// Pure but for one stat() of a path. kInvalidArgument for an empty URL or one
// that cannot be listened on.
StatusOr<InputUrl> ResolveInputUrl(const UrlSourceOptions& options);

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_INPUT_URL_H_
