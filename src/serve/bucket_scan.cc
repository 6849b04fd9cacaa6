#include "src/serve/bucket_scan.h"

#include <utility>

#include "src/base/gzip.h"
#include "src/playlist/reference.h"
#include "src/serve/local_files.h"

namespace hlsrec::serve {
namespace {

constexpr int kAtOnce = 8;

std::string NameOf(const std::string& path) {
  return path.substr(playlist::FolderOfKey(path).size());
}

}  // namespace

BucketScan::BucketScan(std::shared_ptr<Executor> executor,
                       std::shared_ptr<Sink> sink, PathOf path_of,
                       std::uint64_t max_object_bytes)
    : executor_(std::move(executor)),
      sink_(std::move(sink)),
      path_of_(std::move(path_of)),
      max_object_bytes_(max_object_bytes) {}

void BucketScan::Start(Done done) {
  done_ = std::move(done);
  failed_ = {};
  sizes_.clear();
  pictures_.clear();
  sink_->List(
      "", [self = shared_from_this()](StatusOr<std::vector<ObjectInfo>> found) {
        self->executor_->Post([self, found = std::move(found)]() mutable {
          self->OnListed(std::move(found));
        });
      });
}

void BucketScan::OnListed(StatusOr<std::vector<ObjectInfo>> found) {
  if (!found.ok()) {
    const Done done = std::exchange(done_, nullptr);
    return done(found.status(), last_);
  }
  std::map<std::string, Known> known;
  for (const ObjectInfo& object : *found) {
    const std::optional<std::string> path = path_of_(object.key);
    if (!path || IsHidden(*path)) continue;
    sizes_[*path] = object.size_bytes;
    const ObjectRole role = RoleOf(NameOf(*path));
    if (role == ObjectRole::kPicture) pictures_.push_back(*path);
    if (role != ObjectRole::kPlaylist && role != ObjectRole::kManifest) {
      continue;
    }
    Known one = known_[*path];
    if (!one.read || one.etag.empty() || one.etag != object.etag ||
        one.size != object.size_bytes) {
      wanted_.push_back({.key = object.key, .path = *path});
    }
    one.etag = object.etag;
    one.size = object.size_bytes;
    known[*path] = std::move(one);
  }
  known_ = std::move(known);
  ReadOn();
}

void BucketScan::ReadOn() {
  while (!wanted_.empty() && reading_ < kAtOnce) {
    Wanted wanted = std::move(wanted_.front());
    wanted_.pop_front();
    ++reading_;
    std::string key = wanted.key;
    sink_->Get(
        std::move(key), max_object_bytes_,
        [self = shared_from_this(),
         wanted = std::move(wanted)](StatusOr<std::string> text) {
          self->executor_->Post([self, wanted, text = std::move(text)]() {
            --self->reading_;
            self->OnRead(wanted, text);
            self->ReadOn();
          });
        });
  }
  if (wanted_.empty() && reading_ == 0 && done_ != nullptr) End();
}

void BucketScan::OnRead(const Wanted& wanted,
                        const StatusOr<std::string>& text) {
  Known& known = known_[wanted.path];
  known.read = false;
  if (text.status().code() == StatusCode::kNotFound) {
    known_.erase(wanted.path);
  } else if (text.ok()) {
    known.read = true;
    known.list = nullptr;
    known.manifest = {};
    if (!IsGzip(*text)) return Take(wanted, *text, known);
    const auto plain = Gunzip(*text, max_object_bytes_);
    if (plain.ok()) Take(wanted, *plain, known);
  } else if (text.status().code() != StatusCode::kResourceExhausted) {
    failed_ = text.status();
  }
}

void BucketScan::Take(const Wanted& wanted, std::string_view text,
                      Known& known) {
  if (RoleOf(NameOf(wanted.path)) == ObjectRole::kManifest) {
    known.manifest = ReadManifestNames(text);
    return;
  }
  auto read = Summarize(wanted.path, text);
  if (!read.ok()) return;
  // Segments are there before what names them.
  for (const std::string& name : read->objects) {
    const auto size = sizes_.find(name);
    if (size != sizes_.end()) read->summary.size_bytes += size->second;
  }
  known.list = std::make_shared<const ListSummary>(std::move(read->summary));
}

void BucketScan::End() {
  const auto found = std::make_shared<Inventory>();
  for (const auto& [path, known] : known_) {
    const std::string folder(playlist::FolderOfKey(path));
    if (known.list != nullptr) {
      found->lists[path] = known.list;
      found->folders[folder].playlists.push_back(NameOf(path));
    } else if (!known.manifest.id.empty()) {
      found->folders[folder].manifests[NameOf(path)] = known.manifest;
    }
  }
  for (const std::string& path : pictures_) {
    const std::string folder(playlist::FolderOfKey(path));
    found->folders[folder].pictures.push_back(NameOf(path));
  }
  sizes_.clear();
  last_ = found;
  const Done done = std::exchange(done_, nullptr);
  done(failed_, last_);
}

}  // namespace hlsrec::serve
