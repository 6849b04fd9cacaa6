#ifndef HLSREC_SRC_AV_AV_HANDLES_H_
#define HLSREC_SRC_AV_AV_HANDLES_H_

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
}

#include <memory>
#include <string>

// Owners of libav's objects. Null means: out of memory, or not opened yet.
namespace hlsrec::av {

struct AvDeleter {
  // Closes the input's I/O, too.
  void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
  void operator()(AVPacket* p) const { av_packet_free(&p); }
  void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
  void operator()(AVCodecParameters* p) const { avcodec_parameters_free(&p); }
  void operator()(AVBSFContext* p) const { av_bsf_free(&p); }
};
// A muxer's context: its I/O belongs to whoever set it.
struct AvOutputDeleter {
  void operator()(AVFormatContext* p) const { avformat_free_context(p); }
};

using AvInputPtr = std::unique_ptr<AVFormatContext, AvDeleter>;
using AvOutputPtr = std::unique_ptr<AVFormatContext, AvOutputDeleter>;
using AvPacketPtr = std::unique_ptr<AVPacket, AvDeleter>;
using AvCodecContextPtr = std::unique_ptr<AVCodecContext, AvDeleter>;
using AvParametersPtr = std::unique_ptr<AVCodecParameters, AvDeleter>;
using AvBsfPtr = std::unique_ptr<AVBSFContext, AvDeleter>;

// libav's list of options. Functions that take an AVDictionary** eat what they
// know and leave the rest.
class AvDictionary {
 public:
  AvDictionary() = default;
  ~AvDictionary() { av_dict_free(&dictionary_); }
  AvDictionary(const AvDictionary&) = delete;
  AvDictionary& operator=(const AvDictionary&) = delete;

  void Set(const std::string& key, const std::string& value) {
    av_dict_set(&dictionary_, key.c_str(), value.c_str(), 0);
  }
  void SetDefault(const std::string& key, const std::string& value) {
    av_dict_set(&dictionary_, key.c_str(), value.c_str(),
                AV_DICT_DONT_OVERWRITE);
  }
  void CopyFrom(const AvDictionary& other) {
    av_dict_copy(&dictionary_, other.dictionary_, 0);
  }
  [[nodiscard]] bool Has(const std::string& key) const {
    return av_dict_get(dictionary_, key.c_str(), nullptr, 0) != nullptr;
  }
  // The first key that is left; empty where there is none.
  [[nodiscard]] std::string FirstKey() const {
    const AVDictionaryEntry* entry =
        av_dict_get(dictionary_, "", nullptr, AV_DICT_IGNORE_SUFFIX);
    return entry == nullptr ? std::string() : std::string(entry->key);
  }
  [[nodiscard]] AVDictionary** get() { return &dictionary_; }

 private:
  AVDictionary* dictionary_ = nullptr;
};

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_AV_HANDLES_H_
