#include "hlsrec/notification.h"

#include <array>

namespace hlsrec {
namespace {

constexpr std::array<std::pair<NotificationType, std::string_view>, 8> kNames{{
    {NotificationType::kRecordingStarted, "recording.started"},
    {NotificationType::kRecordingStopped, "recording.stopped"},
    {NotificationType::kRecordingSucceeded, "recording.success"},
    {NotificationType::kRecordingFailed, "recording.failed"},
    {NotificationType::kSegmentStored, "segment.stored"},
    {NotificationType::kSegmentLost, "segment.lost"},
    {NotificationType::kStorageDegraded, "storage.degraded"},
    {NotificationType::kStorageRecovered, "storage.recovered"},
}};

}  // namespace

Notifier::~Notifier() = default;

std::string_view NotificationTypeName(NotificationType type) {
  for (const auto& [known, name] : kNames) {
    if (known == type) return name;
  }
  return "unknown";
}

std::optional<NotificationType> ParseNotificationType(std::string_view name) {
  for (const auto& [type, known] : kNames) {
    if (known == name) return type;
  }
  return std::nullopt;
}

}  // namespace hlsrec
