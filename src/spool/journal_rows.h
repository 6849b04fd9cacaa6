#ifndef HLSREC_SRC_SPOOL_JOURNAL_ROWS_H_
#define HLSREC_SRC_SPOOL_JOURNAL_ROWS_H_

#include <chrono>
#include <cstdint>
#include <vector>

#include "hlsrec/status.h"
#include "src/spool/journal.h"
#include "src/spool/sqlite_handles.h"

namespace hlsrec::spool {

// How times are kept.
inline std::int64_t Microseconds(WallTime time) {
  return std::chrono::floor<std::chrono::microseconds>(time.time_since_epoch())
      .count();
}

// Entries as rows, and rows as what is known of a recording.
//
// Threads. The connection's. Blocking. Yes.
// Lifetime. `database`, which has the tables, outlives it.
class JournalRows {
 public:
  static StatusOr<JournalRows> Prepare(SqliteDatabase& database);

  // Part of a transaction, which goes on where the entry's own wrongness is the
  // reason: kNotFound (its recording is not in the journal), kAlreadyExists
  // (another open recording has its identity), kInvalidArgument. All other
  // failures may leave half of it behind.
  Status Apply(const JournalEntry& entry);

  StatusOr<JournaledRecording> Load(RecordingId recording);
  StatusOr<JournaledRecording> LoadFiles(RecordingId recording);
  StatusOr<JournaledRecording> LoadChat(RecordingId recording);
  StatusOr<JournaledRecording> LoadPart(const SeriesPart& part);
  StatusOr<std::vector<RecordingSummary>> Recordings();
  StatusOr<std::vector<StoredNotification>> Notifications(
      const NotificationFilter& filter);
  // The highest there ever was; 0: none.
  StatusOr<RecordingId> HighestRecording();

 private:
  explicit JournalRows(SqliteDatabase& database) : database_(&database) {}

  Status Write(const RecordingOpened& entry);
  Status Write(const InitSection& entry);
  Status Write(const SegmentSealed& entry);
  Status Write(const SegmentDelivered& entry);
  Status Write(const PlaylistPublished& entry);
  Status Write(const RenditionDescribed& entry);
  Status Write(const ChatAppended& entry);
  Status Write(const SegmentsForgotten& entry);
  Status Write(const RecordingEnding& entry);
  Status Write(const RecordingForgotten& entry);
  // In notification_rows.cc.
  Status Write(const NotificationQueued& entry);
  Status Write(const NotificationSettled& entry);
  Status Write(const NotificationsForgotten& entry);

  StatusOr<std::vector<SegmentSealed>> Segments(RecordingId recording);
  StatusOr<std::vector<SegmentDelivered>> Deliveries(RecordingId recording);
  Status ReadInits(JournaledRecording& into);
  Status ReadPlaylists(JournaledRecording& into);
  Status ReadRenditions(JournaledRecording& into);
  Status ReadChat(JournaledRecording& into);

  SqliteDatabase* database_;
  SqliteStatement open_recording_;
  SqliteStatement end_recording_;
  SqliteStatement forget_recording_;
  SqliteStatement put_init_;
  SqliteStatement put_segment_;
  SqliteStatement put_delivery_;
  SqliteStatement put_playlist_;
  SqliteStatement put_rendition_;
  SqliteStatement put_chat_;
  SqliteStatement forget_segments_;
  SqliteStatement forget_deliveries_;
  SqliteStatement forget_inits_;
  SqliteStatement queue_notification_;
  SqliteStatement settle_notification_;
  SqliteStatement forget_notifications_;
};

}  // namespace hlsrec::spool

#endif  // HLSREC_SRC_SPOOL_JOURNAL_ROWS_H_
