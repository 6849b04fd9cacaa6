#ifndef HLSREC_TOOLS_HLSREC_CHAT_READER_H_
#define HLSREC_TOOLS_HLSREC_CHAT_READER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "hlsrec/chat.h"

namespace CLI {
class App;
}

namespace hlsrec::tools {

// `--chat` and what belongs to it, as it was typed.
struct ChatChoice {
  std::string input;  // a file, a FIFO, "-": standard input
  std::string name;   // template of the CSV
  bool captions = false;
  std::string captions_name;  // implies it
  bool escape_formulas = false;

  [[nodiscard]] bool wanted() const { return !input.empty(); }
};

void AddChat(CLI::App& app, ChatChoice& chat);

// `path`: the layout's, where --chat-name does not say another.
ChatOptions MakeChatOptions(const ChatChoice& chat, const std::string& path);

// Reads JSON lines and appends them to a recording's chat, from a thread of its
// own, as they come. A line that is no message is told by its number, and left
// out; nothing here ends the recording.
//
// Lifetime. Within that of what Start() is given.
class ChatReader {
 public:
  using Warn = std::function<void(const std::string&)>;

  // kInvalidArgument: there is no such file.
  static StatusOr<std::unique_ptr<ChatReader>> Open(const std::string& input);
  // Once. `warn` is called on the reader's thread.
  void Start(ChatLog& log, Warn warn);
  // Takes what has come by now, and ends.
  ~ChatReader();
  ChatReader(const ChatReader&) = delete;
  ChatReader& operator=(const ChatReader&) = delete;

 private:
  ChatReader(int fd, std::string name);

  void Run();
  // False: it has ended.
  bool ReadSome();
  void TakeLine(std::string_view line);
  void Tell(const std::string& what);

  const int fd_;
  const std::string name_;
  ChatLog* log_ = nullptr;
  Warn warn_;
  int stop_[2] = {-1, -1};
  std::string text_;         // of the line that has not ended
  bool too_long_ = false;    // it is left out
  std::uint64_t lines_ = 0;  // that have ended
  std::uint64_t bad_ = 0;
  std::thread thread_;
};

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_CHAT_READER_H_
