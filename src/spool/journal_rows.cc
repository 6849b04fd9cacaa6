#include "src/spool/journal_rows.h"

#include <map>
#include <utility>

#include "src/base/status_util.h"

namespace hlsrec::spool {
namespace {

using std::chrono::microseconds;

constexpr std::string_view kOpenRecording = R"(
INSERT INTO recording(id, identity, config, ending) VALUES(?1, ?2, ?3, 0)
ON CONFLICT(id) DO UPDATE SET
  identity = excluded.identity, config = excluded.config, ending = 0)";
constexpr std::string_view kEndRecording =
    "UPDATE recording SET ending = 1 WHERE id = ?1";
constexpr std::string_view kForgetRecording =
    "DELETE FROM recording WHERE id = ?1";
constexpr std::string_view kPutInit = R"(
INSERT OR REPLACE INTO init_section(recording, rendition, packaging, hash,
  bytes) VALUES(?1, ?2, ?3, ?4, ?5))";
constexpr std::string_view kPutSegment = R"(
INSERT OR REPLACE INTO segment(recording, rendition, number, packaging,
  duration_us, start_us, discontinuity, gap, init_hash, file, size_bytes,
  sha256) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12))";
constexpr std::string_view kPutDelivery = R"(
INSERT OR REPLACE INTO delivery(recording, rendition, number, output, outcome,
  etag) VALUES(?1, ?2, ?3, ?4, ?5, ?6))";
constexpr std::string_view kPutPlaylist = R"(
INSERT OR REPLACE INTO playlist(recording, output, rendition, playlist, key,
  oldest_sequence, newest_sequence, discontinuity_sequence, ended)
VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9))";
constexpr std::string_view kPutRendition = R"(
INSERT OR REPLACE INTO rendition(recording, rendition, info)
VALUES(?1, ?2, ?3))";
constexpr std::string_view kPutChat = R"(
INSERT OR REPLACE INTO chat(recording, number, message)
VALUES(?1, ?2, ?3))";
constexpr std::string_view kForgetSegments = R"(
DELETE FROM segment WHERE recording = ?1 AND rendition = ?2 AND number < ?3)";
constexpr std::string_view kForgetDeliveries = R"(
DELETE FROM delivery WHERE recording = ?1 AND rendition = ?2 AND number < ?3)";
// Segments of those that came last may be on their way here still.
constexpr std::string_view kForgetInits = R"(
DELETE FROM init_section WHERE recording = ?1 AND rendition = ?2
  AND id < (SELECT min(used.id) FROM init_section AS used
            WHERE used.recording = ?1 AND used.rendition = ?2
              AND used.packaging = init_section.packaging
              AND EXISTS (SELECT 1 FROM segment
                          WHERE segment.recording = ?1
                            AND segment.rendition = ?2
                            AND segment.packaging = used.packaging
                            AND segment.init_hash = used.hash)))";

// Who was told once is not told again because it is queued again.
constexpr std::string_view kQueueNotification = R"(
INSERT INTO notification(target, id, subject, type, data, time_us, state)
VALUES(?1, ?2, ?3, ?4, ?5, ?6, 0) ON CONFLICT(target, id) DO NOTHING)";
constexpr std::string_view kSettleNotification =
    "UPDATE notification SET state = ?2 WHERE number = ?1";
constexpr std::string_view kForgetNotifications =
    "DELETE FROM notification WHERE state IN (1, 2) AND time_us < ?1";

RecordingSummary SummaryOf(const SqliteRow& row) {
  return {.recording = row.Integer(0),
          .identity = row.Text(1),
          .config = row.Text(2),
          .ending = row.Bool(3)};
}

SegmentSealed SegmentOf(RecordingId recording, const SqliteRow& row) {
  return {.id = {.recording = recording,
                 .rendition = row.Int(0),
                 .packaging = row.Int(1),
                 .index = row.Unsigned(2)},
          .duration = microseconds(row.Integer(3)),
          .start = WallTime(microseconds(row.Integer(4))),
          .discontinuity = row.Bool(5),
          .gap = row.Bool(6),
          .init_hash = row.Text(7),
          .file = row.Text(8),
          .size_bytes = row.Unsigned(9),
          .sha256 = row.Text(10)};
}

// Those of the first key, then those of the second: the tables' order is
// another, and keys are few.
template <typename Key, typename Entry>
std::vector<Entry> Joined(std::map<Key, std::vector<Entry>> parts) {
  std::vector<Entry> all;
  for (auto& [key, part] : parts) {
    if (all.empty()) {
      all = std::move(part);
    } else {
      all.insert(all.end(), std::make_move_iterator(part.begin()),
                 std::make_move_iterator(part.end()));
    }
  }
  return all;
}

}  // namespace

StatusOr<JournalRows> JournalRows::Prepare(SqliteDatabase& database) {
  JournalRows rows(database);
  const std::pair<SqliteStatement*, std::string_view> statements[] = {
      {&rows.open_recording_, kOpenRecording},
      {&rows.end_recording_, kEndRecording},
      {&rows.forget_recording_, kForgetRecording},
      {&rows.put_init_, kPutInit},
      {&rows.put_segment_, kPutSegment},
      {&rows.put_delivery_, kPutDelivery},
      {&rows.put_playlist_, kPutPlaylist},
      {&rows.put_rendition_, kPutRendition},
      {&rows.put_chat_, kPutChat},
      {&rows.forget_segments_, kForgetSegments},
      {&rows.forget_deliveries_, kForgetDeliveries},
      {&rows.forget_inits_, kForgetInits},
      {&rows.queue_notification_, kQueueNotification},
      {&rows.settle_notification_, kSettleNotification},
      {&rows.forget_notifications_, kForgetNotifications},
  };
  for (const auto& [statement, sql] : statements) {
    HLSREC_ASSIGN_OR_RETURN(*statement, database.Prepare(sql));
  }
  return rows;
}

Status JournalRows::Apply(const JournalEntry& entry) {
  return std::visit(
      [this](const auto& known) {
        Status status = Write(known);
        if (status.code() == StatusCode::kNotFound) {
          if constexpr (requires { known.id.recording; }) {
            return NotFound("journal: recording {}: is not in it",
                            known.id.recording);
          } else if constexpr (requires { known.recording; }) {
            return NotFound("journal: recording {}: is not in it",
                            known.recording);
          }
        }
        return status;
      },
      entry);
}

Status JournalRows::Write(const RecordingOpened& entry) {
  Status status =
      open_recording_.Run(entry.recording, entry.identity, entry.config);
  if (status.code() == StatusCode::kAlreadyExists) {
    return AlreadyExists(
        "journal: recording {}: {}: another open recording has this identity",
        entry.recording, entry.identity);
  }
  return status;
}

Status JournalRows::Write(const InitSection& entry) {
  return put_init_.Run(entry.recording, entry.rendition, entry.packaging,
                       entry.hash, SqliteBlob{entry.bytes});
}

Status JournalRows::Write(const SegmentSealed& entry) {
  return put_segment_.Run(
      entry.id.recording, entry.id.rendition, entry.id.index,
      entry.id.packaging, std::int64_t{entry.duration.count()},
      Microseconds(entry.start), entry.discontinuity, entry.gap,
      entry.init_hash, entry.file, entry.size_bytes, entry.sha256);
}

Status JournalRows::Write(const SegmentDelivered& entry) {
  return put_delivery_.Run(entry.recording, entry.rendition, entry.index,
                           entry.output, static_cast<int>(entry.outcome),
                           entry.etag);
}

Status JournalRows::Write(const PlaylistPublished& entry) {
  return put_playlist_.Run(entry.recording, entry.output, entry.rendition,
                           entry.playlist, entry.key, entry.oldest_sequence,
                           entry.newest_sequence, entry.discontinuity_sequence,
                           entry.ended);
}

Status JournalRows::Write(const RenditionDescribed& entry) {
  return put_rendition_.Run(entry.recording, entry.rendition, entry.info);
}

Status JournalRows::Write(const ChatAppended& entry) {
  return put_chat_.Run(entry.recording, entry.number, entry.message);
}

Status JournalRows::Write(const SegmentsForgotten& entry) {
  HLSREC_RETURN_IF_ERROR(forget_segments_.Run(entry.recording, entry.rendition,
                                              entry.below_index));
  HLSREC_RETURN_IF_ERROR(forget_deliveries_.Run(
      entry.recording, entry.rendition, entry.below_index));
  return forget_inits_.Run(entry.recording, entry.rendition);
}

Status JournalRows::Write(const RecordingEnding& entry) {
  HLSREC_RETURN_IF_ERROR(end_recording_.Run(entry.recording));
  if (database_->changes() > 0) return {};
  return {StatusCode::kNotFound, "no such row"};
}

Status JournalRows::Write(const RecordingForgotten& entry) {
  return forget_recording_.Run(entry.recording);
}

StatusOr<std::vector<RecordingSummary>> JournalRows::Recordings() {
  HLSREC_ASSIGN_OR_RETURN(
      SqliteStatement statement,
      database_->Prepare("SELECT id, identity, config, ending FROM recording "
                         "ORDER BY id"));
  std::vector<RecordingSummary> recordings;
  HLSREC_RETURN_IF_ERROR(statement.Read([&recordings](const SqliteRow& row) {
    recordings.push_back(SummaryOf(row));
  }));
  return recordings;
}

StatusOr<RecordingId> JournalRows::HighestRecording() {
  HLSREC_ASSIGN_OR_RETURN(
      SqliteStatement statement,
      database_->Prepare(
          "SELECT seq FROM sqlite_sequence WHERE name = 'recording'"));
  RecordingId highest = 0;
  HLSREC_RETURN_IF_ERROR(statement.Read(
      [&highest](const SqliteRow& row) { highest = row.Integer(0); }));
  return highest;
}

StatusOr<JournaledRecording> JournalRows::Load(RecordingId recording) {
  HLSREC_ASSIGN_OR_RETURN(
      SqliteStatement statement,
      database_->Prepare(
          "SELECT id, identity, config, ending FROM recording WHERE id = ?1"));
  JournaledRecording loaded;
  bool found = false;
  HLSREC_RETURN_IF_ERROR(statement.Read(
      [&](const SqliteRow& row) {
        found = true;
        loaded.summary = SummaryOf(row);
      },
      recording));
  if (!found) {
    return NotFound("journal: recording {}: is not in it", recording);
  }
  HLSREC_RETURN_IF_ERROR(ReadInits(loaded));
  HLSREC_ASSIGN_OR_RETURN(loaded.segments, Segments(recording));
  HLSREC_ASSIGN_OR_RETURN(loaded.deliveries, Deliveries(recording));
  HLSREC_RETURN_IF_ERROR(ReadPlaylists(loaded));
  HLSREC_RETURN_IF_ERROR(ReadRenditions(loaded));
  HLSREC_RETURN_IF_ERROR(ReadChat(loaded));
  return loaded;
}

StatusOr<JournaledRecording> JournalRows::LoadChat(RecordingId recording) {
  JournaledRecording loaded{.summary = {.recording = recording}};
  HLSREC_RETURN_IF_ERROR(ReadChat(loaded));
  return loaded;
}

StatusOr<JournaledRecording> JournalRows::LoadFiles(RecordingId recording) {
  HLSREC_ASSIGN_OR_RETURN(
      SqliteStatement statement,
      database_->Prepare("SELECT rendition, packaging, number, file "
                         "FROM segment WHERE recording = ?1"));
  JournaledRecording loaded{.summary = {.recording = recording}};
  HLSREC_RETURN_IF_ERROR(statement.Read(
      [&](const SqliteRow& row) {
        loaded.segments.push_back({.id = {.recording = recording,
                                          .rendition = row.Int(0),
                                          .packaging = row.Int(1),
                                          .index = row.Unsigned(2)},
                                   .file = row.Text(3)});
      },
      recording));
  return loaded;
}

StatusOr<JournaledRecording> JournalRows::LoadPart(const SeriesPart& part) {
  JournaledRecording loaded{.summary = {.recording = part.recording}};
  // Packagings lie side by side: the limit is of the one that is asked for.
  HLSREC_ASSIGN_OR_RETURN(
      SqliteStatement segments,
      database_->Prepare(
          "SELECT rendition, packaging, number, duration_us, start_us, "
          "discontinuity, gap, init_hash, file, size_bytes, sha256 "
          "FROM segment WHERE recording = ?1 AND rendition = ?2 AND "
          "packaging = ?3 AND number >= ?4 ORDER BY number LIMIT ?5"));
  HLSREC_RETURN_IF_ERROR(segments.Read(
      [&](const SqliteRow& row) {
        loaded.segments.push_back(SegmentOf(part.recording, row));
      },
      part.recording, part.rendition, part.packaging, part.from_index,
      part.max_segments));
  if (loaded.segments.empty()) return loaded;
  HLSREC_ASSIGN_OR_RETURN(
      SqliteStatement deliveries,
      database_->Prepare(
          "SELECT number, outcome, etag FROM delivery WHERE recording = ?1 AND "
          "rendition = ?2 AND output = ?3 AND number BETWEEN ?4 AND ?5 "
          "ORDER BY number"));
  HLSREC_RETURN_IF_ERROR(deliveries.Read(
      [&](const SqliteRow& row) {
        loaded.deliveries.push_back(
            {.recording = part.recording,
             .output = part.output,
             .rendition = part.rendition,
             .index = row.Unsigned(0),
             .outcome = static_cast<Outcome>(row.Int(1)),
             .etag = row.Text(2)});
      },
      part.recording, part.rendition, part.output, part.from_index,
      loaded.segments.back().id.index));
  return loaded;
}

StatusOr<std::vector<SegmentSealed>> JournalRows::Segments(
    RecordingId recording) {
  HLSREC_ASSIGN_OR_RETURN(
      SqliteStatement statement,
      database_->Prepare(
          "SELECT rendition, packaging, number, duration_us, start_us, "
          "discontinuity, gap, init_hash, file, size_bytes, sha256 "
          "FROM segment WHERE recording = ?1 ORDER BY rendition, number, "
          "packaging"));
  std::map<std::pair<int, int>, std::vector<SegmentSealed>> parts;
  HLSREC_RETURN_IF_ERROR(statement.Read(
      [&](const SqliteRow& row) {
        parts[{row.Int(0), row.Int(1)}].push_back(SegmentOf(recording, row));
      },
      recording));
  return Joined(std::move(parts));
}

StatusOr<std::vector<SegmentDelivered>> JournalRows::Deliveries(
    RecordingId recording) {
  HLSREC_ASSIGN_OR_RETURN(
      SqliteStatement statement,
      database_->Prepare("SELECT rendition, number, output, outcome, etag "
                         "FROM delivery WHERE recording = ?1 "
                         "ORDER BY rendition, number, output"));
  std::map<std::string, std::vector<SegmentDelivered>> parts;
  HLSREC_RETURN_IF_ERROR(statement.Read(
      [&](const SqliteRow& row) {
        std::string output = row.Text(2);
        std::vector<SegmentDelivered>& part = parts[output];
        part.push_back({.recording = recording,
                        .output = std::move(output),
                        .rendition = row.Int(0),
                        .index = row.Unsigned(1),
                        .outcome = static_cast<Outcome>(row.Int(3)),
                        .etag = row.Text(4)});
      },
      recording));
  return Joined(std::move(parts));
}

Status JournalRows::ReadInits(JournaledRecording& into) {
  HLSREC_ASSIGN_OR_RETURN(
      SqliteStatement statement,
      database_->Prepare("SELECT rendition, packaging, hash, bytes "
                         "FROM init_section WHERE recording = ?1 ORDER BY id"));
  const RecordingId recording = into.summary.recording;
  return statement.Read(
      [&](const SqliteRow& row) {
        into.inits.push_back({.recording = recording,
                              .rendition = row.Int(0),
                              .packaging = row.Int(1),
                              .hash = row.Text(2),
                              .bytes = row.Text(3)});
      },
      recording);
}

Status JournalRows::ReadPlaylists(JournaledRecording& into) {
  HLSREC_ASSIGN_OR_RETURN(
      SqliteStatement statement,
      database_->Prepare(
          "SELECT output, rendition, playlist, key, oldest_sequence, "
          "newest_sequence, discontinuity_sequence, ended FROM playlist WHERE "
          "recording = ?1 "
          "ORDER BY output, rendition, newest_sequence, key"));
  const RecordingId recording = into.summary.recording;
  return statement.Read(
      [&](const SqliteRow& row) {
        into.playlists.push_back({.recording = recording,
                                  .output = row.Text(0),
                                  .rendition = row.Int(1),
                                  .key = row.Text(3),
                                  .oldest_sequence = row.Unsigned(4),
                                  .newest_sequence = row.Unsigned(5),
                                  .discontinuity_sequence = row.Unsigned(6),
                                  .ended = row.Bool(7),
                                  .playlist = row.Int(2)});
      },
      recording);
}

Status JournalRows::ReadRenditions(JournaledRecording& into) {
  HLSREC_ASSIGN_OR_RETURN(
      SqliteStatement statement,
      database_->Prepare("SELECT rendition, info FROM rendition "
                         "WHERE recording = ?1 ORDER BY rendition"));
  const RecordingId recording = into.summary.recording;
  return statement.Read(
      [&](const SqliteRow& row) {
        into.renditions.push_back({.recording = recording,
                                   .rendition = row.Int(0),
                                   .info = row.Text(1)});
      },
      recording);
}

Status JournalRows::ReadChat(JournaledRecording& into) {
  HLSREC_ASSIGN_OR_RETURN(
      SqliteStatement statement,
      database_->Prepare("SELECT number, message FROM chat "
                         "WHERE recording = ?1 ORDER BY number"));
  const RecordingId recording = into.summary.recording;
  return statement.Read(
      [&](const SqliteRow& row) {
        into.chat.push_back({.recording = recording,
                             .number = row.Unsigned(0),
                             .message = row.Text(1)});
      },
      recording);
}

}  // namespace hlsrec::spool
