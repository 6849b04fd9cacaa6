#include <nlohmann/json.hpp>

#include "hlsrec/notification.h"
#include "src/base/status_util.h"
#include "src/playlist/render.h"

namespace hlsrec {

StatusOr<std::string> RenderNotification(const Notification& notification) {
  using Json = nlohmann::ordered_json;
  Json data = Json::parse(notification.data, nullptr, false);
  if (!data.is_object()) {
    return DataLoss("notification: {}: its data is no JSON object",
                    notification.id);
  }
  Json body = {{"type", std::string(NotificationTypeName(notification.type))},
               {"timestamp", playlist::FormatDateTime(notification.time)},
               {"id", notification.id},
               {"recording", notification.recording},
               {"data", std::move(data)}};
  if (notification.replayed) body["is_replay"] = true;
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace hlsrec
