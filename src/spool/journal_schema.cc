#include "src/spool/journal_schema.h"

#include "src/base/status_util.h"

namespace hlsrec::spool {
namespace {

constexpr int kVersion = 3;
constexpr int kApplicationId = 0x686c7372;  // "hlsr"; file(1) shows it

// AUTOINCREMENT: an id is not given again after its recording is forgotten.
// Segments and deliveries lie by number, because that is how they go.
// An init section that is told again becomes the newest.
constexpr const char* kTables = R"(
CREATE TABLE recording(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  identity TEXT NOT NULL,
  config TEXT NOT NULL,
  ending INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX recording_open ON recording(identity)
  WHERE ending = 0 AND identity <> '';
CREATE TABLE rendition(
  recording INTEGER NOT NULL REFERENCES recording ON DELETE CASCADE,
  rendition INTEGER NOT NULL,
  info TEXT NOT NULL,
  PRIMARY KEY(recording, rendition)
) STRICT, WITHOUT ROWID;
CREATE TABLE init_section(
  id INTEGER PRIMARY KEY,
  recording INTEGER NOT NULL REFERENCES recording ON DELETE CASCADE,
  rendition INTEGER NOT NULL,
  packaging INTEGER NOT NULL,
  hash TEXT NOT NULL,
  bytes BLOB NOT NULL,
  UNIQUE(recording, rendition, packaging, hash)
) STRICT;
CREATE TABLE segment(
  recording INTEGER NOT NULL REFERENCES recording ON DELETE CASCADE,
  rendition INTEGER NOT NULL,
  number INTEGER NOT NULL,
  packaging INTEGER NOT NULL,
  duration_us INTEGER NOT NULL,
  start_us INTEGER NOT NULL,
  discontinuity INTEGER NOT NULL,
  gap INTEGER NOT NULL,
  init_hash TEXT NOT NULL,
  file TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY(recording, rendition, number, packaging)
) STRICT, WITHOUT ROWID;
CREATE TABLE delivery(
  recording INTEGER NOT NULL REFERENCES recording ON DELETE CASCADE,
  rendition INTEGER NOT NULL,
  number INTEGER NOT NULL,
  output TEXT NOT NULL,
  outcome INTEGER NOT NULL CHECK(outcome IN (1, 2, 3)),
  PRIMARY KEY(recording, rendition, number, output)
) STRICT, WITHOUT ROWID;
CREATE TABLE playlist(
  recording INTEGER NOT NULL REFERENCES recording ON DELETE CASCADE,
  output TEXT NOT NULL,
  rendition INTEGER NOT NULL,
  playlist INTEGER NOT NULL,
  key TEXT NOT NULL,
  oldest_sequence INTEGER NOT NULL,
  newest_sequence INTEGER NOT NULL,
  discontinuity_sequence INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  PRIMARY KEY(recording, output, rendition, key)
) STRICT, WITHOUT ROWID;
)";

// Since version 2. Without the recording as a parent: it is forgotten first.
constexpr const char* kNotificationTables = R"(
CREATE TABLE notification(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  target TEXT NOT NULL,
  id TEXT NOT NULL,
  subject TEXT NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  time_us INTEGER NOT NULL,
  state INTEGER NOT NULL CHECK(state IN (0, 1, 2, 3)),
  UNIQUE(target, id)
) STRICT;
CREATE INDEX notification_owed ON notification(target, subject, number)
  WHERE state IN (0, 3);
CREATE INDEX notification_time ON notification(time_us);
)";

// Since version 3.
constexpr const char* kChatTables = R"(
CREATE TABLE chat(
  recording INTEGER NOT NULL REFERENCES recording ON DELETE CASCADE,
  number INTEGER NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY(recording, number)
) STRICT, WITHOUT ROWID;
ALTER TABLE delivery ADD COLUMN etag TEXT NOT NULL DEFAULT '';
)";

StatusOr<int> Number(SqliteDatabase& database, std::string_view sql) {
  HLSREC_ASSIGN_OR_RETURN(SqliteStatement statement, database.Prepare(sql));
  int number = 0;
  HLSREC_RETURN_IF_ERROR(
      statement.Read([&number](const SqliteRow& row) { number = row.Int(0); }));
  return number;
}

}  // namespace

Status PrepareSchema(SqliteDatabase& database) {
  HLSREC_ASSIGN_OR_RETURN(const int application,
                          Number(database, "PRAGMA application_id"));
  HLSREC_ASSIGN_OR_RETURN(const int version,
                          Number(database, "PRAGMA user_version"));
  HLSREC_ASSIGN_OR_RETURN(
      const int objects,
      Number(database, "SELECT count(*) FROM sqlite_schema"));
  if (application == kApplicationId && version == kVersion) return {};
  if (application == kApplicationId && version > kVersion) {
    return FailedPrecondition(
        "journal: {}: is of version {}, and version {} is known here: use a "
        "newer hlsrec, or move it aside",
        database.path(), version, kVersion);
  }
  if (application == kApplicationId && version >= 1) {
    return database.Execute(fmt::format(
        "BEGIN IMMEDIATE; {} {} PRAGMA user_version = {}; COMMIT",
        version < 2 ? kNotificationTables : "", kChatTables, kVersion));
  }
  if (application != 0 || version != 0 || objects != 0) {
    return FailedPrecondition("journal: {}: is another program's database",
                              database.path());
  }
  return database.Execute(fmt::format(
      "BEGIN IMMEDIATE; {} {} {} PRAGMA application_id = {}; PRAGMA "
      "user_version = {}; COMMIT",
      kTables, kNotificationTables, kChatTables, kApplicationId, kVersion));
}

}  // namespace hlsrec::spool
