#include "tests/simulated_disk_state.h"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <set>
#include <utility>

namespace hlsrec {
namespace {

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
constexpr int kReserved = 2;
constexpr int kPending = 3;

void Apply(const DiskChange& change, std::string& content) {
  if (change.truncation) {
    content.resize(change.offset, '\0');
    return;
  }
  const std::size_t end = change.offset + change.bytes.size();
  if (content.size() < end) content.resize(end, '\0');
  content.replace(change.offset, change.bytes.size(), change.bytes);
}

void CountBytes(const Inode& inode, std::set<const Inode*>& seen,
                std::uint64_t& bytes) {
  if (!seen.insert(&inode).second) return;
  bytes += inode.current.size();
  for (const auto& [name, child] : inode.names) {
    CountBytes(*child, seen, bytes);
  }
}

std::uint64_t NamesOf(const Inode& directory, const Inode& inode) {
  std::uint64_t names = 0;
  for (const auto& [name, child] : directory.names) {
    if (child.get() == &inode) ++names;
    names += NamesOf(*child, inode);
  }
  return names;
}

std::uint64_t BytesBelow(const Inode& inode) {
  std::set<const Inode*> seen;
  std::uint64_t bytes = 0;
  CountBytes(inode, seen, bytes);
  return bytes;
}

void SetName(std::map<std::string, InodePtr>& names, const std::string& name,
             const InodePtr& inode) {
  if (inode == nullptr) {
    names.erase(name);
  } else {
    names[name] = inode;
  }
}

}  // namespace

DiskState::DiskState(std::uint64_t seed)
    : random_(seed), root_(std::make_shared<Inode>(Inode{.directory = true})) {}

void DiskState::HaltAt(int operation) {
  MutexLock lock(mutex_);
  halt_at_ = operations_ + operation;
}
bool DiskState::halted() {
  MutexLock lock(mutex_);
  return halted_;
}
void DiskState::FailOperations(int first, int last, DiskFault fault) {
  MutexLock lock(mutex_);
  fail_from_ = first == 0 ? 0 : operations_ + first;
  fail_to_ = first == 0 ? 0 : operations_ + last;
  fault_ = fault;
}
void DiskState::FailRead(int read) {
  MutexLock lock(mutex_);
  fail_read_at_ = reads_ + read;
}
void DiskState::SetCapacity(std::uint64_t bytes) {
  MutexLock lock(mutex_);
  capacity_bytes_ = bytes;
}
void DiskState::SetNetworkType(std::string type) {
  MutexLock lock(mutex_);
  network_type_ = std::move(type);
}
std::string DiskState::network_type() {
  MutexLock lock(mutex_);
  return network_type_;
}
int DiskState::operations() {
  MutexLock lock(mutex_);
  return operations_;
}
int DiskState::syncs() {
  MutexLock lock(mutex_);
  return syncs_;
}
std::uint64_t DiskState::used_bytes() {
  MutexLock lock(mutex_);
  return BytesBelow(*root_);
}
std::uint64_t DiskState::Random(std::uint64_t below) {
  MutexLock lock(mutex_);
  return Draw(below);
}
// Not std::uniform_int_distribution, which differs between libraries.
std::uint64_t DiskState::Draw(std::uint64_t below) { return random_() % below; }

void DiskState::Crash(CrashKind kind) {
  MutexLock lock(mutex_);
  ++epoch_;
  halted_ = false;
  halt_at_ = fail_from_ = fail_to_ = fail_read_at_ = 0;
  locks_.clear();
  levels_.clear();
  if (kind == CrashKind::kProcess) return;
  const std::vector<NameChange> names = std::exchange(unsynced_names_, {});
  if (kind == CrashKind::kPowerRandom) {
    for (const NameChange& change : names) {
      if (Draw(2) == 0) continue;
      for (const NamePart& part : change) {
        SetName(part.directory->durable_names, part.name, part.inode);
      }
    }
  }
  LosePower(*root_, kind);
}

void DiskState::LosePower(Inode& inode, CrashKind kind) {
  if (kind == CrashKind::kPowerRandom) KeepSome(inode);
  inode.unsynced.clear();
  inode.current = inode.durable;
  inode.names = inode.durable_names;
  for (const auto& [name, child] : inode.names) LosePower(*child, kind);
}

void DiskState::KeepSome(Inode& file) {
  // None; the first ones; or any of them, since the kernel writes pages back in
  // its own order. The last of them, or each, may be cut short.
  const std::uint64_t manner = Draw(3);
  if (manner == 0 || file.unsynced.empty()) return;
  const std::uint64_t first = Draw(file.unsynced.size() + 1);
  for (std::size_t i = 0; i < file.unsynced.size(); ++i) {
    if (manner == 1 ? i > first : Draw(2) == 0) continue;
    DiskChange change = file.unsynced[i];
    const bool cut = manner == 1 ? i == first : Draw(4) == 0;
    if (cut) change.bytes.resize(Draw(change.bytes.size() + 1));
    Apply(change, file.durable);
  }
}

int DiskState::Operate(std::size_t& writable) {
  writable = kAll;
  if (halted_) return EIO;
  ++operations_;
  if (operations_ == halt_at_) {
    halted_ = true;
    return EIO;
  }
  if (operations_ < fail_from_ || operations_ > fail_to_) return 0;
  writable = 0;
  switch (fault_) {
    case DiskFault::kIoError:
      return EIO;
    case DiskFault::kShortWrite:
      writable = kAll / 2;
      return ENOSPC;
    case DiskFault::kNoSpace:
      return ENOSPC;
  }
  return EIO;
}

int DiskState::Operate() {
  std::size_t writable = 0;
  return Operate(writable);
}

int DiskState::Check(const DiskFile& file) {
  return halted_ || file.inode == nullptr || file.epoch != epoch_ ? EIO : 0;
}

int DiskState::Walk(const std::string& path, Place& place) {
  if (halted_) return EIO;
  place = {.inode = root_};
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string name(rest.substr(0, slash));
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    if (name.empty() || name == ".") continue;
    if (place.inode == nullptr) return ENOENT;
    if (!place.inode->directory) return ENOTDIR;
    const auto found = place.inode->names.find(name);
    InodePtr inode =
        found == place.inode->names.end() ? nullptr : found->second;
    place = {place.inode, name, std::move(inode)};
  }
  return 0;
}

int DiskState::Change(NameChange change) {
  if (const int error = Operate()) return error;
  for (const NamePart& part : change) {
    SetName(part.directory->names, part.name, part.inode);
  }
  unsynced_names_.push_back(std::move(change));
  return 0;
}

void DiskState::Change(const InodePtr& file, DiskChange change) {
  Apply(change, file->current);
  file->unsynced.push_back(std::move(change));
}

int DiskState::Open(const std::string& path, OpenMode mode, DiskFile& opened,
                    bool& created) {
  MutexLock lock(mutex_);
  Place place;
  if (const int error = Walk(path, place)) return error;
  created = place.inode == nullptr;
  if (created) {
    if (mode == OpenMode::kExisting) return ENOENT;
    place.inode = std::make_shared<Inode>();
    if (const int error =
            Change({{place.directory, place.name, place.inode}})) {
      return error;
    }
  } else {
    if (mode == OpenMode::kCreateExclusive) return EEXIST;
    if (place.inode->directory) return EISDIR;
    if (mode == OpenMode::kTruncate) {
      if (const int error = Operate()) return error;
      Change(place.inode, {.truncation = true});
    }
  }
  opened = {place.inode, epoch_};
  return 0;
}

int DiskState::OpenNameless(DiskFile& opened) {
  MutexLock lock(mutex_);
  if (halted_) return EIO;
  opened = {std::make_shared<Inode>(), epoch_};
  return 0;
}

int DiskState::Read(const DiskFile& file, std::uint64_t offset,
                    std::span<std::byte> out, std::size_t& count) {
  MutexLock lock(mutex_);
  count = 0;
  if (const int error = Check(file)) return error;
  if (++reads_ == fail_read_at_) return EIO;
  const std::string& content = file.inode->current;
  if (offset >= content.size()) return 0;
  count = std::min<std::size_t>(out.size(), content.size() - offset);
  std::copy_n(reinterpret_cast<const std::byte*>(content.data()) + offset,
              count, out.begin());
  return 0;
}

int DiskState::Write(const DiskFile& file, std::uint64_t offset,
                     std::string_view bytes) {
  MutexLock lock(mutex_);
  if (const int error = Check(file)) return error;
  std::size_t writable = kAll;
  int error = Operate(writable);
  if (error != 0 && writable != 0) writable = bytes.size() / 2;
  const std::uint64_t size = file.inode->current.size();
  if (error == 0 && capacity_bytes_ > 0 && offset + bytes.size() > size) {
    const std::uint64_t used = BytesBelow(*root_);
    const std::uint64_t most =
        size + (capacity_bytes_ > used ? capacity_bytes_ - used : 0);
    if (offset + bytes.size() > most) {
      error = ENOSPC;
      writable = most > offset ? most - offset : 0;
    }
  }
  if (halted_) return error;
  bytes = bytes.substr(0, writable);
  if (!bytes.empty()) Change(file.inode, {offset, std::string(bytes)});
  return error;
}

int DiskState::Truncate(const DiskFile& file, std::uint64_t size) {
  MutexLock lock(mutex_);
  if (const int error = Check(file)) return error;
  if (const int error = Operate()) return error;
  Change(file.inode, {.offset = size, .truncation = true});
  return 0;
}

int DiskState::Sync(const DiskFile& file) {
  MutexLock lock(mutex_);
  if (const int error = Check(file)) return error;
  ++syncs_;
  if (const int error = Operate()) {
    if (!halted_) file.inode->unsynced.clear();
    return error;
  }
  for (const DiskChange& change : file.inode->unsynced) {
    Apply(change, file.inode->durable);
  }
  file.inode->unsynced.clear();
  return 0;
}

int DiskState::Size(const DiskFile& file, std::uint64_t& size) {
  MutexLock lock(mutex_);
  if (const int error = Check(file)) return error;
  size = file.inode->current.size();
  return 0;
}

std::uint64_t DiskState::Links(const Inode& inode) {
  MutexLock lock(mutex_);
  return NamesOf(*root_, inode);
}

int DiskState::Find(const std::string& path, InodePtr& found) {
  MutexLock lock(mutex_);
  Place place;
  if (const int error = Walk(path, place)) return error;
  found = place.inode;
  return 0;
}

int DiskState::Rename(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  Place source;
  Place target;
  if (const int error = Walk(from, source)) return error;
  if (const int error = Walk(to, target)) return error;
  if (source.inode == nullptr) return ENOENT;
  if (source.inode == target.inode) return 0;
  if (target.inode != nullptr && target.inode->directory) {
    if (!source.inode->directory) return EISDIR;
    if (!target.inode->names.empty()) return ENOTEMPTY;
  }
  return Change({{source.directory, source.name, nullptr},
                 {target.directory, target.name, source.inode}});
}

int DiskState::Link(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  Place source;
  Place target;
  if (const int error = Walk(from, source)) return error;
  if (const int error = Walk(to, target)) return error;
  if (source.inode == nullptr) return ENOENT;
  if (target.inode != nullptr) return EEXIST;
  if (source.inode->directory) return EPERM;
  return Change({{target.directory, target.name, source.inode}});
}

int DiskState::Remove(const std::string& path) {
  MutexLock lock(mutex_);
  Place place;
  if (const int error = Walk(path, place)) return error;
  if (place.inode == nullptr) return ENOENT;
  if (place.inode->directory) return EISDIR;
  return Change({{place.directory, place.name, nullptr}});
}

int DiskState::RemoveDirectory(const std::string& path) {
  MutexLock lock(mutex_);
  Place place;
  if (const int error = Walk(path, place)) return error;
  if (place.inode == nullptr) return ENOENT;
  if (!place.inode->directory) return ENOTDIR;
  if (place.directory == nullptr) return EBUSY;
  if (!place.inode->names.empty()) return ENOTEMPTY;
  return Change({{place.directory, place.name, nullptr}});
}

int DiskState::MakeDirectory(const std::string& path) {
  MutexLock lock(mutex_);
  Place place;
  if (const int error = Walk(path, place)) return error;
  if (place.inode != nullptr) return EEXIST;
  return Change({{place.directory, place.name,
                  std::make_shared<Inode>(Inode{.directory = true})}});
}

int DiskState::SyncDirectory(const std::string& path) {
  MutexLock lock(mutex_);
  Place place;
  if (const int error = Walk(path, place)) return error;
  if (place.inode == nullptr) return ENOENT;
  if (!place.inode->directory) return ENOTDIR;
  if (const int error = Operate()) return error;
  std::vector<NameChange> others;
  for (NameChange& change : unsynced_names_) {
    const bool ours = std::any_of(
        change.begin(), change.end(),
        [&](const NamePart& part) { return part.directory == place.inode; });
    if (!ours) {
      others.push_back(std::move(change));
      continue;
    }
    for (const NamePart& part : change) {
      SetName(part.directory->durable_names, part.name, part.inode);
    }
  }
  unsynced_names_ = std::move(others);
  return 0;
}

int DiskState::List(const std::string& path,
                    std::vector<DirectoryEntry>& entries) {
  MutexLock lock(mutex_);
  Place place;
  if (const int error = Walk(path, place)) return error;
  if (place.inode == nullptr) return ENOENT;
  if (!place.inode->directory) return ENOTDIR;
  for (const auto& [name, inode] : place.inode->names) {
    entries.push_back({.name = name,
                       .directory = inode->directory,
                       .size_bytes = inode->current.size()});
  }
  return 0;
}

int DiskState::Lock(const DiskFile& file) {
  MutexLock lock(mutex_);
  if (const int error = Check(file)) return error;
  bool& locked = locks_[file.inode.get()];
  if (locked) return EWOULDBLOCK;
  locked = true;
  return 0;
}

void DiskState::Unlock(const DiskFile& file) {
  MutexLock lock(mutex_);
  if (file.epoch == epoch_) locks_.erase(file.inode.get());
}

int DiskState::HighestOther(const DiskFile& file, const void* owner) {
  int highest = 0;
  for (const auto& [other, level] : levels_[file.inode.get()]) {
    if (other != owner) highest = std::max(highest, level);
  }
  return highest;
}

int DiskState::Raise(const DiskFile& file, const void* owner, int level) {
  MutexLock lock(mutex_);
  if (const int error = Check(file)) return error;
  const int other = HighestOther(file, owner);
  int& mine = levels_[file.inode.get()][owner];
  const int most = level > kReserved ? 0 : level == kReserved ? 1 : kReserved;
  if (other > most) {
    if (level > kReserved && mine == kReserved) mine = kPending;
    return EWOULDBLOCK;
  }
  mine = std::max(mine, level);
  return 0;
}

void DiskState::Lower(const DiskFile& file, const void* owner, int level) {
  MutexLock lock(mutex_);
  if (file.inode == nullptr || file.epoch != epoch_) return;
  auto& owners = levels_[file.inode.get()];
  if (level == 0) {
    owners.erase(owner);
    if (owners.empty()) levels_.erase(file.inode.get());
  } else {
    owners[owner] = level;
  }
}

bool DiskState::Reserved(const DiskFile& file, const void* owner) {
  MutexLock lock(mutex_);
  return HighestOther(file, owner) >= kReserved;
}

}  // namespace hlsrec
