#ifndef HLSREC_SRC_CHAT_CAPTIONS_H_
#define HLSREC_SRC_CHAT_CAPTIONS_H_

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/chat.h"

namespace hlsrec::chat {

using Time = std::chrono::system_clock::time_point;

// Where in the media a time falls: pieces one after the other, each with the
// date of its start. What was said while nothing was recorded falls on the
// border of two of them.
class MediaClock {
 public:
  // In the order of the media; dates do not go back.
  void Add(Time start, std::chrono::microseconds duration);
  [[nodiscard]] std::chrono::microseconds At(Time time) const;

 private:
  struct Piece {
    Time start = {};
    std::chrono::microseconds duration{0};
    std::chrono::microseconds at{0};
  };
  std::vector<Piece> pieces_;
  std::chrono::microseconds end_{0};
};

inline constexpr std::string_view kCaptionsHeader = "WEBVTT\n";

// A cue of WebVTT that shows the message from `at` on, with the empty line
// before it.
std::string CaptionCue(const ChatMessage& message, std::chrono::microseconds at,
                       std::chrono::milliseconds shown_for);

}  // namespace hlsrec::chat

#endif  // HLSREC_SRC_CHAT_CAPTIONS_H_
