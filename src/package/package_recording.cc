#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "hlsrec/package.h"
#include "src/base/bytes.h"
#include "src/base/gzip.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/package/contents.h"
#include "src/package/store.h"
#include "src/package/zip_body.h"

namespace hlsrec {
namespace {

using package::Contents;
using package::Store;
using package::ZipEntry;

// Objects of the source in the order of the archive, some asked for ahead.
//
// Threads. One at a time: the archive's lock keeps it so.
class Loader {
 public:
  Loader(RuntimeCore& core, Sink& sink, const PackageOptions& options)
      : store_(core, sink, options.max_object_bytes),
        ahead_(options.ahead),
        stop_(options.stop) {}

  [[nodiscard]] Store& store() { return store_; }
  void Expect(std::vector<std::string> locations) {
    locations_ = std::move(locations);
  }

  StatusOr<std::string> Load(std::size_t index) {
    if (stop_ && stop_()) return Cancelled("stopped");
    // Where the archive is read again from its beginning.
    std::erase_if(asked_, [&](const auto& each) {
      return each.first < index ||
             each.first > index + static_cast<std::size_t>(ahead_);
    });
    const std::size_t until = std::min(
        locations_.size(), index + 1 + static_cast<std::size_t>(ahead_));
    for (std::size_t i = index; i < until; ++i) {
      if (!asked_.contains(i)) asked_[i] = store_.Ask(locations_[i]);
    }
    return store_.Take(locations_[index],
                       std::move(asked_.extract(index).mapped()));
  }

 private:
  Store store_;
  const int ahead_;
  const std::function<bool()> stop_;
  std::vector<std::string> locations_;
  std::map<std::size_t, SinkReader::Question> asked_;
};

class Packager {
 public:
  Packager(const ObjectPlace& source, const PackageOptions& options)
      : source_(source),
        options_(options),
        loader_(std::make_shared<Loader>(source.runtime.core(), source.sink,
                                         options)) {}

  StatusOr<std::shared_ptr<const Body>> MakeBody() {
    HLSREC_ASSIGN_OR_RETURN(
        contents_, package::ReadContents(loader_->store(), source_.key));
    std::vector<std::string> others;
    for (package::ContentObject& object : contents_.objects) {
      ZipEntry entry{.name = object.location.substr(contents_.folder.size())};
      if (object.text) {
        SetText(entry, *std::move(object.text));
      } else {
        others.push_back(object.location);
        SetLoaded(entry, others.size() - 1);
      }
      entries_.push_back(std::move(entry));
    }
    loader_->Expect(others);
    HLSREC_RETURN_IF_ERROR(FindSizes(entries_.size() - others.size()));
    report_.objects = entries_.size();
    report_.gaps = contents_.gaps;
    std::function<void(std::size_t)> on_entry;
    if (options_.on_progress) on_entry = Tell();
    return package::MakeZipBody(std::move(entries_), std::move(on_entry));
  }

  [[nodiscard]] const PackageReport& report() const { return report_; }
  // Whether the recording has such an object.
  [[nodiscard]] bool Has(std::string_view location) const {
    return std::any_of(contents_.objects.begin(), contents_.objects.end(),
                       [&](const package::ContentObject& object) {
                         return object.location == location;
                       });
  }

 private:
  static void SetText(ZipEntry& entry, std::string text) {
    entry.size = text.size();
    const std::shared_ptr<const Body> body = MakeStringBody(std::move(text));
    entry.open = [body]() -> StatusOr<std::shared_ptr<const Body>> {
      return body;
    };
  }

  void SetLoaded(ZipEntry& entry, std::size_t index) const {
    entry.open = [loader = loader_,
                  index]() -> StatusOr<std::shared_ptr<const Body>> {
      HLSREC_ASSIGN_OR_RETURN(std::string bytes, loader->Load(index));
      return MakeStringBody(std::move(bytes));
    };
  }

  // Of those behind the playlists: as they are listed, or as they are.
  Status FindSizes(std::size_t first) {
    const auto listed = loader_->store().reader().List(contents_.folder);
    if (listed.status().code() == StatusCode::kUnimplemented) {
      return ReadSizes(first);
    }
    if (!listed.ok()) return listed.status();
    std::map<std::string_view, std::uint64_t> sizes;
    for (const ObjectInfo& object : *listed) {
      sizes[object.key] = object.size_bytes;
    }
    for (std::size_t i = first; i < entries_.size(); ++i) {
      const std::string& location = contents_.objects[i].location;
      const auto found = sizes.find(location);
      if (found == sizes.end()) {
        return NotFound("{}: is listed, and is not there", location);
      }
      entries_[i].size = found->second;
    }
    return {};
  }

  Status ReadSizes(std::size_t first) {
    for (std::size_t i = first; i < entries_.size(); ++i) {
      HLSREC_ASSIGN_OR_RETURN(const std::string bytes,
                              loader_->Load(i - first));
      entries_[i].size = bytes.size();
      entries_[i].crc = ExtendCrc(0, AsBytes(bytes));
    }
    return {};
  }

  std::function<void(std::size_t)> Tell() const {
    PackageProgress progress{.objects_total = entries_.size()};
    std::vector<std::uint64_t> until;
    for (const ZipEntry& entry : entries_) {
      progress.bytes_total += entry.size;
      until.push_back(progress.bytes_total);
    }
    return [progress, until = std::move(until),
            tell = options_.on_progress](std::size_t entry) mutable {
      progress.objects = entry + 1;
      progress.bytes = until[entry];
      tell(progress);
    };
  }

  const ObjectPlace& source_;
  const PackageOptions& options_;
  const std::shared_ptr<Loader> loader_;
  Contents contents_;
  std::vector<ZipEntry> entries_;
  PackageReport report_;
};

}  // namespace

StatusOr<PackageReport> PackageRecording(const ObjectPlace& source,
                                         const ObjectPlace& target,
                                         const PackageOptions& options) {
  if (&source.runtime == &target.runtime) {
    return InvalidArgument(
        "package: source and target want a runtime each: the target's threads "
        "wait for the source");
  }
  HLSREC_RETURN_IF_ERROR(CheckKey(target.key));
  if (!target.key.ends_with(".zip")) {
    return InvalidArgument("{}: want a name that ends in .zip", target.key);
  }
  Packager packager(source, options);
  HLSREC_ASSIGN_OR_RETURN(const std::shared_ptr<const Body> body,
                          packager.MakeBody());
  if (source.sink.Describe() == target.sink.Describe() &&
      packager.Has(target.key)) {
    return InvalidArgument("{}: is of the recording itself: name another file",
                           target.key);
  }
  PackageReport report = packager.report();
  report.bytes = body->size();
  HLSREC_RETURN_IF_ERROR(SinkReader(target.runtime.core(), target.sink)
                             .Put({.key = target.key,
                                   .body = body,
                                   .if_exists = options.if_exists,
                                   .content_type = "application/zip",
                                   .last_version = true}));
  return report;
}

}  // namespace hlsrec
