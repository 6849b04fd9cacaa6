#include <algorithm>
#include <string_view>
#include <utility>

#include "src/base/gzip.h"
#include "src/base/status_util.h"
#include "src/playlist/reference.h"
#include "src/receive/upload_store.h"

namespace hlsrec::receive {
namespace {

// More than so many are looked for by one listing of their folder.
constexpr std::size_t kAskOneByOne = 4;
// After an answer that told nothing.
constexpr std::chrono::milliseconds kAskAgain{500};

std::set<std::string> NamesOf(const Listed& listed) {
  std::set<std::string> names;
  for (const Reference& reference : listed.references) {
    names.insert(reference.key);
  }
  return names;
}

}  // namespace

void UploadStore::PutList(PutRequest request, Done done) {
  const std::string key = request.key;
  const auto refuse = [&](const Status& status) {
    --objects_[key].coming;
    done(status);
    Changed();
  };
  StatusOr<std::string> text =
      ReadBody(*request.body, options_.max_playlist_bytes);
  if (text.ok() && !request.content_encoding.empty()) {
    text = Gunzip(*text, options_.max_playlist_bytes);
  }
  if (!text.ok()) return refuse(InvalidArgument("{}: can't be read", key));
  StatusOr<Listed> listed = ReadListed(key, *text);
  if (!listed.ok()) return refuse(listed.status());
  request.kind = listed->kind;
  request.last_version = listed->ended;
  if (!options_.sink->keeps_content_encoding() &&
      !request.content_encoding.empty()) {
    request.content_encoding.clear();
    request.body = MakeStringBody(*text);
  }
  List& list = lists_[key];
  // Who asks that there be none is told that there is one.
  if (request.if_exists == IfExists::kReplace && IsOvertaken(list, *listed)) {
    ++overtaken_;
    --objects_[key].coming;
    FollowNewest(key, list, std::move(done));
    return Changed();
  }
  list.version = ++last_version_;
  list.newest.reset();
  if (listed->kind == ObjectKind::kMediaPlaylist) {
    list.newest = {.version = list.version,
                   .first = listed->first,
                   .end = listed->end,
                   .ended = listed->ended,
                   .came = clock_.Steady()};
  }
  list.multivariant = listed->kind == ObjectKind::kMultivariantPlaylist;
  list.ended = listed->ended;
  list.touched = clock_.Steady();
  Held held{.request = std::move(request),
            .text = std::move(text).value(),
            .listed = std::move(listed).value(),
            .waiting = {}};
  // Of two versions that wait the newer one is put, for both.
  if (list.held) {
    held.waiting = std::move(list.held->waiting);
    --objects_[key].coming;
  }
  held.waiting.push_back(std::move(done));
  list.held = std::move(held);
  Evaluate(key);
}

// ffmpeg puts each version on a connection of its own and does not wait for the
// answer: who reads them at once may see the last one first. One that another
// version goes on from is older, unless what they share came again since: then
// the stream began anew.
bool UploadStore::IsOvertaken(const List& list, const Listed& listed) const {
  if (!list.newest || listed.ended ||
      listed.kind != ObjectKind::kMediaPlaylist) {
    return false;
  }
  const Covered& newest = *list.newest;
  const bool goes_on =
      listed.first <= newest.first && listed.end > newest.first &&
      (listed.end < newest.end || (listed.end == newest.end && newest.ended));
  if (!goes_on || clock_.Steady() - newest.came > options_.hold) return false;
  const std::set<std::string> named =
      list.held ? NamesOf(list.held->listed) : std::set<std::string>();
  const std::set<std::string>& names = list.held ? named : list.current;
  bool shared = false;
  for (const Reference& reference : listed.references) {
    if (reference.line == 0 || list.gaps.contains(reference.key)) continue;
    if (!names.contains(reference.key)) {
      if (shared) return false;
      continue;
    }
    const auto object = objects_.find(reference.key);
    if (object != objects_.end() && object->second.again >= newest.version) {
      return false;
    }
    shared = true;
  }
  return shared;
}

void UploadStore::FollowNewest(const std::string& key, List& list, Done done) {
  if (list.held) {
    list.held->waiting.push_back(std::move(done));
  } else if (list.writing > 0) {
    list.overtaken.emplace_back(list.version, std::move(done));
  } else if (list.newest->may_be_stored) {
    done(
        Unavailable("{}: nobody knows whether a newer version is stored", key));
  } else {
    done({});
  }
}

void UploadStore::Evaluate(const std::string& key) {
  const auto found = lists_.find(key);
  if (found == lists_.end() || !found->second.held) return;
  List& list = found->second;
  const Verdict verdict = Judge(list);
  if (!verdict.refused.empty()) {
    Held held = std::move(*list.held);
    list.held.reset();
    list.newest = list.stored;
    list.wanted.clear();
    --objects_[key].coming;
    if (list.removed) DropList(key);
    // It may be brought by somebody else: the next version asks again.
    Forget(verdict.refused);
    Tell(UploadEvent::Kind::kRefused, key,
         fmt::format("names {}, which is not stored", verdict.refused));
    for (const Done& done : held.waiting) {
      done(Conflict("{}: names {}, which is not stored", key, verdict.refused));
    }
    return RetryRemoves();
  }
  if (verdict.wait) {
    LookForUnknown(list.held->listed);
    strand_->PostAt(verdict.until,
                    [self = shared_from_this(), key] { self->Evaluate(key); });
    return;
  }
  Held held = std::move(*list.held);
  list.held.reset();
  Publish(key, std::move(held), verdict);
}

UploadStore::Verdict UploadStore::Judge(List& list) {
  Verdict verdict;
  const SteadyTime now = clock_.Steady();
  for (const Reference& reference : list.held->listed.references) {
    if (list.gaps.contains(reference.key)) {
      verdict.gaps.push_back(&reference);
      continue;
    }
    const Object& object = objects_[reference.key];
    if (object.state == Object::State::kStored && object.removing == 0) {
      list.wanted.erase(reference.key);
      continue;
    }
    const SteadyTime until =
        list.wanted.try_emplace(reference.key, now + options_.hold)
            .first->second;
    const bool given_up =
        object.state == Object::State::kFailed && object.coming == 0;
    if (!given_up && now < until) {
      verdict.wait = true;
      verdict.until = std::min(verdict.until, until);
    } else if (reference.line != 0 &&
               options_.missing_segments == MissingSegments::kGap) {
      verdict.gaps.push_back(&reference);
    } else {
      verdict.refused = reference.key;
    }
  }
  return verdict;
}

void UploadStore::LookForUnknown(const Listed& listed) {
  const std::uint64_t look = ++last_look_;
  std::map<std::string_view, std::vector<std::string>> unknown;  // by folder
  for (const Reference& reference : listed.references) {
    Object& object = objects_[reference.key];
    // What is just coming or going tells of itself.
    if (object.state != Object::State::kUnknown || object.coming > 0 ||
        object.removing > 0) {
      continue;
    }
    object.state = Object::State::kLooking;
    object.look = look;
    unknown[playlist::FolderOfKey(reference.key)].push_back(reference.key);
  }
  for (auto& [folder, keys] : unknown) {
    if (keys.size() <= kAskOneByOne) {
      for (const std::string& key : keys) Look(key, look);
      continue;
    }
    options_.sink->List(
        std::string(folder),
        [self = shared_from_this(), look, keys = std::move(keys)](
            const StatusOr<std::vector<ObjectInfo>>& found) {
          self->strand_->Post([self, look, keys, found] {
            self->OnListing(keys, look, found);
          });
        });
  }
}

void UploadStore::OnListing(const std::vector<std::string>& asked,
                            std::uint64_t look,
                            const StatusOr<std::vector<ObjectInfo>>& found) {
  if (!found.ok()) {
    for (const std::string& key : asked) Look(key, look);
    return;
  }
  std::set<std::string_view> there;
  for (const ObjectInfo& object : *found) there.insert(object.key);
  for (const std::string& key : asked) {
    Object& object = objects_[key];
    if (!object.WaitsFor(look)) continue;
    object.Found(there.contains(key));
  }
  Changed();
}

void UploadStore::Look(const std::string& key, std::uint64_t look) {
  options_.sink->Get(
      key, 0,
      [self = shared_from_this(), key,
       look](const StatusOr<std::string>& there) {
        self->strand_->Post([self, key, look, status = there.status()] {
          self->OnLook(key, look, status);
        });
      });
}

void UploadStore::OnLook(const std::string& key, std::uint64_t look,
                         const Status& status) {
  Object& object = objects_[key];
  if (!object.WaitsFor(look)) return;
  if (status.ok() || status.code() == StatusCode::kResourceExhausted) {
    object.Found(true);
  } else if (status.code() == StatusCode::kNotFound) {
    object.Found(false);
  } else {
    strand_->PostAt(clock_.Steady() + kAskAgain,
                    [self = shared_from_this(), key, look] {
                      Object& again = self->objects_[key];
                      if (!again.WaitsFor(look)) return;
                      again.state = Object::State::kUnknown;
                      self->Changed();
                    });
    return;
  }
  Changed();
}

void UploadStore::Publish(const std::string& key, Held held,
                          const Verdict& verdict) {
  List& list = lists_.at(key);
  std::set<std::string> named = NamesOf(held.listed);
  if (!verdict.gaps.empty()) {
    std::vector<int> lines;
    for (const Reference* gap : verdict.gaps) {
      lines.push_back(gap->line);
      named.erase(gap->key);
      if (!list.gaps.insert(gap->key).second) continue;
      ++gaps_;
      Tell(UploadEvent::Kind::kGap, gap->key,
           fmt::format("is a gap in {}: it was not stored", key));
    }
    std::sort(lines.begin(), lines.end());
    held.request.body = MakeStringBody(WithGaps(held.text, lines));
    held.request.content_encoding.clear();
  }
  list.wanted.clear();
  std::set<std::string> still;
  for (const Reference* gap : verdict.gaps) still.insert(gap->key);
  list.gaps = std::move(still);
  Name(list, named);
  ++list.writing;
  list.removed = false;
  writer_->Put(std::move(held.request),
               [self = shared_from_this(), key, version = list.version,
                covered = list.newest, named = std::move(named),
                waiting = std::move(held.waiting)](const Status& status) {
                 self->OnPublished(key, version, covered, named, status);
                 for (const Done& done : waiting) done(status);
                 self->Changed();
               });
}

// From before it is put: it may be stored, whatever the reply.
void UploadStore::Name(List& list, const std::set<std::string>& named) {
  for (const std::string& name : named) {
    Object& object = objects_[name];
    object.brought = true;
    if (list.current.insert(name).second) ++object.listed;
    if (options_.delete_on_end) list.ever.insert(name);
  }
}

void UploadStore::OnPublished(const std::string& key, std::uint64_t version,
                              const std::optional<Covered>& covered,
                              const std::set<std::string>& named,
                              const Status& status) {
  Object& object = objects_[key];
  --object.coming;
  const auto found = lists_.find(key);
  if (found == lists_.end()) return;
  List& list = found->second;
  --list.writing;
  for (auto& [newer, done] : std::exchange(list.overtaken, {})) {
    if (newer <= version) {
      done(status);
    } else {
      list.overtaken.emplace_back(newer, std::move(done));
    }
  }
  if (status.ok()) {
    list.stored = covered;
  } else if (version == list.version && list.newest) {
    if (status.code() == StatusCode::kDeadlineExceeded) {
      list.newest->may_be_stored = true;
    } else {
      list.newest = list.stored;
    }
  }
  if (!status.ok()) {
    if (object.listed == 0) object.state = Object::State::kUnknown;
    return Tell(UploadEvent::Kind::kNotStored, key, status.message());
  }
  object.state = Object::State::kStored;
  if (version != list.version || list.writing > 0) return;
  // This one is what readers see: what it does not name is not listed.
  forgotten_.erase(key);
  for (auto name = list.current.begin(); name != list.current.end();) {
    if (named.contains(*name)) {
      ++name;
      continue;
    }
    const std::string gone = *name;
    name = list.current.erase(name);
    LetGoOf(gone);
  }
}

}  // namespace hlsrec::receive
