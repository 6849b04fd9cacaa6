#include "src/av/hls_watch.h"

extern "C" {
#include <libavutil/log.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
}

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>

namespace hlsrec::av {
namespace {

constexpr std::string_view kPlaylistStart = "#EXTM3U";
// A longer playlist is looked at up to there.
constexpr std::size_t kMaxPlaylistBytes = std::size_t{32} << 20;
constexpr int kBufferBytes = 32768;

bool IsHls(const AVFormatContext& context) {
  return context.iformat != nullptr &&
         std::string_view(context.iformat->name) == "hls";
}

// Where redirections led to.
std::string Location(AVIOContext* io, std::string url) {
  std::uint8_t* value = nullptr;
  if (av_opt_get(io, "location", AV_OPT_SEARCH_CHILDREN, &value) >= 0 &&
      value != nullptr) {
    if (*value != 0) url = reinterpret_cast<const char*>(value);
    av_free(value);
  }
  return url;
}

}  // namespace

// What the demuxer reads from, in place of `inner`.
struct HlsWatch::Tee {
  AVIOContext* inner = nullptr;
  std::string url = {};
  std::string start = {};  // all of it, where it is a playlist
  bool broken = false;

  static Tee& Of(void* opaque) { return *static_cast<Tee*>(opaque); }

  [[nodiscard]] bool MayBePlaylist() const {
    const auto size = std::min(start.size(), kPlaylistStart.size());
    return kPlaylistStart.substr(0, size) == start.substr(0, size);
  }

  static int Read(void* opaque, std::uint8_t* data, int size) {
    Tee& tee = Of(opaque);
    const int result = avio_read_partial(tee.inner, data, size);
    if (result > 0 && tee.MayBePlaylist() &&
        tee.start.size() < kMaxPlaylistBytes) {
      tee.start.append(reinterpret_cast<const char*>(data),
                       static_cast<std::size_t>(result));
    }
    if (result < 0 && result != AVERROR_EOF && result != AVERROR_EXIT) {
      tee.broken = true;
    }
    return result == 0 ? AVERROR_EOF : result;
  }

  static std::int64_t Seek(void* opaque, std::int64_t offset, int whence) {
    AVIOContext* inner = Of(opaque).inner;
    if ((whence & AVSEEK_SIZE) != 0) return avio_size(inner);
    return avio_seek(inner, offset, whence & ~AVSEEK_FORCE);
  }

  // The demuxer asks the protocol by options of the context's children.
  static void* ChildNext(void* object, void* previous) {
    if (previous != nullptr) return nullptr;
    return Of(static_cast<AVIOContext*>(object)->opaque).inner;
  }

  static constexpr AVClass MakeClass() {
    AVClass result{};
    result.class_name = "hlsrec input";
    result.item_name = av_default_item_name;
    result.version = LIBAVUTIL_VERSION_INT;
    result.child_next = ChildNext;
    return result;
  }
};

void HlsWatch::Attach(AVFormatContext& context) {
  open_ = context.io_open;
  close_ = context.io_close2;
  context.opaque = this;
  context.io_open = IoOpen;
  context.io_close2 = IoClose;
}

void HlsWatch::OnOpen(AVFormatContext& context, const AvDictionary& options) {
  if (open_ == nullptr || !IsHls(context) || series_.knows_playlist()) return;
  AVIOContext* io = nullptr;
  AvDictionary copy;
  copy.CopyFrom(options);
  if (IoOpen(&context, &io, context.url, AVIO_FLAG_READ, copy.get()) < 0) {
    return;  // the next version will do
  }
  std::array<unsigned char, 4096> block = {};
  while (avio_read(io, block.data(), static_cast<int>(block.size())) > 0) {
  }
  IoClose(&context, io);
}

int HlsWatch::IoOpen(AVFormatContext* context, AVIOContext** io,
                     const char* url, int flags, AVDictionary** options) {
  HlsWatch& watch = *static_cast<HlsWatch*>(context->opaque);
  const int result = watch.open_(context, io, url, flags, options);
  // libavformat closes its own first one past io_close2.
  if (io == &context->pb || !IsHls(*context)) return result;
  if (result >= 0) return watch.Wrap(context, io, url);
  if (result != AVERROR_EXIT) watch.series_.OnFailed(url);
  return result;
}

int HlsWatch::Wrap(AVFormatContext* context, AVIOContext** io,
                   const char* url) {
  static constexpr AVClass kClass = Tee::MakeClass();
  auto tee = std::make_unique<Tee>();
  tee->inner = *io;
  tee->url = url;
  auto* buffer = static_cast<unsigned char*>(av_malloc(kBufferBytes));
  AVIOContext* outer =
      buffer == nullptr ? nullptr
                        : avio_alloc_context(buffer, kBufferBytes, 0, tee.get(),
                                             Tee::Read, nullptr, Tee::Seek);
  if (outer == nullptr) {
    av_free(buffer);
    close_(context, std::exchange(*io, nullptr));
    return AVERROR(ENOMEM);
  }
  outer->seekable = (*io)->seekable;
  outer->av_class = &kClass;
  *io = outer;
  series_.OnOpened(tee.release()->url);  // IoClose() takes it back
  return 0;
}

int HlsWatch::IoClose(AVFormatContext* context, AVIOContext* io) {
  HlsWatch& watch = *static_cast<HlsWatch*>(context->opaque);
  if (io == nullptr || io->read_packet != Tee::Read) {
    return watch.close_(context, io);
  }
  const std::unique_ptr<Tee> tee(static_cast<Tee*>(io->opaque));
  watch.OnClose(*tee, io);
  av_freep(&io->buffer);
  avio_context_free(&io);
  return watch.close_(context, tee->inner);
}

void HlsWatch::OnClose(const Tee& tee, AVIOContext* io) {
  if (tee.start.starts_with(kPlaylistStart)) {
    series_.OnPlaylist(Location(io, tee.url), tee.start);
  } else if (tee.broken) {
    series_.OnBroken(tee.url);
  }
}

}  // namespace hlsrec::av
