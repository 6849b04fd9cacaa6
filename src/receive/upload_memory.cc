// What is forgotten of lists that are stored, and how it is known again.
#include <algorithm>
#include <utility>

#include "src/base/gzip.h"
#include "src/base/status_util.h"
#include "src/playlist/reference.h"
#include "src/receive/upload_store.h"

namespace hlsrec::receive {
namespace {

// A list that has no end and was not put for so long may be forgotten, too: its
// encoder has died, or it says nothing new.
constexpr std::chrono::minutes kQuiet{10};
// Beyond these, those that were forgotten first are as those of an earlier run.
constexpr std::size_t kForgottenLists = 10'000;

}  // namespace

// Lists first: what they name is idle then.
void UploadStore::Trim() {
  std::size_t names = 0;
  for (auto& [key, list] : lists_) {
    TrimEver(key, list);
    names += 1 + list.names();
  }
  // With some room, so that the next name does not look at all of them again.
  if (names > options_.max_remembered_names) {
    const std::size_t room = options_.max_remembered_names / 10;
    for (const std::string& key : Forgettable()) {
      if (names <= options_.max_remembered_names - room) break;
      names -= 1 + lists_.at(key).names();
      ForgetStored(key);
    }
  }
  if (objects_.size() > sweep_at_) {
    std::erase_if(objects_, [](const auto& entry) {
      return entry.second.Idle() &&
             entry.second.state != Object::State::kLooking;
    });
    sweep_at_ = objects_.size() + options_.max_remembered_names;
  }
  remembered_ = names + objects_.size() + forgotten_.size();
}

// Where an encoder's window slides for weeks and it deletes nothing.
void UploadStore::TrimEver(const std::string& key, List& list) {
  auto name = list.ever.begin();
  while (list.ever.size() >
             list.current.size() + options_.max_remembered_names &&
         name != list.ever.end()) {
    if (list.current.contains(*name)) {
      ++name;
      continue;
    }
    name = list.ever.erase(name);
    if (std::exchange(list.left_told, true)) continue;
    Tell(UploadEvent::Kind::kNotRemoved, key,
         fmt::format("named more than {} segments that it names no more: the "
                     "first of them will stay when the stream ends",
                     options_.max_remembered_names));
  }
}

// The one that was not touched for longest first.
std::vector<std::string> UploadStore::Forgettable() const {
  const SteadyTime now = clock_.Steady();
  std::vector<std::pair<SteadyTime, std::string>> found;
  for (const auto& [key, list] : lists_) {
    if (list.Changes() || list.pin.use_count() > 1) continue;
    if (!list.ended && now - list.touched < kQuiet) continue;
    found.emplace_back(list.touched, key);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> keys;
  keys.reserve(found.size());
  for (auto& [touched, key] : found) keys.push_back(std::move(key));
  return keys;
}

void UploadStore::LetGoOf(const std::string& name) {
  Object& object = objects_[name];
  --object.listed;
  if (object.Idle()) objects_.erase(name);
}

void UploadStore::ForgetStored(const std::string& key) {
  const List list = std::move(lists_.at(key));
  lists_.erase(key);
  if (list.current.empty()) return;
  for (const std::string& name : list.current) LetGoOf(name);
  // One that came back and was not read again is still there.
  const auto [entry, is_new] = forgotten_.try_emplace(
      key, Forgotten{*list.current.begin(), *list.current.rbegin()});
  Forgotten& forgotten = entry->second;
  if (!is_new) {
    forgotten.first = std::min(forgotten.first, *list.current.begin());
    forgotten.last = std::max(forgotten.last, *list.current.rbegin());
  }
  forgotten.version = list.version;
  forgotten.order = ++last_forgotten_;
  if (forgotten_.size() <= kForgottenLists) return;
  forgotten_.erase(std::min_element(forgotten_.begin(), forgotten_.end(),
                                    [](const auto& a, const auto& b) {
                                      return a.second.order < b.second.order;
                                    }));
}

std::optional<std::string> UploadStore::ForgottenNaming(
    const std::set<std::string>& keys) const {
  for (const auto& [key, list] : forgotten_) {
    const auto name = keys.lower_bound(list.first);
    if (name != keys.end() && *name <= list.last) return key;
  }
  return std::nullopt;
}

void UploadStore::Recall(const std::set<std::string>& keys, const Done& next,
                         const std::vector<std::shared_ptr<void>>& pinned) {
  const std::optional<std::string> key = ForgottenNaming(keys);
  if (!key) return next({});
  options_.sink->Get(
      *key, options_.max_playlist_bytes,
      [self = shared_from_this(), keys, next, pinned, key = *key,
       order = forgotten_.at(*key).order](StatusOr<std::string> text) mutable {
        self->strand_->Post([self, keys, next, pinned = pinned, key, order,
                             text = std::move(text)]() mutable {
          Status failed;
          self->TakeRead(key, std::move(text), order, pinned, failed);
          if (!failed.ok()) return next(failed);
          self->Recall(keys, next, pinned);
        });
      });
}

void UploadStore::TakeRead(const std::string& key, StatusOr<std::string> text,
                           std::uint64_t order,
                           std::vector<std::shared_ptr<void>>& pinned,
                           Status& failed) {
  const auto entry = forgotten_.find(key);
  // It was put or removed meanwhile, or read by somebody else.
  if (entry == forgotten_.end() || entry->second.order != order) return;
  const StatusOr<Listed> listed = ReadStored(key, std::move(text));
  const StatusCode code = listed.status().code();
  if (listed.ok()) {
    Restore(key, *listed);
    pinned.push_back(lists_.at(key).pin);
  } else if (code == StatusCode::kNotFound ||
             code == StatusCode::kInvalidArgument) {
    forgotten_.erase(entry);  // it is no list any more
  } else {
    failed = listed.status();
  }
}

StatusOr<Listed> UploadStore::ReadStored(const std::string& key,
                                         StatusOr<std::string> text) const {
  if (text.ok() && IsGzip(*text)) {
    text = Gunzip(*text, options_.max_playlist_bytes);
  }
  if (!text.ok()) return text.status();
  return ReadListed(key, *text);
}

// The sink has it, as it is read. A newer version may be on its way.
void UploadStore::Restore(const std::string& key, const Listed& listed) {
  const auto [entry, is_new] = lists_.try_emplace(key);
  List& list = entry->second;
  const auto forgotten = forgotten_.find(key);
  if (is_new) {
    list.multivariant = listed.kind == ObjectKind::kMultivariantPlaylist;
    list.ended = listed.ended;
    if (forgotten != forgotten_.end()) list.version = forgotten->second.version;
  }
  list.touched = clock_.Steady();
  if (forgotten != forgotten_.end()) forgotten_.erase(forgotten);
  std::set<std::string> named;
  for (const Reference& reference : listed.references) {
    named.insert(reference.key);
  }
  Name(list, named);
}

}  // namespace hlsrec::receive
