#ifndef HLSREC_SRC_CHAT_CSV_H_
#define HLSREC_SRC_CHAT_CSV_H_

#include <string>
#include <string_view>

#include "hlsrec/chat.h"

namespace hlsrec::chat {

// As 100ms writes it ("Chat Recording"), with its line's end.
inline constexpr std::string_view kCsvHeader =
    "SenderPeerID,SenderName,SenderUserID,Roles,SentAt,Type,Message\r\n";

// One record of RFC 4180, with its line's end.
std::string CsvRecord(const ChatMessage& message, ChatFormulas formulas);

}  // namespace hlsrec::chat

#endif  // HLSREC_SRC_CHAT_CSV_H_
