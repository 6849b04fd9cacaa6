#ifndef HLSREC_SRC_DELIVER_RETENTION_H_
#define HLSREC_SRC_DELIVER_RETENTION_H_

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/events.h"
#include "hlsrec/sink.h"
#include "src/base/clock.h"
#include "src/base/executor.h"
#include "src/deliver/retention_note.h"
#include "src/deliver/uploader.h"

namespace hlsrec::deliver {

struct RetentionOptions {
  std::string stream = {};
  std::string output = {};  // in events
  std::chrono::seconds retain{0};
};

// Removes recordings of one stream from a sink when they ended long enough ago:
// what their notes name (retention_note.h), lists first, the note last. A
// recording one of whose lists is not as it left it was continued, and stays.
//
// Threads. Everything on the strand.
// Lifetime. Held by its calls in flight; after Stop() no call begins.
class Retention : public std::enable_shared_from_this<Retention> {
 public:
  Retention(std::shared_ptr<Strand> strand, const Clock& clock,
            std::shared_ptr<Sink> sink, std::shared_ptr<Uploader> uploader,
            RetentionOptions options, std::function<void(Event)> emit);

  // Looks now, and again each hour, or tenth of the time to keep if that is
  // less.
  void Start();
  void Stop() { stopped_ = true; }

 private:
  void Look();
  void OnNotes(StatusOr<std::vector<ObjectInfo>> notes);
  void NextNote();
  void OnNote(const StatusOr<std::string>& text);
  // Whether the lists from this one on are as they were left.
  void CheckList(std::size_t number);
  void RemoveNext(std::size_t number);
  void Get(const std::string& key,
           std::function<void(Retention&, StatusOr<std::string>)> then);

  const std::shared_ptr<Strand> strand_;
  const Clock& clock_;
  const std::shared_ptr<Sink> sink_;
  const std::shared_ptr<Uploader> uploader_;
  const RetentionOptions options_;
  const std::function<void(Event)> emit_;
  bool stopped_ = false;
  std::deque<std::string> due_;
  // The one at hand.
  std::string note_key_;
  RetentionNote note_;
  std::vector<std::string> keys_;
};

}  // namespace hlsrec::deliver

#endif  // HLSREC_SRC_DELIVER_RETENTION_H_
