#ifndef HLSREC_TOOLS_HLSREC_SERVED_URL_H_
#define HLSREC_TOOLS_HLSREC_SERVED_URL_H_

#include <chrono>
#include <string>

#include "hlsrec/status.h"
#include "tools/hlsrec/presign_command.h"

namespace hlsrec::tools {

struct ServedUrl {
  std::string url = {};
  std::string opens = {};  // what may be read by it, and until when
};

// The command's URL as `hlsrec serve --signing-key` takes it. Of a playlist it
// opens the folder, which has its segments, of other files these alone, unless
// the command says otherwise.
//
// Errors. kInvalidArgument: the key can't be read, the URL is none of a server,
//     what is to be opened does not contain it, is all of the server without
//     being asked for, or for too long.
StatusOr<ServedUrl> SignServedUrl(const PresignCommand& command,
                                  std::chrono::milliseconds expires);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_SERVED_URL_H_
