#ifndef HLSREC_SRC_CHAT_MESSAGE_H_
#define HLSREC_SRC_CHAT_MESSAGE_H_

#include <string>

#include "hlsrec/chat.h"

namespace hlsrec::chat {

// All of a message's texts together.
inline constexpr std::size_t kMostBytes = 65536;

// What ParseChatMessage() reads; in the journal. Not of direct messages: these
// are written nowhere.
std::string SaveMessage(const ChatMessage& message);

// kInvalidArgument: it is too long.
Status CheckMessage(const ChatMessage& message);

}  // namespace hlsrec::chat

#endif  // HLSREC_SRC_CHAT_MESSAGE_H_
