#include "src/chat/captions.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace hlsrec::chat {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// "00:01:02.345"
std::string Timestamp(milliseconds time) {
  const auto count = time.count();
  return fmt::format("{:02}:{:02}:{:02}.{:03}", count / 3'600'000,
                     count / 60'000 % 60, count / 1000 % 60, count % 1000);
}

// An empty line would end the cue, and `-->` begin another.
void AppendText(std::string_view text, std::string& cue) {
  bool line_is_empty = true;
  for (const char c : text) {
    switch (c) {
      case '&':
        cue += "&amp;";
        break;
      case '<':
        cue += "&lt;";
        break;
      case '>':
        cue += "&gt;";
        break;
      case '\0':
        cue += "\uFFFD";
        break;
      case '\r':
      case '\n':
        if (!line_is_empty) cue += '\n';
        line_is_empty = true;
        continue;
      default:
        cue += c;
    }
    line_is_empty = false;
  }
  while (cue.ends_with('\n')) cue.pop_back();
}

// An annotation is one line.
std::string OneLine(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n'; },
      ' ');
  return text;
}

}  // namespace

void MediaClock::Add(Time start, microseconds duration) {
  pieces_.push_back({.start = start, .duration = duration, .at = end_});
  end_ += duration;
}

microseconds MediaClock::At(Time time) const {
  const auto after = std::upper_bound(
      pieces_.begin(), pieces_.end(), time,
      [](Time wanted, const Piece& piece) { return wanted < piece.start; });
  if (after == pieces_.begin()) return microseconds(0);
  const Piece& piece = *std::prev(after);
  const auto since =
      std::chrono::duration_cast<microseconds>(time - piece.start);
  return piece.at + std::min(since, piece.duration);
}

std::string CaptionCue(const ChatMessage& message, microseconds at,
                       milliseconds shown_for) {
  const auto start = std::chrono::duration_cast<milliseconds>(at);
  std::string cue = fmt::format("\n{} --> {}\n", Timestamp(start),
                                Timestamp(start + shown_for));
  const std::string& name = message.sender_name.empty() ? message.sender_peer_id
                                                        : message.sender_name;
  if (!name.empty()) {
    cue += "<v ";
    AppendText(OneLine(name), cue);
    cue += '>';
  }
  AppendText(message.message, cue);
  return cue + "\n";
}

}  // namespace hlsrec::chat
