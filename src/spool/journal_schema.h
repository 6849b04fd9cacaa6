#ifndef HLSREC_SRC_SPOOL_JOURNAL_SCHEMA_H_
#define HLSREC_SRC_SPOOL_JOURNAL_SCHEMA_H_

#include "hlsrec/status.h"
#include "src/spool/sqlite_handles.h"

namespace hlsrec::spool {

// The tables are there, made where the file was new.
//
// Errors. kFailedPrecondition: a newer version's, or not a journal; nothing was
//     changed. kDataLoss: damaged.
Status PrepareSchema(SqliteDatabase& database);

}  // namespace hlsrec::spool

#endif  // HLSREC_SRC_SPOOL_JOURNAL_SCHEMA_H_
