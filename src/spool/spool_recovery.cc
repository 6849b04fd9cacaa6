#include "src/spool/spool_recovery.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "src/base/answer.h"
#include "src/base/hash.h"
#include "src/base/status_util.h"
#include "src/spool/recording_note.h"
#include "src/spool/sidecar.h"

namespace hlsrec::spool {
namespace {

constexpr int kNameDigits = 24;
constexpr std::size_t kMaxExtension = 8;
constexpr unsigned kMarkMode = 0600;
constexpr std::uint64_t kMaxSidecarBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kReadBlock = std::uint64_t{1} << 20;

// What the journal knows of the directory's files.
struct Known {
  std::set<RecordingId> recordings;
  std::vector<SegmentId> sealed;  // in order
  std::unordered_set<std::string> files;

  [[nodiscard]] bool Sealed(const SegmentId& id) const {
    return std::binary_search(sealed.begin(), sealed.end(), id);
  }
  // The journal forgets from the beginning on.
  [[nodiscard]] bool Forgotten(const SegmentId& id) const {
    SegmentId first = id;
    first.index = 0;
    const auto oldest = std::lower_bound(sealed.begin(), sealed.end(), first);
    if (oldest == sealed.end() || id.index >= oldest->index) return false;
    first.index = oldest->index;
    return *oldest == first;
  }
};

StatusOr<JournaledRecording> Load(RuntimeCore& core, Journal& journal,
                                  RecordingId recording,
                                  Journal::Detail detail) {
  const auto answer = std::make_shared<Answer<JournaledRecording>>();
  journal.Load(recording, detail,
               [answer](StatusOr<JournaledRecording> loaded) {
                 answer->Set(std::move(loaded));
               });
  return answer->Take(core);
}

StatusOr<Known> Ask(RuntimeCore& core, Journal& journal) {
  Known known;
  for (const RecordingSummary& summary : journal.Recordings()) {
    HLSREC_ASSIGN_OR_RETURN(
        const JournaledRecording recording,
        Load(core, journal, summary.recording, Journal::Detail::kFiles));
    known.recordings.insert(summary.recording);
    for (const SegmentSealed& segment : recording.segments) {
      known.sealed.push_back(segment.id);
      if (!segment.file.empty()) known.files.insert(segment.file);
    }
  }
  std::sort(known.sealed.begin(), known.sealed.end());
  return known;
}

struct Whole {
  SidecarChunk chunk;
  std::string sha256;
};

// The last chunk whose bytes are all there, and the right ones.
StatusOr<std::optional<Whole>> LastWholeChunk(
    FileSystem& files, const std::string& path,
    const std::vector<SidecarChunk>& chunks) {
  auto opened = files.Open(path);
  std::optional<Whole> last;
  if (opened.status().code() == StatusCode::kNotFound) return last;
  HLSREC_ASSIGN_OR_RETURN(const std::unique_ptr<ReadableFile> file,
                          std::move(opened));
  Sha256 hash;
  Bytes block;
  std::uint64_t position = 0;
  for (const SidecarChunk& chunk : chunks) {
    if (chunk.end > file->size()) break;
    while (position < chunk.end) {
      block.resize(
          static_cast<std::size_t>(std::min(kReadBlock, chunk.end - position)));
      HLSREC_RETURN_IF_ERROR(
          file->ReadAt(position, std::as_writable_bytes(std::span(block))));
      hash.Add(block);
      position += block.size();
    }
    const std::string sha256 = hash.Hex();
    // Those after it begin with the same bytes.
    if (!sha256.starts_with(chunk.sha256_prefix)) break;
    if (chunk.duration.count() > 0) last = {.chunk = chunk, .sha256 = sha256};
  }
  return last;
}

// The journal has its hash, and it is that of the file's bytes.
bool IsWhole(FileSystem& files, const std::string& path,
             const SegmentSealed& segment) {
  if (segment.sha256.empty()) return false;
  const auto whole = LastWholeChunk(
      files, path,
      {{.end = segment.size_bytes, .duration = std::chrono::microseconds(1)}});
  return whole.ok() && *whole && (*whole)->sha256 == segment.sha256;
}

class Recovery {
 public:
  Recovery(RuntimeCore& core, FileSystem& files, Journal& journal,
           const RecoveryInput& input)
      : core_(core), files_(files), journal_(journal), input_(input) {}

  StatusOr<Recovered> Run() {
    HLSREC_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries,
                            files_.List(input_.directory));
    HLSREC_RETURN_IF_ERROR(OpenLost());
    HLSREC_RETURN_IF_ERROR(Doubt());
    HLSREC_ASSIGN_OR_RETURN(known_, Ask(core_, journal_));
    for (const DirectoryEntry& entry : entries) {
      if (entry.directory) continue;
      std::string_view name = entry.name;
      if (IsMediaName(name)) media_.emplace(name, entry.size_bytes);
      if (!name.ends_with(kSidecarSuffix)) continue;
      name.remove_suffix(kSidecarSuffix.size());
      if (IsMediaName(name)) sidecars_.emplace(name);
    }
    for (const std::string& name : sidecars_) Examine(name);
    HLSREC_RETURN_IF_ERROR(Adopt());
    for (const auto& [name, size] : media_) {
      RemoveIfLeftOver(name, size);
      if (known_.files.contains(name)) recovered_.files.insert(name);
    }
    for (const SegmentSealed& segment : recovered_.adopted) {
      recovered_.files.insert(segment.file);
    }
    return std::move(recovered_);
  }

 private:
  std::string PathOf(std::string_view name) const {
    return fmt::format("{}/{}", input_.directory, name);
  }
  std::string SidecarOf(std::string_view name) const {
    return fmt::format("{}/{}{}", input_.directory, name, kSidecarSuffix);
  }
  std::uint64_t SizeOf(const std::string& name) const {
    const auto found = media_.find(name);
    return found == media_.end() ? 0 : found->second;
  }
  template <typename... Args>
  void Note(fmt::format_string<Args...> format, Args&&... args) {
    recovered_.notes.push_back(
        fmt::format(format, std::forward<Args>(args)...));
  }

  // Recordings that a lost journal, or a lost part of it, knew.
  Status OpenLost() {
    HLSREC_ASSIGN_OR_RETURN(
        const std::vector<RecordingOpened> noted,
        ReadRecordingNotes(files_, input_.directory, recovered_.notes));
    std::map<RecordingId, RecordingSummary> there;
    for (const RecordingSummary& summary : journal_.Recordings()) {
      there.emplace(summary.recording, summary);
    }
    for (const RecordingOpened& opened : noted) {
      const auto known = there.find(opened.recording);
      if (known != there.end()) {
        HLSREC_RETURN_IF_ERROR(Mend(known->second, opened));
        continue;
      }
      HLSREC_RETURN_IF_ERROR(MarkRebuilt(opened.recording));
      HLSREC_RETURN_IF_ERROR(AddNow(opened));
      Note("recording {}: the journal has lost it: goes on from its playlists",
           opened.recording);
    }
    return {};
  }

  // A database that went back may hold pieces of texts; the note is synced.
  Status Mend(const RecordingSummary& known, const RecordingOpened& noted) {
    if (input_.trust == Trust::kAsWritten ||
        (known.identity == noted.identity && known.config == noted.config)) {
      return {};
    }
    HLSREC_RETURN_IF_ERROR(AddNow(noted));
    if (!known.ending) return {};
    return AddNow(RecordingEnding{.recording = noted.recording});
  }

  Status AddNow(JournalEntry entry) {
    const auto answer = std::make_shared<Answer<bool>>();
    journal_.Add(std::move(entry), [answer](Status status) {
      answer->Set(status.ok() ? StatusOr<bool>(true)
                              : StatusOr<bool>(std::move(status)));
    });
    return answer->Take(core_).status();
  }

  Status MarkRebuilt(RecordingId recording) {
    HLSREC_RETURN_IF_ERROR(
        files_.Create(PathOf(RebuiltMarkName(recording)), kMarkMode).status());
    if (input_.durability == Durability::kNone) return {};
    return files_.SyncDirectory(input_.directory);
  }

  // The power failed, and nothing was synced.
  Status Doubt() {
    if (input_.trust == Trust::kAsWritten) return {};
    for (const RecordingSummary& summary : journal_.Recordings()) {
      HLSREC_RETURN_IF_ERROR(MarkRebuilt(summary.recording));
      HLSREC_ASSIGN_OR_RETURN(
          const JournaledRecording recording,
          Load(core_, journal_, summary.recording, Journal::Detail::kAll));
      for (const SegmentSealed& segment : recording.segments) {
        if (segment.gap || !IsMediaName(segment.file)) continue;
        if (IsWhole(files_, PathOf(segment.file), segment)) continue;
        files_.Remove(PathOf(segment.file))
            .Ignore("nobody delivers it: its hash is another");
      }
    }
    return {};
  }

  void RemoveSidecar(const std::string& name) {
    files_.Remove(SidecarOf(name)).Ignore("the next run sees it again");
  }
  // The sidecar last: without it the media would count as a leftover, which it
  // is, but unseen.
  void RemoveBoth(const std::string& name, std::string_view why) {
    Note("{}: removed with {} bytes: {}", name, SizeOf(name), why);
    recovered_.bytes_discarded += SizeOf(name);
    files_.Remove(PathOf(name)).Ignore("the next run sees it again");
    RemoveSidecar(name);
    media_.erase(name);
  }

  void Examine(const std::string& name) {
    if (known_.files.contains(name)) {
      if (!media_.contains(name)) RemoveSidecar(name);
      return;
    }
    const StatusOr<std::string> text =
        files_.ReadFile(SidecarOf(name), kMaxSidecarBytes);
    if (!text.ok())
      return Note("{}: left alone: {}", name, text.status().message());
    StatusOr<Sidecar> sidecar = ParseSidecar(*text);
    if (!sidecar.ok()) return RemoveBoth(name, sidecar.status().message());
    const auto whole = LastWholeChunk(files_, PathOf(name), sidecar->chunks);
    if (!whole.ok())
      return Note("{}: left alone: {}", name, whole.status().message());
    if (!*whole) return RemoveBoth(name, "no chunk of it is whole");
    if (input_.trust == Trust::kMayHaveGoneBack &&
        (*whole)->chunk.sha256_prefix.empty()) {
      return RemoveBoth(name, "the power failed, and it was not synced");
    }
    const SegmentId& id = sidecar->start.id;
    if (!known_.recordings.contains(id.recording)) {
      if (journal_.HasForgotten(id.recording)) {
        return RemoveBoth(name, "its recording was forgotten");
      }
      return Note("{}: left alone: recording {} is not in the journal", name,
                  id.recording);
    }
    if (known_.Forgotten(id)) return RemoveBoth(name, "it was forgotten");
    if (known_.Sealed(id) || !adopted_.insert(id).second) {
      return RemoveBoth(name, "its segment is there already");
    }
    if (SizeOf(name) > (*whole)->chunk.end) {
      // What an output took by link is whole, and may be listed.
      const auto links = files_.Links(PathOf(name));
      if (!links.ok()) {
        return Note("{}: left alone: {}", name, links.status().message());
      }
      if (*links > 1) {
        adopted_.erase(id);
        return RemoveBoth(name, "an output has more of it");
      }
    }
    const Status cut = files_.Truncate(PathOf(name), (*whole)->chunk.end);
    if (!cut.ok()) return Note("{}: left alone: {}", name, cut.message());
    recovered_.bytes_discarded += SizeOf(name) - (*whole)->chunk.end;
    recovered_.adopted.push_back(
        {.id = id,
         .duration = (*whole)->chunk.duration,
         .start = sidecar->start.start,
         .discontinuity = sidecar->start.discontinuity,
         .init_hash = std::move(sidecar->start.init_hash),
         .file = name,
         .size_bytes = (*whole)->chunk.end,
         .sha256 = (*whole)->sha256});
  }

  Status Adopt() {
    if (recovered_.adopted.empty()) return {};
    std::sort(recovered_.adopted.begin(), recovered_.adopted.end(),
              [](const SegmentSealed& a, const SegmentSealed& b) {
                return a.id < b.id;
              });
    if (input_.durability != Durability::kNone) {
      HLSREC_RETURN_IF_ERROR(files_.SyncDirectory(input_.directory));
    }
    // One wait: the journal writes them together.
    std::vector<std::shared_ptr<Answer<bool>>> answers;
    for (const SegmentSealed& segment : recovered_.adopted) {
      const auto answer =
          answers.emplace_back(std::make_shared<Answer<bool>>());
      journal_.Add(segment, [answer](Status status) {
        answer->Set(status.ok() ? StatusOr<bool>(true)
                                : StatusOr<bool>(std::move(status)));
      });
    }
    for (const auto& answer : answers) {
      HLSREC_RETURN_IF_ERROR(answer->Take(core_).status());
    }
    return {};
  }

  // Of a segment that was delivered, or abandoned.
  void RemoveIfLeftOver(const std::string& name, std::uint64_t size) {
    if (sidecars_.contains(name) || known_.files.contains(name)) return;
    if (input_.journal_file == JournalFile::kMissing) {
      return Note("{}: left alone: the journal is missing", name);
    }
    Note("{}: removed with {} bytes: nobody refers to it", name, size);
    files_.Remove(PathOf(name)).Ignore("the next run sees it again");
  }

  RuntimeCore& core_;
  FileSystem& files_;
  Journal& journal_;
  const RecoveryInput& input_;
  std::set<SegmentId> adopted_;
  Known known_;
  std::map<std::string, std::uint64_t> media_;  // sizes
  std::set<std::string> sidecars_;              // the media's names
  Recovered recovered_;
};

}  // namespace

std::string MakeMediaName(std::string_view extension) {
  return fmt::format("{}.{}", RandomHex(kNameDigits), extension);
}

bool IsMediaName(std::string_view name) {
  if (name.size() < kNameDigits + 2 || name[kNameDigits] != '.') return false;
  const std::string_view extension = name.substr(kNameDigits + 1);
  const auto is_hex = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  };
  const auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
  };
  return std::all_of(name.begin(), name.begin() + kNameDigits, is_hex) &&
         extension.size() <= kMaxExtension &&
         std::all_of(extension.begin(), extension.end(), is_plain);
}

StatusOr<Recovered> Recover(RuntimeCore& core, FileSystem& files,
                            Journal& journal, const RecoveryInput& input) {
  return Recovery(core, files, journal, input).Run();
}

}  // namespace hlsrec::spool
