#include "src/av/av_log.h"

extern "C" {
#include <libavutil/log.h>
}

#include <string>
#include <vector>

#include "tests/catch.h"

using hlsrec::LibavLog;
using hlsrec::av::ApplyLibavLogging;

// One test: the log is one per process.
TEST_CASE("libav log: left alone, forwarded without secrets, silenced") {
  const int level = av_log_get_level();
  ApplyLibavLogging(LibavLog::kLeave, {});
  CHECK(av_log_get_level() == level);

  std::vector<std::string> lines;
  ApplyLibavLogging(LibavLog::kForward, [&lines](int, std::string_view line) {
    lines.emplace_back(line);
  });
  av_log_set_level(AV_LOG_INFO);
  av_log(nullptr, AV_LOG_INFO, "opening rtmp://u:secret@host/app");
  CHECK(lines.empty());  // the line is not finished
  av_log(nullptr, AV_LOG_INFO, "/key now\nand ");
  av_log(nullptr, AV_LOG_INFO, "more\n");
  av_log(nullptr, AV_LOG_DEBUG, "not this\n");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "opening rtmp://***@host/app/key now");
  CHECK(lines[1] == "and more");

  ApplyLibavLogging(LibavLog::kSilence, {});
  av_log(nullptr, AV_LOG_INFO, "nor this\n");
  CHECK(lines.size() == 2);
  CHECK(av_log_get_level() == AV_LOG_QUIET);
}
