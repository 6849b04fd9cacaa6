#include "tools/hlsrec/chat_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace hlsrec::tools {
namespace {

// More than the longest message takes as JSON.
constexpr std::size_t kLongestLine = std::size_t{1} << 20;
// After the end, of 64 KiB.
constexpr int kLastBlocks = 16;
// Of bad lines; the rest is counted.
constexpr std::uint64_t kMostWarnings = 100;
// How often, and how long apart, what the disk has no time for is tried.
constexpr int kMostAttempts = 50;
constexpr std::chrono::milliseconds kAgain{20};

}  // namespace

void AddChat(CLI::App& app, ChatChoice& chat) {
  const char* group = "Chat";
  app.add_option("--chat", chat.input,
                 "Record the chat from JSON lines in a file or FIFO (-: "
                 "standard input), read while it lasts: message; optional "
                 "sender_peer_id, sender_name, sender_user_id, roles (a list; "
                 "none: all), recipient_peer_id (of a direct message, which "
                 "is not recorded), sent_at (RFC 3339), type. Stored as CSV "
                 "when the recording ends")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--chat-name", chat.name,
                 "Template of the CSV's path; the layout's by default")
      ->type_name("TEMPLATE")
      ->group(group);
  app.add_flag("--chat-captions", chat.captions,
               "The same as WebVTT beside it, timed as the media is")
      ->group(group);
  app.add_option("--chat-captions-name", chat.captions_name,
                 "Template of its path; implies --chat-captions")
      ->type_name("TEMPLATE")
      ->group(group);
  app.add_flag("--chat-escape-formulas", chat.escape_formulas,
               "Put ' before fields that spreadsheets take for formulas")
      ->group(group);
}

ChatOptions MakeChatOptions(const ChatChoice& chat, const std::string& path) {
  if (!chat.wanted()) return {};
  ChatOptions options{.path = chat.name.empty() ? path : chat.name,
                      .formulas = chat.escape_formulas ? ChatFormulas::kEscape
                                                       : ChatFormulas::kKeep};
  if (!chat.captions_name.empty()) {
    options.captions_path = chat.captions_name;
  } else if (chat.captions) {
    options.captions_path = options.path;
    constexpr std::string_view kCsv = ".csv";
    if (options.captions_path.ends_with(kCsv)) {
      options.captions_path.resize(options.captions_path.size() - kCsv.size());
    }
    options.captions_path += ".vtt";
  }
  return options;
}

StatusOr<std::unique_ptr<ChatReader>> ChatReader::Open(
    const std::string& input) {
  const bool standard = input == "-";
  int fd = -1;
  if (standard) {
    fd = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
  } else {
    struct stat status {};
    const bool known = ::stat(input.c_str(), &status) == 0;
    if (known && S_ISDIR(status.st_mode)) {
      return Status(
          StatusCode::kInvalidArgument,
          fmt::format("--chat: {}: is a folder: want a file or FIFO", input));
    }
    const bool fifo = known && S_ISFIFO(status.st_mode);
    // A FIFO that we could write to ourselves does not end with one writer, nor
    // waits for the first.
    fd = ::open(input.c_str(), (fifo ? O_RDWR : O_RDONLY) | O_CLOEXEC);
  }
  if (fd < 0) {
    return Status(StatusCode::kInvalidArgument,
                  fmt::format("--chat: {}: {}", input, std::strerror(errno)));
  }
  return std::unique_ptr<ChatReader>(
      new ChatReader(fd, standard ? "standard input" : input));
}

ChatReader::ChatReader(int fd, std::string name)
    : fd_(fd), name_(std::move(name)) {}

void ChatReader::Start(ChatLog& log, Warn warn) {
  log_ = &log;
  warn_ = std::move(warn);
  if (::pipe2(stop_, O_CLOEXEC) != 0) return Tell(std::strerror(errno));
  thread_ = std::thread([this] { Run(); });
}

ChatReader::~ChatReader() {
  if (thread_.joinable()) {
    ::close(stop_[1]);
    thread_.join();
    ::close(stop_[0]);
  }
  ::close(fd_);
  if (warn_ && bad_ > kMostWarnings) {
    Tell(fmt::format("{} lines were left out", bad_));
  }
}

void ChatReader::Run() {
  struct stat status {};
  const bool ends = ::fstat(fd_, &status) == 0 && S_ISREG(status.st_mode);
  // Of a writer that never stops, what a pipe holds.
  for (int left = kLastBlocks; left > 0;) {
    std::array<pollfd, 2> waits = {
        {{.fd = fd_, .events = POLLIN, .revents = 0},
         {.fd = stop_[0], .events = POLLIN, .revents = 0}}};
    if (::poll(waits.data(), waits.size(), -1) < 0) {
      if (errno == EINTR) continue;
      break;
    }
    const bool stops = waits[1].revents != 0;
    if (stops && !ends) --left;
    if (waits[0].revents != 0) {
      if (!ReadSome()) break;
    } else if (stops) {
      break;
    }
  }
  // A last line without its end.
  if (!text_.empty()) TakeLine(text_);
}

bool ChatReader::ReadSome() {
  std::array<char, 65536> block;
  const ssize_t count = ::read(fd_, block.data(), block.size());
  if (count < 0 && errno == EINTR) return true;
  if (count < 0) Tell(std::strerror(errno));
  if (count <= 0) return false;
  std::string_view read(block.data(), static_cast<std::size_t>(count));
  while (!read.empty()) {
    const std::size_t end = read.find('\n');
    text_.append(read.substr(0, end));
    if (text_.size() > kLongestLine) {
      too_long_ = true;
      text_.clear();
    }
    if (end == std::string_view::npos) break;
    read.remove_prefix(end + 1);
    TakeLine(text_);
    text_.clear();
  }
  return true;
}

void ChatReader::TakeLine(std::string_view line) {
  ++lines_;
  const bool too_long = std::exchange(too_long_, false);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.find_first_not_of(" \t") == std::string_view::npos && !too_long) {
    return;
  }
  Status status(StatusCode::kInvalidArgument, "is too long");
  if (!too_long) {
    auto message = ParseChatMessage(line);
    status = message.status();
    for (int attempt = 0; message.ok() && attempt < kMostAttempts; ++attempt) {
      status = log_->Append(*message);
      if (status.code() != StatusCode::kResourceExhausted) break;
      // Who asks us to stop waits that long, too.
      ::poll(nullptr, 0, static_cast<int>(kAgain.count()));
    }
  }
  if (status.ok() || ++bad_ > kMostWarnings) return;
  Tell(fmt::format("line {}: {}: left out", lines_, status.message()));
}

void ChatReader::Tell(const std::string& what) {
  warn_(fmt::format("--chat: {}: {}", name_, what));
}

}  // namespace hlsrec::tools
