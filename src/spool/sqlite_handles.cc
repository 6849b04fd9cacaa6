#include "src/spool/sqlite_handles.h"

#include <cerrno>
#include <utility>

#include "src/base/status_util.h"

namespace hlsrec::spool {
namespace {

StatusCode CodeOf(int code, int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  const bool refused = error == EACCES || error == EPERM || error == EROFS;
  switch (code) {
    case SQLITE_IOERR_NOMEM:
      return StatusCode::kResourceExhausted;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return StatusCode::kNotFound;
    default:
      break;
  }
  switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return StatusCode::kResourceExhausted;
    case SQLITE_IOERR:
      return full ? StatusCode::kResourceExhausted : StatusCode::kUnavailable;
    case SQLITE_CANTOPEN:
      return refused ? StatusCode::kPermissionDenied : StatusCode::kUnavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return StatusCode::kDataLoss;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return StatusCode::kFailedPrecondition;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return StatusCode::kPermissionDenied;
    case SQLITE_CONSTRAINT:
      return StatusCode::kAlreadyExists;
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
      return StatusCode::kInvalidArgument;
    default:
      return StatusCode::kInternal;
  }
}

std::string_view RemedyFor(StatusCode code) {
  switch (code) {
    case StatusCode::kDataLoss:
      return ": move it aside, and a new one begins";
    case StatusCode::kFailedPrecondition:
      return ": somebody else has it open";
    default:
      return "";
  }
}

}  // namespace

Status SqliteStatus(sqlite3* database, int code, std::string_view path) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return {};
  if (database == nullptr) {
    return ResourceExhausted("journal: {}: out of memory", path);
  }
  // Where it is not the last call's, the code is all there is.
  const bool last = (sqlite3_errcode(database) & 0xff) == (code & 0xff);
  const int extended = last ? sqlite3_extended_errcode(database) : code;
  const char* text = last ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  const StatusCode status = CodeOf(extended, sqlite3_system_errno(database));
  return {status,
          fmt::format("journal: {}: {}{}", path, text, RemedyFor(status))};
}

Status SqliteStatement::Finish(int code) {
  sqlite3* database = sqlite3_db_handle(statement_.get());
  Status status =
      SqliteStatus(database, code, sqlite3_db_filename(database, "main"));
  sqlite3_reset(statement_.get());  // says again what step() said
  return status;
}

StatusOr<SqliteDatabase> SqliteDatabase::Open(const std::string& path,
                                              const std::string& vfs) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &opened,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
      vfs.empty() ? nullptr : vfs.c_str());
  SqlitePtr database(opened);
  HLSREC_RETURN_IF_ERROR(SqliteStatus(opened, code, path));
  sqlite3_extended_result_codes(opened, 1);
  return SqliteDatabase(std::move(database), path);
}

Status SqliteDatabase::Execute(const std::string& sql) {
  const int code = sqlite3_exec(get(), sql.c_str(), nullptr, nullptr, nullptr);
  return SqliteStatus(get(), code, path_);
}

StatusOr<SqliteStatement> SqliteDatabase::Prepare(std::string_view sql) {
  sqlite3_stmt* prepared = nullptr;
  const int code =
      sqlite3_prepare_v3(get(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  SqliteStatementPtr statement(prepared);
  HLSREC_RETURN_IF_ERROR(SqliteStatus(get(), code, path_));
  return SqliteStatement(std::move(statement));
}

StatusOr<std::string> SqliteDatabase::Value(std::string_view sql) {
  HLSREC_ASSIGN_OR_RETURN(SqliteStatement statement, Prepare(sql));
  std::string value;
  HLSREC_RETURN_IF_ERROR(
      statement.Read([&value](const SqliteRow& row) { value = row.Text(0); }));
  return value;
}

}  // namespace hlsrec::spool
