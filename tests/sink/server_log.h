#ifndef HLSREC_TESTS_SINK_SERVER_LOG_H_
#define HLSREC_TESTS_SINK_SERVER_LOG_H_

#include "tests/net/scripted_server.h"
#include "tests/record/published_log.h"

namespace hlsrec {

// What it stored; nothing was removed.
inline PublishedLog LogOf(const ScriptedServer& server) {
  PublishedLog log;
  for (const ScriptedServer::Stored& each : server.log()) {
    log.push_back({.path = each.path, .bytes = each.bytes});
  }
  return log;
}

}  // namespace hlsrec

#endif  // HLSREC_TESTS_SINK_SERVER_LOG_H_
