#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "hlsrec/verify.h"
#include "src/base/bytes.h"
#include "src/base/gzip.h"
#include "src/base/hash.h"
#include "src/base/sink_reader.h"
#include "src/base/status_util.h"
#include "src/check/uri.h"
#include "src/manifest/read.h"
#include "src/playlist/clip_mark.h"
#include "src/playlist/parse.h"
#include "src/playlist/reference.h"
#include "src/verify/places.h"

namespace hlsrec {
namespace {

using manifest::Head;
using manifest::Object;
using verify::Places;

constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{1} << 30;
class Verifier {
 public:
  Verifier(SinkReader reader, const VerifyOptions& options, Head head,
           std::vector<Object> objects, Places places)
      : reader_(reader),
        options_(options),
        head_(std::move(head)),
        objects_(std::move(objects)),
        places_(std::move(places)) {
    report_.id = head_.id;
    report_.state = head_.state;
    for (const Object& object : objects_) {
      named_.insert(object.key);
      progress_.bytes_total += object.size.value_or(0);
    }
    progress_.objects_total = objects_.size();
    for (const manifest::Rendition& rendition : head_.renditions) {
      first_sequences_[rendition.name] = rendition.first_sequence;
    }
  }

  StatusOr<VerifyReport> Run() {
    for (const std::string& key : head_.undelivered) {
      Find(VerifyProblem::kMissing, key, "was never stored");
    }
    HLSREC_RETURN_IF_ERROR(ReadAll());
    HLSREC_RETURN_IF_ERROR(FindExtra());
    return std::move(report_);
  }

 private:
  struct Reading {
    const Object* object = nullptr;
    std::string key = {};
    std::uint64_t max_bytes = 0;
    SinkReader::Question question = {};
  };

  void Find(VerifyProblem problem, const std::string& key,
            std::string message) {
    ++report_.problems;
    if (problem == VerifyProblem::kMissing) ++report_.missing;
    VerifyFinding finding{
        .problem = problem, .key = key, .message = std::move(message)};
    if (options_.on_finding) options_.on_finding(finding);
    if (report_.findings.size() < options_.max_findings) {
      report_.findings.push_back(std::move(finding));
    }
  }

  // Some are on their way while the oldest is looked at.
  Status ReadAll() {
    std::deque<Reading> readings;
    const auto parallel =
        static_cast<std::size_t>(std::max(1, options_.parallel));
    for (std::size_t next = 0; next < objects_.size() || !readings.empty();) {
      while (next < objects_.size() && readings.size() < parallel) {
        Begin(objects_[next++], readings);
      }
      if (options_.stop && options_.stop()) return Cancelled("stopped");
      if (readings.empty()) continue;
      const Reading reading = std::move(readings.front());
      readings.pop_front();
      StatusOr<std::string> bytes =
          reader_.Take(reading.key, reading.max_bytes, reading.question);
      Judge(*reading.object, std::move(bytes));
      Advance(*reading.object);
    }
    return {};
  }

  void Begin(const Object& object, std::deque<Reading>& readings) {
    const auto place = places_.Find(object.key);
    if (!place) {
      Find(VerifyProblem::kMissing, object.key,
           "lies outside of the folder that was moved");
      return Advance(object);
    }
    // Where it is packed its size tells nothing.
    const std::uint64_t most = object.size && object.encoding.empty()
                                   ? *object.size
                                   : options_.max_object_bytes;
    readings.push_back({.object = &object,
                        .key = *place,
                        .max_bytes = most,
                        .question = reader_.Ask(*place, most)});
  }

  void Advance(const Object& object) {
    ++progress_.objects;
    progress_.bytes += object.size.value_or(0);
    if (options_.on_progress) options_.on_progress(progress_);
  }

  void Judge(const Object& object, StatusOr<std::string> bytes) {
    if (!bytes.ok()) return JudgeFailure(object, bytes.status());
    ++report_.objects;
    report_.bytes += bytes->size();
    if (!object.encoding.empty() && IsGzip(*bytes)) {
      bytes = Gunzip(*bytes, options_.max_object_bytes);
      if (!bytes.ok()) {
        return Find(VerifyProblem::kContent, object.key,
                    bytes.status().message());
      }
    }
    if (object.size && *object.size != bytes->size()) {
      return Find(
          VerifyProblem::kSize, object.key,
          fmt::format("has {} bytes, not {}", bytes->size(), *object.size));
    }
    if (object.sha256.empty()) {
      ++report_.unhashed;
      if (!JudgeEtag(object)) return;
    } else {
      const std::string sha256 = Sha256Hex(AsBytes(*bytes));
      if (sha256 != object.sha256) {
        return Find(
            VerifyProblem::kContent, object.key,
            fmt::format("its SHA-256 is {}, not {}", sha256, object.sha256));
      }
    }
    if (object.kind == manifest::kPlaylist ||
        object.kind == manifest::kMultivariant) {
      JudgePlaylist(object, *bytes);
    }
  }

  // Where nothing else tells whether it is the same. Of what has a hash a copy
  // with another tag is as good. False: it is another one.
  bool JudgeEtag(const Object& object) {
    const auto place = places_.Find(object.key);
    if (object.etag.empty() || !place) return true;
    const auto info = reader_.Stat(*place);
    if (!info.ok() || info->etag.empty() || info->etag == object.etag) {
      return true;
    }
    Find(VerifyProblem::kContent, object.key,
         fmt::format("its ETag is {}, not {}", info->etag, object.etag));
    return false;
  }

  void JudgeFailure(const Object& object, const Status& status) {
    switch (status.code()) {
      case StatusCode::kNotFound:
        return Find(VerifyProblem::kMissing, object.key, "is not there");
      case StatusCode::kResourceExhausted:
        if (object.size) {
          return Find(VerifyProblem::kSize, object.key,
                      fmt::format("has more than {} bytes", *object.size));
        }
        break;
      default:
        break;
    }
    Find(VerifyProblem::kUnreadable, object.key, status.message());
  }

  void JudgePlaylist(const Object& object, const std::string& text) {
    const auto parsed = playlist::ParsePlaylist(text);
    if (!parsed.ok()) {
      return Find(VerifyProblem::kContent, object.key,
                  parsed.status().message());
    }
    const std::uint64_t first = first_sequences_[object.rendition];
    for (const playlist::Segment& segment : parsed->media.segments) {
      const std::string key = check::ResolveUri(object.key, segment.uri);
      if (segment.sequence < first) {
        ++report_.earlier;
        earlier_.insert(key);
        continue;
      }
      if (!segment.gap) RequireNamed(object.key, key);
    }
    for (const auto& variant : parsed->multivariant.variants) {
      RequireNamed(object.key, check::ResolveUri(object.key, variant.uri));
    }
  }

  void RequireNamed(const std::string& playlist, const std::string& key) {
    if (named_.contains(key)) return;
    Find(VerifyProblem::kUnnamed, key,
         fmt::format("{} names it, and the manifest does not", playlist));
  }

  Status FindExtra() {
    const auto objects = reader_.List(places_.folder());
    if (!objects.ok()) {
      if (objects.status().code() != StatusCode::kUnimplemented) {
        Find(VerifyProblem::kUnreadable, places_.folder(),
             objects.status().message());
      }
      return {};
    }
    report_.listed = true;
    std::set<std::string> known;
    const auto know = [&known](const Places& places, const std::string& key) {
      if (auto place = places.Find(key)) known.insert(*std::move(place));
    };
    for (const std::string& key : named_) know(places_, key);
    for (const std::string& key : earlier_) know(places_, key);
    for (const ObjectInfo& object : *objects) {
      if (verify::IsManifest(object.key)) KnowOthers(object.key, known);
    }
    HLSREC_RETURN_IF_ERROR(KnowClips(*objects, known));
    for (const ObjectInfo& object : *objects) {
      if (known.contains(object.key) || !places_.IsAmong(object.key)) continue;
      Find(VerifyProblem::kExtra, object.key,
           fmt::format("lies among the recording's, {} bytes, and no manifest "
                       "names it",
                       object.size_bytes));
    }
    return {};
  }

  // A playlist that says what it is a clip of.
  struct Clip {
    std::string key = {};
    std::string of = {};
    playlist::ParsedPlaylist list = {};
  };

  StatusOr<std::vector<Clip>> ReadClips(const std::vector<ObjectInfo>& objects,
                                        const std::set<std::string>& known) {
    std::vector<Clip> clips;
    for (const ObjectInfo& object : objects) {
      if (known.contains(object.key) || !places_.IsAmong(object.key) ||
          check::ExtensionOf(object.key) != ".m3u8") {
        continue;
      }
      if (options_.stop && options_.stop()) return Cancelled("stopped");
      const auto text = reader_.Get(object.key, options_.max_object_bytes);
      if (!text.ok()) continue;
      const std::string_view of = playlist::ClipOf(*text);
      auto parsed = playlist::ParsePlaylist(*text);
      if (of.empty() || !parsed.ok()) continue;
      clips.push_back({.key = object.key,
                       .of = std::string(of),
                       .list = *std::move(parsed)});
    }
    return clips;
  }

  // Clips of it, and clips of those.
  Status KnowClips(const std::vector<ObjectInfo>& objects,
                   std::set<std::string>& known) {
    HLSREC_ASSIGN_OR_RETURN(std::vector<Clip> clips, ReadClips(objects, known));
    for (bool found = true; std::exchange(found, false);) {
      std::erase_if(clips, [&](const Clip& clip) {
        if (!NamesOnly(clip, known)) return false;
        known.insert(clip.key);
        ++report_.clips;
        found = true;
        return true;
      });
    }
    return {};
  }

  static bool NamesOnly(const Clip& clip, const std::set<std::string>& known) {
    const auto names = [&](std::string_view uri) {
      const auto named = playlist::KeyOfReference(clip.key, uri);
      return named && known.contains(*named);
    };
    const playlist::MediaPlaylist& media = clip.list.media;
    const playlist::MultivariantPlaylist& all = clip.list.multivariant;
    return names(clip.of) &&
           std::all_of(
               media.segments.begin(), media.segments.end(),
               [&](const auto& one) { return one.gap || names(one.uri); }) &&
           std::all_of(media.maps.begin(), media.maps.end(),
                       [&](const auto& one) { return names(one.uri); }) &&
           std::all_of(all.variants.begin(), all.variants.end(),
                       [&](const auto& one) { return names(one.uri); }) &&
           std::all_of(all.renditions.begin(), all.renditions.end(),
                       [&](const auto& one) {
                         return one.uri.empty() || names(one.uri);
                       });
  }

  // What another recording below the same folder has.
  void KnowOthers(const std::string& key, std::set<std::string>& known) {
    const auto text = reader_.Get(key, kMaxManifestBytes);
    if (!text.ok()) return;
    std::vector<std::string> keys;
    const auto head = manifest::Read(
        *text, [&keys](const Object& object) { keys.push_back(object.key); });
    if (!head.ok()) return;
    const Places places(head->key, key);
    for (const std::string& each : keys) {
      if (auto place = places.Find(each)) known.insert(*std::move(place));
    }
  }

  SinkReader reader_;
  const VerifyOptions& options_;
  const Head head_;
  const std::vector<Object> objects_;
  const Places places_;
  std::set<std::string> named_;
  std::set<std::string> earlier_;
  std::map<std::string, std::uint64_t> first_sequences_;
  VerifyProgress progress_;
  VerifyReport report_;
};

}  // namespace

std::string_view VerifyProblemName(VerifyProblem problem) {
  switch (problem) {
    case VerifyProblem::kMissing:
      return "missing";
    case VerifyProblem::kSize:
      return "size";
    case VerifyProblem::kContent:
      return "content";
    case VerifyProblem::kUnreadable:
      return "unreadable";
    case VerifyProblem::kExtra:
      return "extra";
    case VerifyProblem::kUnnamed:
      return "unnamed";
  }
  return "missing";
}

StatusOr<VerifyReport> VerifyRecording(Runtime& runtime, Sink& sink,
                                       const std::string& key,
                                       const VerifyOptions& options) {
  SinkReader reader(runtime.core(), sink);
  HLSREC_ASSIGN_OR_RETURN(std::string text, reader.Get(key, kMaxManifestBytes));
  std::vector<Object> objects;
  StatusOr<Head> head = manifest::Read(text, [&objects](Object object) {
    objects.push_back(std::move(object));
  });
  if (!head.ok()) return head.status().WithContext(key);
  std::string().swap(text);
  if (!head->ended) {
    return FailedPrecondition(
        "{}: the recording has not ended ({}): finish or resume it first", key,
        RecordingStateName(head->state));
  }
  Places places(head->key, key);
  return Verifier(reader, options, *std::move(head), std::move(objects),
                  std::move(places))
      .Run();
}

StatusOr<std::vector<std::string>> FindManifests(Runtime& runtime, Sink& sink,
                                                 const std::string& prefix) {
  HLSREC_ASSIGN_OR_RETURN(const std::vector<ObjectInfo> objects,
                          SinkReader(runtime.core(), sink).List(prefix));
  std::vector<std::string> keys;
  for (const ObjectInfo& object : objects) {
    if (verify::IsManifest(object.key)) keys.push_back(object.key);
  }
  return keys;
}

StatusOr<std::string> ManifestKey(Runtime& runtime, Sink& sink,
                                  const std::string& key) {
  HLSREC_ASSIGN_OR_RETURN(
      const std::string text,
      SinkReader(runtime.core(), sink).Get(key, kMaxManifestBytes));
  StatusOr<Head> head = manifest::Read(text, [](const Object&) {});
  if (!head.ok()) return head.status().WithContext(key);
  return std::move(head->key);
}

}  // namespace hlsrec
