#ifndef HLSREC_TOOLS_HLSREC_EVENTS_COMMAND_H_
#define HLSREC_TOOLS_HLSREC_EVENTS_COMMAND_H_

#include <string>

#include "tools/hlsrec/http_delivery.h"
#include "tools/hlsrec/s3_delivery.h"
#include "tools/hlsrec/webhooks.h"

namespace CLI {
class App;
}

namespace hlsrec::tools {

// `hlsrec events list|replay|send [SPOOL]`; durations and times are text.
struct EventsCommand {
  std::string action;
  std::string spool = ".";
  std::string recording;
  std::string from;
  std::string until;
  bool owed = false;
  bool json = false;
  std::string timeout = "30";
  Webhooks webhooks;
  HttpDelivery http;
  S3Delivery s3;
};

void AddEvents(CLI::App& app, EventsCommand& events);

// The exit code: 0 done, and nothing is owed to those named; 1 usage, 4
// something is owed still, 5 the spool can't be read.
int RunEvents(const EventsCommand& command);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_EVENTS_COMMAND_H_
