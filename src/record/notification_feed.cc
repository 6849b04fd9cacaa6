#include "src/record/notification_feed.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "src/base/bytes.h"
#include "src/base/hash.h"
#include "src/base/mutex.h"
#include "src/base/status_util.h"
#include "src/playlist/render.h"

namespace hlsrec::record {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;

constexpr std::size_t kIdDigits = 32;
// Of each output; all are in the result and in the spool.
constexpr std::size_t kMostMissing = 100;

std::string Text(const Json& json) {
  // Names need not be UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// The identity is told with the other fields.
Json FieldsOf(const RecordingPlan& plan) {
  Json fields = plan.options.fields;
  for (const std::string& name : IdentityFieldNames()) {
    const std::string value = IdentityField(plan.subject, name);
    if (!value.empty()) fields[name] = value;
  }
  return fields;
}

Json Common(const RecordingPlan& plan) {
  return {{"recording_id", plan.id},
          {"stream", plan.options.stream},
          {"session", plan.session},
          {"run", plan.run},
          {"started", playlist::FormatDateTime(plan.started)},
          {"fields", FieldsOf(plan)}};
}

std::int64_t Milliseconds(std::chrono::microseconds duration) {
  return std::chrono::duration_cast<milliseconds>(duration).count();
}

Json ErrorOf(const Status& status) {
  return {{"code", std::string(StatusCodeName(status.code()))},
          {"message", status.message()}};
}

Json OutputsOf(const RecordingPlan& plan, const RecordingResult& result) {
  Json outputs = Json::array();
  for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
    Json output = {{"id", plan.outputs[i].id},
                   {"sink", plan.outputs[i].sink_name}};
    if (i < result.outputs.size()) {
      const OutputResult& each = result.outputs[i];
      output["playlists"] = each.playlists;
      output["missing_count"] = each.missing.size();
      const auto shown = std::min(each.missing.size(), kMostMissing);
      output["missing"] = std::vector<std::string>(
          each.missing.begin(),
          each.missing.begin() + static_cast<std::ptrdiff_t>(shown));
      if (!each.status.ok()) output["error"] = ErrorOf(each.status);
    }
    outputs.push_back(std::move(output));
  }
  return outputs;
}

Json MadeOf(const RecordingPlan& plan, std::size_t output,
            const MadeObject& made) {
  return {{"output", plan.outputs[output].id},
          {"sink", plan.outputs[output].sink_name},
          {"key", made.key},
          {"size_bytes", made.size_bytes}};
}

// The first output's that has one.
Json FirstOf(std::string_view kind, const RecordingPlan& plan,
             const RecordingResult& result) {
  for (std::size_t i = 0; i < result.outputs.size(); ++i) {
    for (const MadeObject& made : result.outputs[i].made) {
      if (made.kind == kind) return MadeOf(plan, i, made);
    }
  }
  return {};
}

// Movies of the first output that has some.
Json FilesOf(const RecordingPlan& plan, const RecordingResult& result) {
  Json files = Json::array();
  for (std::size_t i = 0; i < result.outputs.size() && files.empty(); ++i) {
    for (const MadeObject& made : result.outputs[i].made) {
      if (made.kind != manifest::kMovie) continue;
      Json file = MadeOf(plan, i, made);
      file["rendition"] = made.rendition;
      file["layer"] = made.layer;
      if (made.width > 0) file["width"] = made.width;
      if (made.height > 0) file["height"] = made.height;
      files.push_back(std::move(file));
    }
  }
  return files;
}

Json SegmentOf(const Event& event) {
  return {{"output", event.output},
          {"rendition", event.rendition},
          {"key", event.key},
          {"sequence", event.sequence ? Json(*event.sequence) : Json()},
          {"duration_ms", Milliseconds(event.duration)},
          {"size_bytes", event.size_bytes}};
}

// Of several notifiers, counted. Threads. Any.
class Answers {
 public:
  void Expect() {
    MutexLock lock(mutex_);
    ++left_;
  }
  // With the last one: the first failure.
  std::optional<Status> Take(const Status& status) {
    MutexLock lock(mutex_);
    if (status_.ok()) status_ = status;
    if (--left_ > 0) return std::nullopt;
    return status_;
  }

 private:
  Mutex mutex_;
  int left_ ABSL_GUARDED_BY(mutex_) = 1;  // whoever asks
  Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

NotificationFeed::NotificationFeed(RuntimeCore& core, const RecordingPlan& plan)
    : core_(core), plan_(plan) {
  // Of the first output: all have as much.
  if (plan.restored.empty()) return;
  for (const auto& rendition : plan.restored.front()) {
    std::chrono::microseconds duration{0};
    for (const deliver::RestoredSegment& segment : rendition) {
      if (segment.record.gap) continue;
      duration += segment.record.duration;
      bytes_before_ += segment.record.size_bytes;
    }
    recorded_before_ = std::max(recorded_before_, duration);
  }
}

bool NotificationFeed::Wanted(NotificationType type) const {
  return std::any_of(
      plan_.notifiers.begin(), plan_.notifiers.end(),
      [type](const NotifierPlan& notifier) { return notifier.Wants(type); });
}

void NotificationFeed::Queue(NotificationType type, std::string_view which,
                             std::string data,
                             const std::function<void(Status)>& then) {
  const std::string_view name = NotificationTypeName(type);
  const std::string key =
      fmt::format("{}\n{}\n{}\n{}", plan_.id, plan_.run, name, which);
  spool::NotificationQueued queued{
      .id = "evt_" + Sha256Hex(AsBytes(key)).substr(0, kIdDigits),
      .subject = plan_.id,
      .type = std::string(name),
      .data = std::move(data),
      .time = core_.clock().Wall()};
  const auto answers = std::make_shared<Answers>();
  const auto told = [answers, then](const Status& status) {
    const auto all = answers->Take(status);
    if (all && then) then(*all);
  };
  const auto outbox = deliver::Outbox::Of(core_);
  for (const NotifierPlan& notifier : plan_.notifiers) {
    if (!notifier.Wants(type)) continue;
    queued.target = notifier.target;
    answers->Expect();
    outbox->Queue(queued, told);
  }
  told({});
}

void NotificationFeed::OnEvent(const Event& event) {
  if (ended_) return;  // what is given up is told as missing
  NotificationType type = NotificationType::kSegmentStored;
  switch (event.type) {
    case EventType::kRecordingStarted:
      type = NotificationType::kRecordingStarted;
      break;
    case EventType::kSegmentStored:
      break;
    case EventType::kSegmentLost:
      type = NotificationType::kSegmentLost;
      break;
    case EventType::kOutputDegraded:
      if (!degraded_.insert(event.output).second) return;
      type = NotificationType::kStorageDegraded;
      break;
    case EventType::kOutputRecovered:
      if (degraded_.erase(event.output) == 0) return;
      type = NotificationType::kStorageRecovered;
      break;
    default:
      return;
  }
  if (!Wanted(type)) return;
  Json data = Common(plan_);
  const std::string now = playlist::FormatDateTime(core_.clock().Wall());
  if (type == NotificationType::kRecordingStarted) {
    data["resumed"] = plan_.resumed;
    data["outputs"] = OutputsOf(plan_, {});
    // Each run begins once; the first one's may be told by the second.
    return Queue(type, plan_.resumed ? now : "", Text(data));
  }
  const bool segment = type == NotificationType::kSegmentStored ||
                       type == NotificationType::kSegmentLost;
  if (segment) {
    data.update(SegmentOf(event));
  } else {
    data["output"] = event.output;
  }
  if (!event.status.ok()) data["error"] = ErrorOf(event.status);
  Queue(type,
        segment ? fmt::format("{}\n{}", event.output, event.key)
                : fmt::format("{}\n{}", event.output, now),
        Text(data));
}

void NotificationFeed::OnStopped(const RecordingProgress& progress) {
  stopped_ = core_.clock().Wall();
  if (!Wanted(NotificationType::kRecordingStopped)) return;
  Json data = Common(plan_);
  data["stopped"] = playlist::FormatDateTime(stopped_);
  data["duration_ms"] = Milliseconds(recorded_before_ + progress.duration);
  Queue(NotificationType::kRecordingStopped, "", Text(data));
}

void NotificationFeed::OnEnded(const RecordingResult& result, bool resumable,
                               const std::function<void(Status)>& then) {
  ended_ = true;
  const bool succeeded = result.status.ok() && !resumable;
  const NotificationType type = succeeded
                                    ? NotificationType::kRecordingSucceeded
                                    : NotificationType::kRecordingFailed;
  if (!Wanted(type)) return then({});
  const WallTime now = core_.clock().Wall();
  Json data = Common(plan_);
  data["stopped"] =
      playlist::FormatDateTime(stopped_ == WallTime() ? now : stopped_);
  data["duration_ms"] =
      Milliseconds(recorded_before_ + result.progress.duration);
  data["size_bytes"] = bytes_before_ + result.progress.bytes_written;
  data["segments_lost"] = result.progress.segments_lost;
  data["outputs"] = OutputsOf(plan_, result);
  for (const std::string_view kind : {manifest::kChat, manifest::kArchive}) {
    Json made = FirstOf(kind, plan_, result);
    if (!made.is_null()) data[std::string(kind)] = std::move(made);
  }
  if (Json files = FilesOf(plan_, result); !files.empty()) {
    data["files"] = std::move(files);
  }
  if (!succeeded) {
    data["error"] = ErrorOf(result.status);
    data["resumable"] = resumable;
  }
  Queue(type, succeeded ? "" : playlist::FormatDateTime(now), Text(data), then);
}

}  // namespace hlsrec::record
