#ifndef HLSREC_SRC_AV_URL_SOURCE_H_
#define HLSREC_SRC_AV_URL_SOURCE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/media.h"
#include "hlsrec/source.h"
#include "hlsrec/status.h"
#include "src/av/av_handles.h"
#include "src/av/fd_input.h"
#include "src/av/hls_watch.h"
#include "src/av/input_url.h"
#include "src/av/interrupter.h"
#include "src/av/pacer.h"
#include "src/av/track_table.h"
#include "src/base/clock.h"

namespace hlsrec::av {

// libavformat's demuxers as a Source.
class UrlSource final : public Source {
 public:
  UrlSource(std::shared_ptr<Runtime> runtime, const UrlSourceOptions& options,
            const Clock& clock);

  Status Open(const std::function<bool()>& cancelled);

  [[nodiscard]] const std::vector<Track>& tracks() const override {
    return table_.tracks();
  }
  [[nodiscard]] const std::vector<SourceProgram>& programs() const override {
    return table_.programs();
  }
  [[nodiscard]] const std::vector<SkippedTrack>& skipped() const override {
    return table_.skipped();
  }
  [[nodiscard]] SourceCounters counters() const override;
  StatusOr<Packet> Read() override;
  bool TracksChanged() override { return table_.TakeChanged(); }
  void Cancel() override { interrupter_.Cancel(); }

 private:
  Status Connect();
  Status Analyze();
  Status CheckOptions(const AvDictionary& left) const;
  [[nodiscard]] Status RequireTracks() const;

  // The packet as ours, unless it is to be dropped.
  std::optional<Packet> Take();
  std::optional<Packet> TakeFrom(TrackTable::Stream& stream);
  StatusOr<Packet> ConvertPacket();
  void TakeConfiguration(const TrackTable::Stream& stream);
  void CompleteLate(TrackTable::Stream& stream, Packet& packet);
  void Pace(const Packet& packet);
  [[nodiscard]] bool ClosingIsTheEnd() const;
  [[nodiscard]] bool IsHls() const;
  // OK to try once more.
  Status ReadFailed(int error);
  [[nodiscard]] Status Describe(int error, std::string_view action) const;

  const std::shared_ptr<Runtime> runtime_;  // kept alive
  const UrlSourceOptions options_;
  const Clock& clock_;
  Interrupter interrupter_;
  InputUrl url_;
  std::unique_ptr<FdInput> fd_input_;
  HlsWatch hls_watch_;
  AvInputPtr input_;
  AvPacketPtr packet_;

  TrackTable table_;
  SourceCounters counters_;
  Pacer pacer_;
  int errors_in_a_row_ = 0;
  Status end_;
};

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_URL_SOURCE_H_
