#include "src/receive/upload_store.h"

#include <utility>

#include "src/base/status_util.h"
#include "src/playlist/reference.h"

namespace hlsrec::receive {

UploadStore::UploadStore(std::shared_ptr<Strand> strand, const Clock& clock,
                         const UploadReceiverOptions& options)
    : strand_(std::move(strand)),
      clock_(clock),
      options_(options),
      writer_(std::make_shared<deliver::KeyWriter>(
          strand_, clock, options.sink,
          deliver::KeyWriterOptions{.patience = options.patience})),
      sweep_at_(options.max_remembered_names) {}

bool UploadStore::IsList(const std::string& key) {
  return playlist::ExtensionOfKey(key) == "m3u8";
}

void UploadStore::Begin(const std::string& key) {
  Object& object = objects_[key];
  ++object.coming;
  if (std::exchange(object.brought, true)) object.again = last_version_;
}

void UploadStore::BreakOff(const std::string& key) {
  --objects_[key].coming;
  Changed();
}

UploadStore::Object::State UploadStore::StateOfUnconfirmed(StatusCode code) {
  switch (code) {
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kConflict:     // a removal took its place
    case StatusCode::kUnavailable:  // another put did
      return Object::State::kUnknown;
    default:
      return Object::State::kFailed;
  }
}

void UploadStore::PutObject(PutRequest request, Done done) {
  std::string key = request.key;
  writer_->Put(
      std::move(request), [self = shared_from_this(), key = std::move(key),
                           done = std::move(done)](const Status& status) {
        Object& object = self->objects_[key];
        --object.coming;
        // There is one already; or nobody knows.
        const bool there =
            status.ok() || status.code() == StatusCode::kAlreadyExists;
        object.gave_up = !there;
        if (there) {
          object.state = Object::State::kStored;
        } else if (object.listed == 0) {
          object.state = StateOfUnconfirmed(status.code());
        }
        if (!there) {
          self->Tell(UploadEvent::Kind::kNotStored, key, status.message());
        }
        done(status);
        self->Changed();
      });
}

void UploadStore::Remove(const std::string& key, Done done) {
  if (IsList(key)) {
    const auto list = lists_.find(key);
    if (list != lists_.end()) {
      list->second.newest.reset();
      list->second.stored.reset();
    }
    if (list != lists_.end() && list->second.held) {
      Held held = std::move(*list->second.held);
      list->second.held.reset();
      list->second.wanted.clear();
      --objects_[key].coming;
      for (const Done& waiting : held.waiting) {
        waiting(Conflict("{}: was deleted meanwhile", key));
      }
    }
  }
  removes_.push_back({key, std::move(done)});
  RetryRemoves();
}

// One that a list names waits for a version under way, which may not.
void UploadStore::RetryRemoves() {
  std::vector<PendingRemove> removes = std::move(removes_);
  removes_.clear();
  for (PendingRemove& remove : removes) {
    const auto object = objects_.find(remove.key);
    if (object == objects_.end() || object->second.listed == 0) {
      RemoveUnlisted(std::move(remove));
      continue;
    }
    bool may_change = false;
    for (const auto& [key, list] : lists_) {
      if (!list.current.contains(remove.key)) continue;
      may_change = may_change || list.Changes();
    }
    if (may_change) {
      removes_.push_back(std::move(remove));
    } else {
      remove.done(Conflict("{}: a playlist names it", remove.key));
    }
  }
}

// By a list that is known, that is.
void UploadStore::RemoveUnlisted(PendingRemove remove) {
  if (!ForgottenNaming({remove.key})) {
    return RemoveNow(remove.key, std::move(remove.done));
  }
  Recall({remove.key}, [this, remove](const Status& status) {
    if (!status.ok()) return remove.done(status);
    removes_.push_back(remove);
    RetryRemoves();
  });
}

void UploadStore::RemoveNow(const std::string& key, Done done) {
  ++objects_[key].removing;
  Forget(key);
  writer_->Remove(
      key,
      [self = shared_from_this(), key,
       done = std::move(done)](const Status& status) {
        if (status.ok() && IsList(key)) self->DropList(key);
        if (status.ok() && !IsList(key)) self->ForgetNamed(key);
        done(status);
      },
      [self = shared_from_this(), key] {
        --self->objects_[key].removing;
        // A put before it, or a look, may have found it there.
        self->Forget(key);
        self->Changed();
      });
}

void UploadStore::Forget(const std::string& key) {
  const auto object = objects_.find(key);
  if (object == objects_.end()) return;
  object->second.state = Object::State::kUnknown;
  if (object->second.Idle()) objects_.erase(object);
}

// It is gone: nobody has to remove it at its stream's end.
void UploadStore::ForgetNamed(const std::string& key) {
  if (objects_[key].coming > 0) return;
  for (auto& [list_key, list] : lists_) {
    if (!list.current.contains(key)) list.ever.erase(key);
  }
}

// It is gone: what it named is not named by it any more.
void UploadStore::DropList(const std::string& key) {
  forgotten_.erase(key);
  const auto found = lists_.find(key);
  if (found == lists_.end()) return;
  List& list = found->second;
  list.touched = clock_.Steady();
  list.stored.reset();
  // What it named may be named by the version that comes.
  if (list.Changes()) {
    list.removed = list.writing == 0;
    return;
  }
  for (const std::string& name : list.current) --objects_[name].listed;
  list.current.clear();
  list.newest.reset();
  list.gaps.clear();
  list.removed = false;
  if (list.ever.empty()) lists_.erase(found);
}

// Something came, was stored or went: who waited for it may go on.
void UploadStore::Changed() {
  std::vector<std::string> held;
  for (const auto& [key, list] : lists_) {
    if (list.held) held.push_back(key);
  }
  for (const std::string& key : held) Evaluate(key);
  RetryRemoves();
  Trim();
}

void UploadStore::Tell(UploadEvent::Kind kind, const std::string& key,
                       const std::string& message) {
  if (options_.on_event == nullptr) return;
  options_.on_event({.kind = kind, .key = key, .message = message});
}

}  // namespace hlsrec::receive
