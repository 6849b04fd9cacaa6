#ifndef HLSREC_SRC_SPOOL_SQLITE_HANDLES_H_
#define HLSREC_SRC_SPOOL_SQLITE_HANDLES_H_

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "hlsrec/status.h"

// SQLite's handles as owners, and its errors as ours. Nothing outside src/spool
// includes this.
namespace hlsrec::spool {

struct SqliteDeleter {
  void operator()(sqlite3* p) const { sqlite3_close_v2(p); }
  void operator()(sqlite3_stmt* p) const { sqlite3_finalize(p); }
};
using SqlitePtr = std::unique_ptr<sqlite3, SqliteDeleter>;
using SqliteStatementPtr = std::unique_ptr<sqlite3_stmt, SqliteDeleter>;

// The one place where SQLite's result codes become a Status; OK, ROW and DONE
// are OK. `database` may be null: out of memory.
Status SqliteStatus(sqlite3* database, int code, std::string_view path);

// A row that a statement stands on. Texts and blobs are read as bytes.
class SqliteRow {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  [[nodiscard]] std::int64_t Integer(int column) const {
    return sqlite3_column_int64(statement_, column);
  }
  [[nodiscard]] int Int(int column) const {
    return static_cast<int>(Integer(column));
  }
  [[nodiscard]] std::uint64_t Unsigned(int column) const {
    return static_cast<std::uint64_t>(Integer(column));
  }
  [[nodiscard]] bool Bool(int column) const { return Integer(column) != 0; }
  [[nodiscard]] std::string Text(int column) const {
    const auto* bytes =
        static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const int size = sqlite3_column_bytes(statement_, column);
    if (bytes == nullptr) return {};
    return {bytes, static_cast<std::size_t>(size)};
  }

 private:
  sqlite3_stmt* statement_;
};

// Bound as a blob; std::string_view binds a text.
struct SqliteBlob {
  std::string_view bytes = {};
};

// A prepared statement, run again and again. Threads. The connection's.
class SqliteStatement {
 public:
  SqliteStatement() = default;
  explicit SqliteStatement(SqliteStatementPtr statement)
      : statement_(std::move(statement)) {}

  // Binds ?1, ?2, ... and runs to the end.
  template <typename... Args>
  Status Run(const Args&... args) {
    return Read([](const SqliteRow&) {}, args...);
  }
  template <typename OnRow, typename... Args>
  Status Read(const OnRow& on_row, const Args&... args) {
    int code = SQLITE_OK;
    int index = 0;
    // The first that fails ends it.
    (void)((code == SQLITE_OK && (code = Bind(++index, args)) == SQLITE_OK) &&
           ...);
    if (code == SQLITE_OK) {
      while ((code = sqlite3_step(statement_.get())) == SQLITE_ROW) {
        on_row(SqliteRow(statement_.get()));
      }
    }
    return Finish(code);
  }

 private:
  int Bind(int index, std::int64_t value) {
    return sqlite3_bind_int64(statement_.get(), index, value);
  }
  int Bind(int index, int value) { return Bind(index, std::int64_t{value}); }
  int Bind(int index, bool value) {
    return Bind(index, std::int64_t{value ? 1 : 0});
  }
  // Beyond 2^63 it is negative in the table, and itself again when it is read.
  int Bind(int index, std::uint64_t value) {
    return Bind(index, static_cast<std::int64_t>(value));
  }
  // Run() outlives no argument.
  int Bind(int index, std::string_view text) {
    return sqlite3_bind_text64(statement_.get(), index, NotNull(text),
                               text.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  int Bind(int index, SqliteBlob blob) {
    return sqlite3_bind_blob64(statement_.get(), index, NotNull(blob.bytes),
                               blob.bytes.size(), SQLITE_STATIC);
  }
  static const char* NotNull(std::string_view text) {
    return text.data() == nullptr ? "" : text.data();
  }
  Status Finish(int code);

  SqliteStatementPtr statement_;
};

// A connection. Threads. One at a time. Blocking. Yes.
class SqliteDatabase {
 public:
  // Creates the file where there is none. `vfs`: empty for the system's.
  static StatusOr<SqliteDatabase> Open(const std::string& path,
                                       const std::string& vfs);

  [[nodiscard]] sqlite3* get() const { return database_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool in_transaction() const {
    return sqlite3_get_autocommit(get()) == 0;
  }
  // Rows that the last statement changed.
  [[nodiscard]] std::int64_t changes() const {
    return sqlite3_changes64(get());
  }

  Status Execute(const std::string& sql);
  StatusOr<SqliteStatement> Prepare(std::string_view sql);
  // The one value that `sql` gives; empty where there is no row.
  StatusOr<std::string> Value(std::string_view sql);

 private:
  SqliteDatabase(SqlitePtr database, std::string path)
      : database_(std::move(database)), path_(std::move(path)) {}

  SqlitePtr database_;
  std::string path_;
};

}  // namespace hlsrec::spool

#endif  // HLSREC_SRC_SPOOL_SQLITE_HANDLES_H_
