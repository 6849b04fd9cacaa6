#ifndef HLSREC_TOOLS_HLSREC_PRESIGN_COMMAND_H_
#define HLSREC_TOOLS_HLSREC_PRESIGN_COMMAND_H_

#include <string>

#include "tools/hlsrec/http_delivery.h"
#include "tools/hlsrec/s3_delivery.h"

namespace CLI {
class App;
}

namespace hlsrec::tools {

// `hlsrec presign URL`.
struct PresignCommand {
  std::string url;  // of an object, or of what hlsrec serves
  std::string expires = "1h";
  // Of the latter: its --signing-key, and what may be read.
  std::string signing_key_file;
  std::string below;
  S3Delivery s3;
  HttpDelivery http;
};

void AddPresign(CLI::App& app, PresignCommand& presign);

// Prints a URL by which anybody may read the object. The exit code: 0, 1 usage,
// 5 there are no credentials.
int RunPresign(const PresignCommand& command);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_PRESIGN_COMMAND_H_
