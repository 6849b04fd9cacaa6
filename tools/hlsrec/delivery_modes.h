#ifndef HLSREC_TOOLS_HLSREC_DELIVERY_MODES_H_
#define HLSREC_TOOLS_HLSREC_DELIVERY_MODES_H_

#include <string>

#include "hlsrec/recorder.h"
#include "hlsrec/status.h"

namespace CLI {
class App;
}

namespace hlsrec::tools {

// When and how outputs are written to, as it was typed.
struct DeliveryModes {
  std::string rewrite_interval;
  bool gzip_playlists = false;
  std::string upload = "realtime";
  std::string local = "keep";
  std::string retain;
};

void AddDeliveryModes(CLI::App& app, DeliveryModes& modes);

// kInvalidArgument names the flag.
Status ApplyDeliveryModes(const DeliveryModes& modes,
                          RecordingOptions& options);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_DELIVERY_MODES_H_
