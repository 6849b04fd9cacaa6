#include "src/av/av_status.h"

extern "C" {
#include <libavutil/error.h>
}

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include "src/av/url_text.h"
#include "src/base/status_util.h"

namespace hlsrec::av {
namespace {

StatusCode CodeOf(int error) {
  switch (error) {
    case AVERROR_EOF:
      return StatusCode::kEndOfStream;
    case AVERROR_EXIT:
      return StatusCode::kCancelled;
    case AVERROR(ENOENT):
    case AVERROR(ENODEV):
    case AVERROR_HTTP_NOT_FOUND:
    case AVERROR_STREAM_NOT_FOUND:
      return StatusCode::kNotFound;
    case AVERROR(EACCES):
    case AVERROR(EPERM):
    case AVERROR_HTTP_UNAUTHORIZED:
    case AVERROR_HTTP_FORBIDDEN:
      return StatusCode::kPermissionDenied;
    case AVERROR(ENOMEM):
    case AVERROR(EMFILE):
    case AVERROR(ENFILE):
      return StatusCode::kResourceExhausted;
    case AVERROR(ETIMEDOUT):
      return StatusCode::kDeadlineExceeded;
    case AVERROR_INVALIDDATA:
      return StatusCode::kDataLoss;
    case AVERROR(EINVAL):
    case AVERROR_OPTION_NOT_FOUND:
    case AVERROR_HTTP_BAD_REQUEST:
    case AVERROR_HTTP_OTHER_4XX:
      return StatusCode::kInvalidArgument;
    case AVERROR_DEMUXER_NOT_FOUND:
    case AVERROR_PROTOCOL_NOT_FOUND:
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_ENCODER_NOT_FOUND:
    case AVERROR_MUXER_NOT_FOUND:
    case AVERROR_BSF_NOT_FOUND:
    case AVERROR(ENOSYS):
    case AVERROR(EPROTONOSUPPORT):
    case AVERROR_PATCHWELCOME:
      return StatusCode::kUnimplemented;
    case AVERROR(EISDIR):
    case AVERROR(EADDRINUSE):
    case AVERROR(EADDRNOTAVAIL):
      return StatusCode::kFailedPrecondition;
    case AVERROR(EIO):
    case AVERROR(EAGAIN):
    case AVERROR(EPIPE):
    case AVERROR(ECONNREFUSED):
    case AVERROR(ECONNRESET):
    case AVERROR(ECONNABORTED):
    case AVERROR(ENOTCONN):
    case AVERROR(EHOSTUNREACH):
    case AVERROR(ENETUNREACH):
    case AVERROR(ENETDOWN):
    case AVERROR_HTTP_SERVER_ERROR:
      return StatusCode::kUnavailable;
    default:
      return StatusCode::kInternal;
  }
}

// libav's own words begin with a capital, as errno's do: ours do not.
std::string Words(int error) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text = {};
  std::string words;
  if (av_strerror(error, text.data(), text.size()) == 0) {
    words = text.data();
  } else {
    words = fmt::format("libav error {}", error);
  }
  if (words.size() > 1 && words[1] >= 'a' && words[1] <= 'z') {
    words[0] = AsciiLower(words.front());
  }
  return words;
}

}  // namespace

Status AvStatus(int error, std::string_view context) {
  return MakeStatus(CodeOf(error), "{}: {}", context, Words(error));
}

}  // namespace hlsrec::av
