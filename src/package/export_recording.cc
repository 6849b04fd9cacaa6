#include "hlsrec/export_recording.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/av/movie.h"
#include "src/base/file.h"
#include "src/base/hash.h"
#include "src/base/process.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/package/export_file.h"
#include "src/package/parts.h"
#include "src/package/presentation.h"
#include "src/package/segment_stream.h"
#include "src/package/store.h"
#include "src/package/timeline_range.h"

namespace hlsrec {
namespace {

using package::MediaList;
using package::Micros;
using package::Part;
using package::Parts;
using package::PartSegment;
using package::SegmentStream;
using package::Store;
using package::TimeRange;

av::MovieFormat MovieFormatOf(FileFormat format) {
  switch (format) {
    case FileFormat::kMp4:
      return av::MovieFormat::kMp4;
    case FileFormat::kTs:
      return av::MovieFormat::kTs;
    case FileFormat::kMatroska:
      return av::MovieFormat::kMatroska;
  }
  return av::MovieFormat::kMp4;
}

// A file that is there when it is complete, and not before.
class NewFile {
 public:
  NewFile(FileSystem& files, std::string path)
      : files_(files),
        path_(std::move(path)),
        temporary_(fmt::format("{}/.hlsrec-{}-{}.tmp", DirectoryOf(path_),
                               ProcessTag(), RandomHex(12))) {}
  ~NewFile() {
    if (!kept_) files_.Remove(temporary_).Ignore("the first error says more");
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  [[nodiscard]] const std::string& temporary() const { return temporary_; }

  // Before anything is read: whether it can be written at all.
  Status Begin(IfExists if_exists) {
    HLSREC_RETURN_IF_ERROR(CheckFree(if_exists));
    constexpr unsigned kFolderMode = 0755;
    constexpr unsigned kFileMode = 0644;
    Status status = files_.CreateDirectories(DirectoryOf(path_), kFolderMode);
    if (status.ok()) status = files_.Create(temporary_, kFileMode).status();
    if (status.ok() || status.code() == StatusCode::kResourceExhausted) {
      return status;
    }
    return PermissionDenied("{}: can't be written there: {}", path_,
                            status.message());
  }

  // Its size.
  StatusOr<std::uint64_t> Keep(IfExists if_exists) {
    HLSREC_ASSIGN_OR_RETURN(const std::uint64_t size, files_.Size(temporary_));
    // Which brings all of it to the disk.
    HLSREC_RETURN_IF_ERROR(files_.Truncate(temporary_, size));
    HLSREC_RETURN_IF_ERROR(CheckFree(if_exists));
    HLSREC_RETURN_IF_ERROR(files_.Rename(temporary_, path_));
    kept_ = true;
    HLSREC_RETURN_IF_ERROR(files_.SyncDirectory(DirectoryOf(path_)));
    return size;
  }

 private:
  Status CheckFree(IfExists if_exists) {
    if (if_exists == IfExists::kReplace || !files_.Size(path_).ok()) return {};
    return AlreadyExists("{}: exists", path_);
  }

  FileSystem& files_;
  const std::string path_;
  const std::string temporary_;
  bool kept_ = false;
};

class Exporter {
 public:
  Exporter(Store& store, const ExportOptions& options)
      : store_(store), options_(options) {
    listener_.on_next = [this]() -> Status {
      if (!options_.stop || !options_.stop()) return {};
      return Cancelled("stopped");
    };
    listener_.on_read = [this](const PartSegment& segment, std::size_t bytes) {
      OnRead(segment, bytes);
    };
    listener_.on_missing = [this](const PartSegment& segment,
                                  const std::string&) {
      TellGap(segment, /*missing=*/true);
    };
  }

  // Of the playlists that were read, and of all that they list.
  [[nodiscard]] std::vector<std::string> locations() const {
    std::vector<std::string> locations;
    for (const MediaList& list : lists_) {
      locations.push_back(list.location);
      for (const playlist::Segment& segment : list.list.segments) {
        auto location = Store::Locate(list.location, segment.uri);
        if (location.ok()) locations.push_back(*std::move(location));
      }
    }
    return locations;
  }

  StatusOr<ExportReport> Run(const std::string& key,
                             const std::string& temporary) {
    HLSREC_ASSIGN_OR_RETURN(
        lists_, package::ReadPresentation(
                    store_, key,
                    {.variant = options_.variant, .audio = options_.audio}));
    const playlist::MediaPlaylist& main = lists_.front().list;
    HLSREC_ASSIGN_OR_RETURN(const TimeRange range,
                            package::ResolveRange(options_.range, main));
    HLSREC_ASSIGN_OR_RETURN(parts_, package::MakeParts(lists_, range));
    report_.ended = main.end_list.present();
    Count();
    if (parts_.parts.empty()) {
      return FailedPrecondition("{}: there is no media in that range",
                                package::Shown(key));
    }
    HLSREC_ASSIGN_OR_RETURN(
        const std::unique_ptr<av::MovieWriter> movie,
        av::MovieWriter::Create(MakeOptions(range, temporary)));
    HLSREC_RETURN_IF_ERROR(LookAhead(*movie));
    Micros missing{0};
    for (const Part& part : parts_.parts) {
      if (movie->complete()) break;
      report_.discontinuities += part.discontinuity ? 1 : 0;
      HLSREC_ASSIGN_OR_RETURN(av::MoviePart made, MakePart(part, listener_));
      made.missing_before += missing;
      // All of it is missing: its time stays.
      missing =
          made.inputs.empty() ? made.missing_before + part.duration : Micros(0);
      if (made.inputs.empty()) continue;
      HLSREC_RETURN_IF_ERROR(movie->Add(std::move(made)));
    }
    HLSREC_ASSIGN_OR_RETURN(av::MovieFacts facts, movie->Finish());
    report_.packets = facts.packets;
    report_.start = parts_.start + facts.start;
    report_.duration = facts.duration;
    report_.tracks = std::move(facts.tracks);
    report_.dropped_tracks = std::move(facts.dropped);
    return std::move(report_);
  }

 private:
  void Count() {
    for (const Part& part : parts_.parts) {
      for (const auto& segments : part.segments) {
        progress_.segments_total += segments.size();
      }
    }
    progress_.duration = parts_.duration;
    for (const PartSegment& gap : parts_.gaps) {
      TellGap(gap, /*missing=*/false);
    }
  }

  av::MovieOptions MakeOptions(const TimeRange& range,
                               const std::string& temporary) const {
    av::MovieOptions options{.path = temporary,
                             .format = MovieFormatOf(options_.format),
                             .stop = options_.stop};
    if (range.from) options.from = *range.from - parts_.start;
    if (range.to) options.to = *range.to - parts_.start;
    const std::size_t first = parts_.parts.front().segments[0].front().index;
    const auto date = package::TimesOf(lists_.front().list)[first].date;
    if (date) options.start_date = date->time_since_epoch();
    return options;
  }

  // Tracks may join behind a discontinuity: the first segments of all parts
  // tell which there are.
  Status LookAhead(av::MovieWriter& movie) {
    if (parts_.parts.size() < 2) return {};
    quiet_.on_next = listener_.on_next;
    quiet_.on_read = [](const PartSegment&, std::size_t) {};
    quiet_.on_missing = [](const PartSegment&, const std::string&) {};
    for (Part part : parts_.parts) {
      for (auto& segments : part.segments) {
        if (segments.size() > 1) segments.resize(1);
      }
      HLSREC_ASSIGN_OR_RETURN(av::MoviePart made, MakePart(part, quiet_));
      if (made.inputs.empty()) continue;
      HLSREC_RETURN_IF_ERROR(movie.Expect(std::move(made)));
    }
    return {};
  }

  StatusOr<av::MoviePart> MakePart(const Part& part,
                                   const package::StreamListener& listener) {
    const PartSegment& first = part.segments[0].front();
    const MediaList& main = lists_.front();
    av::MoviePart made{
        .name = fmt::format("{}, {:.3f} s", main.list.segments[first.index].uri,
                            std::chrono::duration<double>(part.start).count()),
        .missing_before = part.missing_before};
    made.name = package::Shown(made.name);
    for (std::size_t i = 0; i < lists_.size(); ++i) {
      const auto stream = std::make_shared<SegmentStream>(
          store_, lists_[i], part.segments[i],
          package::StreamOptions{.ahead = options_.ahead,
                                 .missing = options_.missing},
          listener);
      HLSREC_ASSIGN_OR_RETURN(const bool any, stream->Begin());
      if (!any) continue;
      made.inputs.push_back({.source =
                                 [stream](std::span<std::uint8_t> out) {
                                   return stream->Read(out);
                                 },
                             .language = lists_[i].language});
    }
    return made;
  }

  void OnRead(const PartSegment& segment, std::size_t bytes) {
    const playlist::Segment& read =
        lists_[segment.list].list.segments[segment.index];
    ++report_.segments;
    ++progress_.segments;
    progress_.bytes += bytes;
    if (segment.list == 0) {
      progress_.position = segment.start + read.duration.value - parts_.start;
    }
    if (options_.on_progress) options_.on_progress(progress_);
  }

  void TellGap(const PartSegment& segment, bool missing) {
    const MediaList& list = lists_[segment.list];
    const playlist::Segment& gap = list.list.segments[segment.index];
    ++report_.gaps;
    report_.gap_duration += gap.duration.value;
    if (!options_.on_gap) return;
    options_.on_gap({.location = package::Shown(gap.uri),
                     .start = segment.start,
                     .duration = gap.duration.value,
                     .missing = missing});
  }

  Store& store_;
  const ExportOptions& options_;
  package::StreamListener listener_;
  package::StreamListener quiet_;  // for what is read to look at it
  std::vector<MediaList> lists_;
  Parts parts_;
  ExportReport report_;
  ExportProgress progress_;
};

// A file replaces nothing of what it is made of.
Status CheckApart(const Sink& source, const std::vector<std::string>& locations,
                  const std::string& path) {
  constexpr std::string_view kFolder = "file:";
  const std::string folder = source.Describe();
  if (!folder.starts_with(kFolder)) return {};
  for (const std::string& location : locations) {
    std::error_code none;  // one of them is not there
    if (std::filesystem::equivalent(
            folder.substr(kFolder.size()) + "/" + location, path, none)) {
      return InvalidArgument(
          "{}: is of the recording itself: name another file", path);
    }
  }
  return {};
}

}  // namespace

StatusOr<FileFormat> FileFormatOf(const std::string& path) {
  struct Suffix {
    std::string_view suffix;
    FileFormat format;
  };
  constexpr std::array kSuffixes = {
      Suffix{".mp4", FileFormat::kMp4},
      Suffix{".m4v", FileFormat::kMp4},
      Suffix{".m4a", FileFormat::kMp4},
      Suffix{".mov", FileFormat::kMp4},
      Suffix{".ts", FileFormat::kTs},
      Suffix{".mkv", FileFormat::kMatroska},
      Suffix{".mka", FileFormat::kMatroska},
  };
  for (const Suffix& each : kSuffixes) {
    if (path.ends_with(each.suffix)) return each.format;
  }
  return InvalidArgument("{}: want a name that ends in .mp4, .ts or .mkv",
                         path);
}

namespace package {

StatusOr<ExportReport> ExportFile(RuntimeCore& core, Sink& source,
                                  const std::string& key,
                                  const std::string& path,
                                  const ExportOptions& options) {
  NewFile file(PosixFileSystem(), path);
  HLSREC_RETURN_IF_ERROR(file.Begin(options.if_exists));
  Store store(core, source, options.max_object_bytes);
  Exporter exporter(store, options);
  StatusOr<ExportReport> report = exporter.Run(key, file.temporary());
  if (!report.ok()) return report;
  HLSREC_RETURN_IF_ERROR(CheckApart(source, exporter.locations(), path));
  HLSREC_ASSIGN_OR_RETURN(report->bytes, file.Keep(options.if_exists));
  return report;
}

}  // namespace package

StatusOr<ExportReport> ExportRecording(Runtime& runtime, Sink& source,
                                       const std::string& key,
                                       const std::string& path,
                                       const ExportOptions& options) {
  return package::ExportFile(runtime.core(), source, key, path, options);
}

}  // namespace hlsrec
