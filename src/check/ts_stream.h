#ifndef HLSREC_SRC_CHECK_TS_STREAM_H_
#define HLSREC_SRC_CHECK_TS_STREAM_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "src/base/bytes.h"
#include "src/check/format_probe.h"
#include "src/check/segment_facts.h"

namespace hlsrec::check {

// One elementary stream of a transport stream segment: puts PES packets
// together and looks into them.
class TsStream {
 public:
  TsStream(int pid, int stream_type, Codec codec, bool look_inside);

  // The payload of one transport packet; `random_access` is the
  // random_access_indicator of its adaptation field.
  void Add(ByteSpan payload, bool unit_start, bool random_access,
           std::vector<Issue>& issues);
  // The segment is over.
  void Finish(std::vector<Issue>& issues);
  [[nodiscard]] TrackFacts TakeFacts();

 private:
  void EndPes(std::vector<Issue>& issues);
  void Video(ByteSpan unit, bool first, std::vector<Issue>& issues);
  void Audio(ByteSpan unit, bool first, std::vector<Issue>& issues);
  void Time(std::int64_t pts, std::int64_t dts);

  TrackFacts facts_;
  const int stream_type_;
  const bool look_inside_;
  Bytes pes_;
  bool in_pes_ = false;
  bool random_access_indicator_ = false;
  bool split_start_ = false;
  std::optional<std::int64_t> base_ = {};  // the first dts, as it stands
  std::int64_t pts_ = 0;                   // of the PES at hand, unwrapped
  std::vector<std::int64_t> steps_;
  Bytes audio_rest_;
  FormatProbe probe_;
};

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_TS_STREAM_H_
