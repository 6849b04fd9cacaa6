#include "src/deliver/chat_work.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "src/base/bytes.h"
#include "src/base/hash.h"
#include "src/base/status_util.h"
#include "src/chat/captions.h"
#include "src/chat/csv.h"
#include "src/deliver/manifest_rows.h"

namespace hlsrec::deliver {
namespace {

constexpr std::string_view kCsvType = "text/csv; charset=utf-8";
constexpr std::string_view kCaptionsType = "text/vtt";

// The first rendition's, gaps among them: lists count them, too.
chat::MediaClock ClockOf(const SeriesRows& rows) {
  chat::MediaClock clock;
  auto stored = rows.stored.begin();
  auto gap = rows.gaps.begin();
  while (stored != rows.stored.end() || gap != rows.gaps.end()) {
    const bool first = gap == rows.gaps.end() || (stored != rows.stored.end() &&
                                                  stored->index < gap->index);
    const SegmentRow& row = first ? *stored++ : *gap++;
    clock.Add(row.start, row.duration);
  }
  return clock;
}

class ChatWork final : public EndWork,
                       public std::enable_shared_from_this<ChatWork> {
 public:
  explicit ChatWork(const OutputPlan& plan)
      : plan_(*plan.chat), fields_(plan.fields) {}

  std::vector<std::string> Owed() const override {
    std::vector<std::string> keys;
    for (const auto& [path, extension] : Paths()) {
      if (!*path) continue;
      std::string key = KeyOf(**path, extension);
      if (!made_.Has(key)) keys.push_back(std::move(key));
    }
    return keys;
  }

  void Start(std::shared_ptr<const EndedMedia> ended,
             std::function<void(MadeAtEnd)> done) override {
    ended_ = std::move(ended);
    done_ = std::move(done);
    ended_->journal.Load(
        ended_->series.front().recording, spool::Journal::Detail::kChat,
        [self =
             shared_from_this()](StatusOr<spool::JournaledRecording> loaded) {
          self->ended_->strand->Post(
              [self, loaded = std::move(loaded)] { self->OnLoaded(loaded); });
        });
  }

 private:
  using Path = std::pair<const std::optional<PathTemplate>*, std::string_view>;
  [[nodiscard]] std::array<Path, 2> Paths() const {
    return {Path{&plan_.path, "csv"}, Path{&plan_.captions_path, "vtt"}};
  }

  [[nodiscard]] std::string KeyOf(const PathTemplate& path,
                                  std::string_view extension) const {
    PathFields fields = fields_;
    fields.extension = std::string(extension);
    const StatusOr<std::string> key = path.Expand(fields);
    return key.ok() ? *key : path.text();
  }

  void OnLoaded(const StatusOr<spool::JournaledRecording>& loaded) {
    if (!loaded.ok()) {
      made_ = {.status = loaded.status().WithContext("chat"),
               .missing = Owed()};
      return Done();
    }
    for (const spool::ChatAppended& appended : loaded->chat) {
      StatusOr<ChatMessage> message = ParseChatMessage(appended.message);
      if (message.ok()) messages_.push_back(std::move(message).value());
    }
    if (messages_.empty()) return Done();
    if (plan_.path) {
      std::string text(chat::kCsvHeader);
      for (const ChatMessage& message : messages_) {
        text += chat::CsvRecord(message, plan_.formulas);
      }
      Put(KeyOf(*plan_.path, "csv"), manifest::kChat, kCsvType,
          std::move(text));
    }
    if (plan_.captions_path) {
      ++left_;
      ReadRows(ended_->strand, ended_->journal, {ended_->series.front()},
               ended_->is_there,
               [self = shared_from_this()](
                   const StatusOr<std::vector<SeriesRows>>& rows) {
                 self->OnRows(rows);
               });
    }
    OneLess();
  }

  void OnRows(const StatusOr<std::vector<SeriesRows>>& rows) {
    const std::string key = KeyOf(*plan_.captions_path, "vtt");
    if (rows.ok()) {
      Put(key, manifest::kCaptions, kCaptionsType,
          RenderCaptions(ClockOf(rows->front())));
    } else {
      Miss(key, rows.status());
    }
    OneLess();
  }

  // In the order of the media: WebVTT asks for it.
  [[nodiscard]] std::string RenderCaptions(
      const chat::MediaClock& clock) const {
    std::vector<std::pair<std::chrono::microseconds, const ChatMessage*>> cues;
    cues.reserve(messages_.size());
    for (const ChatMessage& message : messages_) {
      cues.emplace_back(clock.At(message.sent_at.value_or(WallTime())),
                        &message);
    }
    std::stable_sort(
        cues.begin(), cues.end(),
        [](const auto& a, const auto& b) { return a.first < b.first; });
    std::string text(chat::kCaptionsHeader);
    for (const auto& [at, message] : cues) {
      text += chat::CaptionCue(*message, at, plan_.shown_for);
    }
    return text;
  }

  void Put(const std::string& key, std::string_view kind,
           std::string_view content_type, std::string text) {
    ++left_;
    manifest::Object object{.key = key,
                            .kind = std::string(kind),
                            .sha256 = Sha256Hex(AsBytes(text))};
    PutMade(
        *ended_->uploader, std::move(object),
        {.body = MakeStringBody(std::move(text)), .content_type = content_type},
        [self = shared_from_this(), key](StatusOr<manifest::Object> put) {
          if (put.ok()) {
            self->made_.objects.push_back(*std::move(put));
          } else {
            self->Miss(key, put.status());
          }
          self->OneLess();
        });
  }

  void Miss(const std::string& key, const Status& status) {
    if (made_.status.ok()) made_.status = status.WithContext("chat");
    made_.missing.push_back(key);
  }

  void OneLess() {
    if (--left_ == 0) Done();
  }

  void Done() {
    std::sort(made_.objects.begin(), made_.objects.end(),
              [](const auto& a, const auto& b) { return a.kind > b.kind; });
    messages_.clear();
    std::exchange(done_, nullptr)(made_);
  }

  const ChatPlan plan_;
  const PathFields fields_;
  std::shared_ptr<const EndedMedia> ended_;
  std::function<void(MadeAtEnd)> done_;
  std::vector<ChatMessage> messages_;
  MadeAtEnd made_;
  int left_ = 1;  // OnLoaded() itself
};

}  // namespace

std::shared_ptr<EndWork> MakeChatWork(const OutputPlan& plan) {
  return std::make_shared<ChatWork>(plan);
}

}  // namespace hlsrec::deliver
