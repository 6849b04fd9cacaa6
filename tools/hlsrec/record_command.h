#ifndef HLSREC_TOOLS_HLSREC_RECORD_COMMAND_H_
#define HLSREC_TOOLS_HLSREC_RECORD_COMMAND_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/hlsrec/chat_reader.h"
#include "tools/hlsrec/delivery_modes.h"
#include "tools/hlsrec/http_delivery.h"
#include "tools/hlsrec/s3_delivery.h"
#include "tools/hlsrec/webhooks.h"

namespace CLI {
class App;
}

namespace hlsrec::tools {

// `hlsrec record` as it was typed; durations are text (text.h).
struct RecordCommand {
  std::string input;
  std::vector<std::string> outputs;
  // Receivers of streams, once SortOutputs() has put them apart.
  std::vector<std::string> streams;
  // `hlsrec relay`: nothing is kept on this machine.
  bool relay = false;

  // Input
  bool listen = false;
  bool realtime = false;
  bool all_variants = false;
  std::string format;
  std::string timeout = "10";
  std::string connect_timeout = "10";
  std::string reconnect_window = "0";
  bool declare_gaps = false;
  std::vector<std::string> input_options;  // name=value

  // Recording
  std::string stream;
  std::string session;
  std::vector<std::string> fields;    // name=value
  std::vector<std::string> identity;  // likewise
  std::string duration;
  std::uint64_t stop_after_segments = 0;
  std::string max_bytes;

  // Segments
  std::string segment_time = "6";
  std::string max_gop;
  std::string missing_keyframe = "cut";
  std::string container = "auto";

  // Playlists
  std::vector<std::string> playlists;  // [name.m3u8=]policy[:limit]
  bool keep_expired = false;
  std::string delete_on_end;
  bool no_date_time = false;
  bool append = false;
  bool takeover = false;
  std::string lease = "15s";

  // Names
  std::string layout = "default";
  std::string segment_name;
  std::string playlist_name;
  std::string init_name;
  std::string multivariant_name;
  std::int64_t start_number = -1;
  bool manifest = false;
  std::string manifest_name;  // implies it
  bool zip = false;
  std::string zip_name;  // implies it
  bool mp4 = false;
  std::string mp4_name;  // implies it

  ChatChoice chat;

  // Storage
  std::string spool;
  std::string spool_max;
  std::string spool_max_age;
  std::string spool_full = "stop";
  std::string durability = "segment";
  bool no_sync = false;
  std::string finish_timeout = "30";
  std::string late_segments = "auto";
  std::string segment_deadline;
  DeliveryModes modes;
  HttpDelivery http;
  S3Delivery s3;
  Webhooks webhooks;

  // Reporting
  bool json = false;
  bool quiet = false;
  bool verbose = false;
};

// Records; returns the process's exit code. Takes SIGINT and SIGTERM while it
// runs: the first ends the recording in good order, the second aborts it.
int RunRecord(RecordCommand command);

// Its flags: record_flags.cc.
void AddRecord(CLI::App& app, RecordCommand& record);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_RECORD_COMMAND_H_
