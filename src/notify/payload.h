#ifndef HLSREC_SRC_NOTIFY_PAYLOAD_H_
#define HLSREC_SRC_NOTIFY_PAYLOAD_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hlsrec/notification.h"
#include "hlsrec/status.h"
#include "hlsrec/webhook.h"

// What is sent of a notification. Pure.
namespace hlsrec::notify {

// An object of an output: its sink's description, and its key.
using ObjectName = std::pair<std::string, std::string>;
using PresignedUrls = std::map<ObjectName, std::string>;

// As 100ms sends it: version 2.0, recording.* 1.0. None where it has no such
// event.
StatusOr<std::optional<std::string>> Render100ms(
    const Notification& notification, const WebhookOptions& options,
    const PresignedUrls& urls);
// Whose URLs that body wants.
std::vector<ObjectName> ObjectsToPresign(const Notification& notification,
                                         const WebhookOptions& options);

}  // namespace hlsrec::notify

#endif  // HLSREC_SRC_NOTIFY_PAYLOAD_H_
