#include "tests/simulated_vfs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "src/base/file.h"
#include "tests/simulated_disk_state.h"

namespace hlsrec {
namespace {

DiskState& DiskOf(sqlite3_vfs* vfs) {
  return *static_cast<DiskState*>(vfs->pAppData);
}

struct OpenFile {
  DiskState& disk;
  DiskFile file = {};
  std::string path = {};
  // Its name is not on the disk yet, and syncing it takes care of that.
  bool sync_directory = false;
  bool delete_on_close = false;
};

// In memory that is SQLite's.
struct VfsFile {
  sqlite3_file base;  // first: SQLite sees this
  std::unique_ptr<OpenFile> open;
};

OpenFile& Of(sqlite3_file* file) {
  return *reinterpret_cast<VfsFile*>(file)->open;
}

// What SQLite's own VFS makes of errno.
int Code(int error, int otherwise) {
  if (error == 0) return SQLITE_OK;
  return error == ENOSPC && otherwise == SQLITE_IOERR_WRITE ? SQLITE_FULL
                                                            : otherwise;
}

int Close(sqlite3_file* file) {
  OpenFile& open = Of(file);
  open.disk.Lower(open.file, &open, 0);
  if (open.delete_on_close && !open.path.empty()) open.disk.Remove(open.path);
  std::destroy_at(reinterpret_cast<VfsFile*>(file));
  return SQLITE_OK;
}

int Read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  const OpenFile& open = Of(file);
  const std::span<std::byte> bytes(static_cast<std::byte*>(out),
                                   static_cast<std::size_t>(size));
  std::size_t count = 0;
  if (open.disk.Read(open.file, static_cast<std::uint64_t>(offset), bytes,
                     count) != 0) {
    return SQLITE_IOERR_READ;
  }
  if (count == bytes.size()) return SQLITE_OK;
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(count), bytes.end(),
            std::byte{0});
  return SQLITE_IOERR_SHORT_READ;
}

int Write(sqlite3_file* file, const void* bytes, int size,
          sqlite3_int64 offset) {
  const OpenFile& open = Of(file);
  const std::string_view text(static_cast<const char*>(bytes),
                              static_cast<std::size_t>(size));
  return Code(
      open.disk.Write(open.file, static_cast<std::uint64_t>(offset), text),
      SQLITE_IOERR_WRITE);
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  const OpenFile& open = Of(file);
  return Code(open.disk.Truncate(open.file, static_cast<std::uint64_t>(size)),
              SQLITE_IOERR_TRUNCATE);
}

int Sync(sqlite3_file* file, int) {
  OpenFile& open = Of(file);
  if (open.disk.Sync(open.file) != 0) return SQLITE_IOERR_FSYNC;
  if (!open.sync_directory) return SQLITE_OK;
  // SQLite's own VFS does not look at the result.
  if (open.disk.SyncDirectory(DirectoryOf(open.path)) != 0) {
    return SQLITE_IOERR_DIR_FSYNC;
  }
  open.sync_directory = false;
  return SQLITE_OK;
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  const OpenFile& open = Of(file);
  std::uint64_t bytes = 0;
  const int error = open.disk.Size(open.file, bytes);
  *size = static_cast<sqlite3_int64>(bytes);
  return Code(error, SQLITE_IOERR_FSTAT);
}

int Lock(sqlite3_file* file, int level) {
  const OpenFile& open = Of(file);
  const int error = open.disk.Raise(open.file, &open, level);
  return error == EWOULDBLOCK ? SQLITE_BUSY : Code(error, SQLITE_IOERR_LOCK);
}

int Unlock(sqlite3_file* file, int level) {
  const OpenFile& open = Of(file);
  open.disk.Lower(open.file, &open, level);
  return SQLITE_OK;
}

int CheckReservedLock(sqlite3_file* file, int* reserved) {
  const OpenFile& open = Of(file);
  *reserved = open.disk.Reserved(open.file, &open) ? 1 : 0;
  return SQLITE_OK;
}

int FileControl(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int SectorSize(sqlite3_file*) { return 4096; }
int DeviceCharacteristics(sqlite3_file*) {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

const sqlite3_io_methods kMethods = {
    .iVersion = 1,
    .xClose = Close,
    .xRead = Read,
    .xWrite = Write,
    .xTruncate = Truncate,
    .xSync = Sync,
    .xFileSize = FileSize,
    .xLock = Lock,
    .xUnlock = Unlock,
    .xCheckReservedLock = CheckReservedLock,
    .xFileControl = FileControl,
    .xSectorSize = SectorSize,
    .xDeviceCharacteristics = DeviceCharacteristics,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int Open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags,
         int* out_flags) {
  file->pMethods = nullptr;
  auto open = std::make_unique<OpenFile>(OpenFile{.disk = DiskOf(vfs)});
  int error = 0;
  if (path == nullptr) {
    error = open->disk.OpenNameless(open->file);
  } else {
    OpenMode mode = OpenMode::kExisting;
    if ((flags & SQLITE_OPEN_CREATE) != 0) mode = OpenMode::kCreate;
    if ((flags & SQLITE_OPEN_EXCLUSIVE) != 0) mode = OpenMode::kCreateExclusive;
    bool created = false;
    open->path = path;
    error = open->disk.Open(path, mode, open->file, created);
    constexpr int kJournals =
        SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL;
    open->sync_directory = created && (flags & kJournals) != 0;
    open->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  }
  if (error != 0) return SQLITE_CANTOPEN;
  if (out_flags != nullptr) *out_flags = flags;
  auto* made = std::construct_at(reinterpret_cast<VfsFile*>(file));
  made->open = std::move(open);
  made->base.pMethods = &kMethods;
  return SQLITE_OK;
}

int Delete(sqlite3_vfs* vfs, const char* path, int sync_directory) {
  const int error = DiskOf(vfs).Remove(path);
  if (error == ENOENT) return SQLITE_IOERR_DELETE_NOENT;
  if (error != 0) return SQLITE_IOERR_DELETE;
  if (sync_directory == 0) return SQLITE_OK;
  return Code(DiskOf(vfs).SyncDirectory(DirectoryOf(path)),
              SQLITE_IOERR_DIR_FSYNC);
}

int Access(sqlite3_vfs* vfs, const char* path, int, int* result) {
  InodePtr inode;
  const int error = DiskOf(vfs).Find(path, inode);
  *result = inode != nullptr ? 1 : 0;
  return error == ENOENT ? SQLITE_OK : Code(error, SQLITE_IOERR_ACCESS);
}

int FullPathname(sqlite3_vfs*, const char* path, int size, char* out) {
  const std::size_t length = std::strlen(path);
  if (length >= static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
  std::copy_n(path, length + 1, out);
  return SQLITE_OK;
}

int Randomness(sqlite3_vfs* vfs, int size, char* out) {
  for (int i = 0; i < size; ++i) {
    out[i] = static_cast<char>(DiskOf(vfs).Random(256));
  }
  return size;
}

int Sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
int CurrentTime(sqlite3_vfs*, double* days) {
  *days = 2'460'000.5;
  return SQLITE_OK;
}
int GetLastError(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

// The disk's address: no two live ones have the same.
SimulatedVfs::SimulatedVfs(DiskState& disk)
    : name_(fmt::format("simulated-{}", fmt::ptr(&disk))), vfs_{} {
  vfs_.iVersion = 1;
  vfs_.szOsFile = sizeof(VfsFile);
  vfs_.mxPathname = 512;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = &disk;
  vfs_.xOpen = Open;
  vfs_.xDelete = Delete;
  vfs_.xAccess = Access;
  vfs_.xFullPathname = FullPathname;
  vfs_.xRandomness = Randomness;
  vfs_.xSleep = Sleep;
  vfs_.xCurrentTime = CurrentTime;
  vfs_.xGetLastError = GetLastError;
  sqlite3_vfs_register(&vfs_, 0);
}

SimulatedVfs::~SimulatedVfs() { sqlite3_vfs_unregister(&vfs_); }

}  // namespace hlsrec
