// What is removed when a stream has ended: what its playlists named, and they.
#include <memory>
#include <utility>

#include "src/base/gzip.h"
#include "src/base/status_util.h"
#include "src/receive/reference.h"
#include "src/receive/stream_name.h"
#include "src/receive/upload_store.h"

namespace hlsrec::receive {
namespace {

bool IsBesideOrBelow(const std::string& list, const std::string& name) {
  return name.starts_with(FolderOfKey(list));
}

}  // namespace

void UploadStore::EndStream(const std::string& base) {
  if (!options_.delete_on_end) return;
  Versions versions;
  for (const std::string& key : ListsOf(base)) {
    versions[key] = lists_.at(key).version;
  }
  strand_->PostAt(
      clock_.Steady() + *options_.delete_on_end,
      [self = shared_from_this(), base, versions] {
        // Those that an earlier run of this process took are in the sink only.
        self->options_.sink->List(
            base, [self, base,
                   versions](const StatusOr<std::vector<ObjectInfo>>& found) {
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
              self->strand_->Post([self, base, versions, keys] {
                self->ReadLists(base, versions, keys);
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

// Those that are not known, one after the other; then all are removed.
void UploadStore::ReadLists(const std::string& base, const Versions& versions,
                            std::vector<std::string> keys) {
  while (!keys.empty() && lists_.contains(keys.back())) keys.pop_back();
  if (keys.empty()) return RemoveStream(base, versions);
  const std::string key = keys.back();
  keys.pop_back();
  options_.sink->Get(
      key, options_.max_playlist_bytes,
      [self = shared_from_this(), base, versions, keys = std::move(keys),
       key](StatusOr<std::string> text) mutable {
        self->strand_->Post([self, base, versions, keys = std::move(keys), key,
                             text = std::move(text)]() mutable {
          if (text.ok() && IsGzip(*text)) {
            text = Gunzip(*text, self->options_.max_playlist_bytes);
          }
          const StatusOr<Listed> listed =
              text.ok() ? ReadListed(key, *text) : text.status();
          if (listed.ok() && !self->lists_.contains(key)) {
            List& list = self->lists_[key];
            list.multivariant =
                listed->kind == ObjectKind::kMultivariantPlaylist;
            for (const Reference& reference : listed->references) {
              list.ever.insert(reference.key);
              const bool variant = list.multivariant && IsList(reference.key) &&
                                   IsBesideOrBelow(key, reference.key);
              if (variant) keys.push_back(reference.key);
            }
            self->Name(list, list.ever);
          }
          self->ReadLists(base, versions, std::move(keys));
        });
      });
}

void UploadStore::RemoveStream(const std::string& base,
                               const Versions& versions) {
  struct Removal {
    std::set<std::string> objects;
    int lists = 0;
  };
  const auto removal = std::make_shared<Removal>();
  std::set<std::string> gone;
  for (const std::string& key : ListsOf(base)) {
    const List& list = lists_.at(key);
    const auto before = versions.find(key);
    const std::uint64_t version = before == versions.end() ? 0 : before->second;
    // The stream goes on.
    if (list.version != version || list.Changes()) continue;
    gone.insert(key);
  }
  removal->lists = static_cast<int>(gone.size());
  for (const std::string& key : gone) {
    for (const std::string& name : lists_.at(key).ever) {
      if (IsBesideOrBelow(key, name) && !IsList(name)) {
        removal->objects.insert(name);
      }
    }
    RemoveNow(key, [self = shared_from_this(), removal, key,
                    version = lists_.at(key).version](const Status& status) {
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
