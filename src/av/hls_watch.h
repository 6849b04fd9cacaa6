#ifndef HLSREC_SRC_AV_HLS_WATCH_H_
#define HLSREC_SRC_AV_HLS_WATCH_H_

#include <cstdint>
#include <string>

#include "src/av/av_handles.h"
#include "src/av/hls_series.h"

namespace hlsrec::av {

// Looks at what libavformat's HLS demuxer opens and reads, through the
// context's own callbacks: the demuxer passes over segments that it can't have,
// and tells nobody but its log.
//
// Needs a connection for each request (`http_persistent` 0): those that are
// kept go past the callbacks.
//
// Lifetime. Outlives the context.
class HlsWatch {
 public:
  HlsWatch() = default;
  HlsWatch(const HlsWatch&) = delete;
  HlsWatch& operator=(const HlsWatch&) = delete;

  // Before the input is opened; takes the context's `opaque`.
  void Attach(AVFormatContext& context);
  // Once it is open. Reads the playlist at `url` where the demuxer did so
  // before it could be looked at.
  void OnOpen(AVFormatContext& context, const AvDictionary& options);
  // All of the input was read.
  void OnEnd() { series_.OnEnd(); }

  [[nodiscard]] const HlsSeries& series() const { return series_; }

 private:
  struct Tee;
  static int IoOpen(AVFormatContext* context, AVIOContext** io, const char* url,
                    int flags, AVDictionary** options);
  static int IoClose(AVFormatContext* context, AVIOContext* io);
  int Wrap(AVFormatContext* context, AVIOContext** io, const char* url);
  void OnClose(const Tee& tee, AVIOContext* io);

  HlsSeries series_;
  int (*open_)(AVFormatContext*, AVIOContext**, const char*, int,
               AVDictionary**) = nullptr;
  int (*close_)(AVFormatContext*, AVIOContext*) = nullptr;
};

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_HLS_WATCH_H_
