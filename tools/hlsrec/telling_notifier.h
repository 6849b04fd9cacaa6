#ifndef HLSREC_TOOLS_HLSREC_TELLING_NOTIFIER_H_
#define HLSREC_TOOLS_HLSREC_TELLING_NOTIFIER_H_

#include <functional>
#include <string_view>
#include <vector>

#include "hlsrec/notification.h"

namespace hlsrec::tools {

// From now on `tell`, on any thread, is told why a receiver does not take what
// it is told: once until it takes something again, which is told, too.
void TellFailures(std::vector<NotifierOptions>& notifiers,
                  const std::function<void(std::string_view)>& tell);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_TELLING_NOTIFIER_H_
