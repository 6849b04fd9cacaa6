#ifndef HLSREC_TOOLS_HLSREC_RESUME_COMMAND_H_
#define HLSREC_TOOLS_HLSREC_RESUME_COMMAND_H_

#include <cstdint>
#include <string>

#include "tools/hlsrec/http_delivery.h"
#include "tools/hlsrec/s3_delivery.h"
#include "tools/hlsrec/webhooks.h"

namespace CLI {
class App;
}

namespace hlsrec::tools {

// `hlsrec resume [SPOOL]`; durations are text (text.h).
struct ResumeCommand {
  std::string spool = ".";
  bool list = false;
  bool json = false;
  // The recording to drop instead, by its number in --list; 0: none.
  std::int64_t discard = 0;
  std::string finish_timeout = "30";
  HttpDelivery http;
  S3Delivery s3;
  Webhooks webhooks;
};

void AddResume(CLI::App& app, ResumeCommand& resume);

// Delivers and ends what interrupted recordings left, or lists it. The exit
// code: 0 nothing is owed any more (or listed), 1 usage or somebody records
// there still, 4 something could not be delivered, 5 the spool can't be read.
int RunResume(const ResumeCommand& command);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_RESUME_COMMAND_H_
