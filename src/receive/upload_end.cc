// What is removed when a stream has ended: what its playlists named, and they.
#include <memory>
#include <utility>

#include "src/base/gzip.h"
#include "src/base/status_util.h"
#include "src/playlist/reference.h"
#include "src/receive/stream_name.h"
#include "src/receive/upload_store.h"

namespace hlsrec::receive {
namespace {

bool IsBesideOrBelow(const std::string& list, const std::string& name) {
  return name.starts_with(playlist::FolderOfKey(list));
}

}  // namespace

void UploadStore::EndStream(const std::string& base) {
  if (!options_.delete_on_end) return;
  strand_->PostAt(
      clock_.Steady() + *options_.delete_on_end,
      [self = shared_from_this(), base, since = last_version_] {
        // Those that were forgotten, or that an earlier run of this process
        // took, are in the sink only.
        self->options_.sink->List(
            base, [self, base,
                   since](const StatusOr<std::vector<ObjectInfo>>& found) {
              std::vector<std::string> keys;
              if (found.ok()) {
                for (const ObjectInfo& object : *found) {
                  if (IsListOfStream(base, object.key)) {
                    keys.push_back(object.key);
                  }
                }
              } else {
                keys = {base + ".m3u8", base + "_adaptive.m3u8"};
              }
              self->strand_->Post([self, base, since, keys]() mutable {
                for (std::string& key : self->ForgottenOf(base)) {
                  keys.push_back(std::move(key));
                }
                self->ReadLists(base, since, std::move(keys));
              });
            });
      });
}

// A stream's own are those of its name, and what they name beside or below
// themselves, unless a list that is not the stream's names it, too.
std::set<std::string> UploadStore::ListsOf(const std::string& base) const {
  std::set<std::string> result;
  std::set<std::string> children;
  for (const auto& [key, list] : lists_) {
    if (!IsListOfStream(base, key)) continue;
    result.insert(key);
    if (!list.multivariant) continue;
    for (const std::string& name : list.ever) {
      if (lists_.contains(name) && IsBesideOrBelow(key, name)) {
        children.insert(name);
      }
    }
  }
  for (const auto& [key, list] : lists_) {
    if (result.contains(key) || children.contains(key)) continue;
    for (const std::string& name : list.current) children.erase(name);
    if (!list.held) continue;
    for (const Reference& reference : list.held->listed.references) {
      children.erase(reference.key);
    }
  }
  result.merge(children);
  return result;
}

// Of those that are read all variants are, too.
std::vector<std::string> UploadStore::ForgottenOf(
    const std::string& base) const {
  std::vector<std::string> keys;
  for (const auto& [key, list] : forgotten_) {
    if (IsListOfStream(base, key)) keys.push_back(key);
  }
  for (const auto& [key, list] : lists_) {
    if (!list.multivariant || !IsListOfStream(base, key)) continue;
    for (const std::string& name : list.ever) {
      if (forgotten_.contains(name)) keys.push_back(name);
    }
  }
  return keys;
}

// Those that are not known, one after the other; then all are removed.
void UploadStore::ReadLists(const std::string& base, std::uint64_t since,
                            std::vector<std::string> keys) {
  while (!keys.empty() && lists_.contains(keys.back())) keys.pop_back();
  if (keys.empty()) return RemoveStream(base, since);
  const std::string key = keys.back();
  keys.pop_back();
  options_.sink->Get(
      key, options_.max_playlist_bytes,
      [self = shared_from_this(), base, since, keys = std::move(keys),
       key](StatusOr<std::string> text) mutable {
        self->strand_->Post([self, base, since, keys = std::move(keys), key,
                             text = std::move(text)]() mutable {
          const StatusOr<Listed> listed =
              self->ReadStored(key, std::move(text));
          if (listed.ok() && !self->lists_.contains(key)) {
            self->Restore(key, *listed);
            const bool multivariant = self->lists_[key].multivariant;
            for (const Reference& reference : listed->references) {
              const bool variant = multivariant && IsList(reference.key) &&
                                   IsBesideOrBelow(key, reference.key);
              if (variant) keys.push_back(reference.key);
            }
          }
          self->ReadLists(base, since, std::move(keys));
        });
      });
}

// Lists that are not the stream's may name its variants.
void UploadStore::RemoveStream(const std::string& base, std::uint64_t since) {
  Recall(ListsOf(base),
         [self = shared_from_this(), base, since](const Status& status) {
           if (status.ok()) return self->RemoveLists(base, since);
           self->Tell(UploadEvent::Kind::kNotRemoved, base, status.message());
         });
}

void UploadStore::RemoveLists(const std::string& base, std::uint64_t since) {
  struct Removal {
    std::set<std::string> objects;
    std::size_t lists = 0;
  };
  const auto removal = std::make_shared<Removal>();
  std::map<std::string, std::uint64_t> gone;
  for (const std::string& key : ListsOf(base)) {
    const List& list = lists_.at(key);
    // The stream goes on.
    if (list.version > since || list.Changes()) continue;
    gone[key] = list.version;
    for (const std::string& name : list.ever) {
      if (IsBesideOrBelow(key, name) && !IsList(name)) {
        removal->objects.insert(name);
      }
    }
  }
  removal->lists = gone.size();
  for (const auto& [key, version] : gone) {
    RemoveNow(key, [self = shared_from_this(), removal, key = key,
                    version = version](const Status& status) {
      self->Tell(status.ok() ? UploadEvent::Kind::kRemoved
                             : UploadEvent::Kind::kNotRemoved,
                 key, status.message());
      if (status.ok()) self->ForgetList(key, version);
      if (--removal->lists > 0) return;
      self->RemoveObjects(removal->objects);
    });
  }
}

// Unless the stream began again meanwhile.
void UploadStore::ForgetList(const std::string& key, std::uint64_t version) {
  const auto found = lists_.find(key);
  if (found == lists_.end() || found->second.version != version) return;
  if (!found->second.Changes()) lists_.erase(found);
}

void UploadStore::RemoveObjects(const std::set<std::string>& keys) {
  Recall(keys, [self = shared_from_this(), keys](const Status& status) {
    if (status.ok()) return self->RemoveUnnamed(keys);
    for (const std::string& key : keys) {
      self->Tell(UploadEvent::Kind::kNotRemoved, key, status.message());
    }
  });
}

void UploadStore::RemoveUnnamed(const std::set<std::string>& keys) {
  std::set<std::string> wanted;  // by versions that wait
  for (const auto& [key, list] : lists_) {
    if (!list.held) continue;
    for (const Reference& reference : list.held->listed.references) {
      wanted.insert(reference.key);
    }
  }
  for (const std::string& key : keys) {
    if (wanted.contains(key)) continue;
    const auto object = objects_.find(key);
    const bool named = object != objects_.end() &&
                       (object->second.listed > 0 || object->second.coming > 0);
    if (named) continue;
    RemoveNow(key, [self = shared_from_this(), key](const Status& status) {
      self->Tell(status.ok() ? UploadEvent::Kind::kRemoved
                             : UploadEvent::Kind::kNotRemoved,
                 key, status.message());
    });
  }
}

}  // namespace hlsrec::receive
