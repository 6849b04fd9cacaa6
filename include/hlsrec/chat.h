#ifndef HLSREC_CHAT_H_
#define HLSREC_CHAT_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/status.h"

// The chat beside a recording: kept in the spool's journal while it lasts, and
// stored as one object when it ends.
namespace hlsrec {

struct ChatMessage {
  std::string sender_peer_id = {};
  std::string sender_name = {};
  std::string sender_user_id = {};
  // Roles that it was sent to. Empty: all.
  std::vector<std::string> roles = {};
  // Whom it was sent to alone. Such a direct message is taken and dropped: it
  // is written to no file, and none of the spool's either.
  std::string recipient_peer_id = {};
  // Empty: when it is appended.
  std::optional<std::chrono::system_clock::time_point> sent_at = {};
  std::string type = "chat";
  std::string message = {};
};

// From a JSON object with the members above by their names, `sent_at` as an RFC
// 3339 text, `roles` as a list of texts; `message` is required.
// kInvalidArgument names the member that is none of these (a recipient that is
// misspelt must not make a direct message public) or of another type.
HLSREC_EXPORT StatusOr<ChatMessage> ParseChatMessage(std::string_view json);

// What spreadsheets make of a field that begins with `=`, `+`, `-`, `@`, a tab
// or a carriage return: a formula, which may send others what it finds.
enum class ChatFormulas {
  kKeep,    // the field is as it was sent
  kEscape,  // it begins with `'`
};

// Where an output stores the chat; in OutputOptions. Without a message nothing
// is stored.
struct ChatOptions {
  // Template (path_template.h) of the CSV: the header
  // SenderPeerID,SenderName,SenderUserID,Roles,SentAt,Type,Message, RFC 4180,
  // UTF-8. `Roles` is a JSON list, `[]` for all. Empty: none is stored.
  std::string path = {};
  ChatFormulas formulas = ChatFormulas::kKeep;
  // Template of the same as WebVTT, on the media's clock: a message is shown
  // when the picture of its time is. Empty: none.
  std::string captions_path = {};
  // How long a message is shown there.
  std::chrono::milliseconds shown_for{5000};
};

// Threads. Any. Blocking. No. Lifetime. Its recorder's.
class HLSREC_EXPORT ChatLog {
 public:
  virtual ~ChatLog();
  // In order of calls. Once this returned, only our death within the moment
  // that a transaction takes costs the message.
  // kFailedPrecondition: no output stores a chat, or the recording has ended.
  // kInvalidArgument: longer than 64 KiB. kResourceExhausted: not taken, too
  // much waits for the disk: try later.
  virtual Status Append(ChatMessage message) = 0;
};

}  // namespace hlsrec

#endif  // HLSREC_CHAT_H_
