#include "src/record/existing.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "src/base/answer.h"
#include "src/base/bytes.h"
#include "src/base/hash.h"
#include "src/base/status_util.h"
#include "src/playlist/parse.h"
#include "src/playlist/render.h"
#include "src/record/stored.h"
#include "src/record/takeover.h"

namespace hlsrec::record {
namespace {

// What our template made a name with: {seq} and {run}.
struct NameParts {
  std::uint64_t number = 0;
  std::string run = {};
};

// Of the last name in an imported list; none: our template did not make it.
std::optional<NameParts> LastName(const deliver::OutputPlan& output,
                                  const deliver::RenditionPlan& rendition,
                                  const deliver::PlaylistPlan& plan) {
  const std::vector<std::string>& uris = plan.list.imported_uris();
  if (uris.empty()) return std::nullopt;
  const std::string& last = uris.back();
  PathFields fields = NameFields(output, rendition);
  const std::size_t dot = std::min(last.rfind('.'), last.size());
  fields.extension = last.substr(std::min(dot + 1, last.size()));
  std::vector<std::string> runs = {fields.run};
  if (output.segment.Uses("run")) {
    runs = RunsIn(output, fields, plan.key, last);
  }
  constexpr std::size_t kMostDigits = 18;
  const auto is_digit = [&last](std::size_t at) {
    return last[at] >= '0' && last[at] <= '9';
  };
  // "%09d" right behind digits of a name: as many digits as the template makes.
  for (std::size_t from = 0; from < dot; ++from) {
    for (std::size_t end = from;
         end < dot && is_digit(end) && end - from < kMostDigits; ++end) {
      fields.sequence = std::stoull(last.substr(from, end + 1 - from));
      for (const std::string& run : runs) {
        fields.run = run;
        const StatusOr<std::string> key = output.segment.Expand(fields);
        if (key.ok() && playlist::RelativeUri(plan.key, *key) == last) {
          return NameParts{.number = *fields.sequence, .run = run};
        }
      }
    }
  }
  return std::nullopt;
}

// The number after that in the last name, where our template made that name;
// else the media sequence number goes on.
std::uint64_t NextNumber(const deliver::OutputPlan& output,
                         const deliver::RenditionPlan& rendition,
                         const deliver::PlaylistPlan& plan) {
  const std::optional<NameParts> last = LastName(output, rendition, plan);
  return last ? last->number + 1 : plan.list.next_sequence();
}

// The same of a sink that can't list: names are tried from `number` on, and
// many free ones in a row, more than can be on their way at a time, end it.
StatusOr<std::optional<std::uint64_t>> AfterNumbersFound(
    RuntimeCore& core, const deliver::OutputPlan& output, std::uint64_t number,
    PathFields fields) {
  constexpr std::uint64_t kFreeInARow = 8;
  std::optional<std::uint64_t> next;
  for (std::uint64_t end = number + kFreeInARow; number < end; ++number) {
    fields.sequence = number;
    HLSREC_ASSIGN_OR_RETURN(const std::string key,
                            output.segment.Expand(fields));
    HLSREC_ASSIGN_OR_RETURN(const bool there, IsThere(core, *output.sink, key));
    if (!there) continue;
    next = number + 1;
    end = *next + kFreeInARow;
  }
  return next;
}

// The number after all that stored objects of the segments' names have; none
// where there is none. A segment that was stored but never listed keeps its
// name.
StatusOr<std::optional<std::uint64_t>> AfterStoredNumbers(
    RuntimeCore& core, const deliver::OutputPlan& output,
    const deliver::RenditionPlan& rendition, std::uint64_t from) {
  PathFields fields = NameFields(output, rendition);
  fields.extension = output.fmp4 ? "m4s" : "ts";
  if (output.segment.Uses("run")) {
    // No other run's name is met again; numbers go on behind its last one's.
    for (const deliver::PlaylistPlan& plan : rendition.playlists) {
      const std::optional<NameParts> last = LastName(output, rendition, plan);
      if (!last) continue;
      fields.run = last->run;
      return AfterNumbersFound(core, output, from, fields);
    }
    return std::optional<std::uint64_t>();
  }
  const auto expand = [&](std::uint64_t number) {
    fields.sequence = number;
    return output.segment.Expand(fields);
  };
  // Two names that differ in every digit share what stands before the number.
  HLSREC_ASSIGN_OR_RETURN(const std::string ones, expand(111111111));
  HLSREC_ASSIGN_OR_RETURN(const std::string twos, expand(222222222));
  const std::string prefix(
      ones.begin(),
      std::mismatch(ones.begin(), ones.end(), twos.begin(), twos.end()).first);
  HLSREC_ASSIGN_OR_RETURN(const std::string one, expand(1));
  const std::size_t width =
      9 -
      std::min<std::size_t>(ones.size() - std::min(one.size(), ones.size()), 8);
  // A name with the segment's time in it is never met again.
  if (output.segment.Uses("segment_time"))
    return std::optional<std::uint64_t>();
  const StatusOr<std::vector<ObjectInfo>> objects =
      ListObjects(core, *output.sink, prefix);
  if (objects.status().code() == StatusCode::kUnimplemented) {
    return AfterNumbersFound(core, output, from, fields);
  }
  HLSREC_RETURN_IF_ERROR(objects.status());
  std::optional<std::uint64_t> next;
  for (const ObjectInfo& object : *objects) {
    std::size_t end = prefix.size();
    while (end < object.key.size() && end - prefix.size() < 18 &&
           object.key[end] >= '0' && object.key[end] <= '9') {
      ++end;
    }
    // "cam2000000001.ts" is cam2's first, not the two thousand millionth of
    // cam.
    constexpr std::size_t kWide = 6;
    if (end == prefix.size()) continue;
    if (width >= kWide && end - prefix.size() != width) continue;
    const std::uint64_t number =
        std::stoull(object.key.substr(prefix.size(), end - prefix.size()));
    const StatusOr<std::string> key = expand(number);
    if (!key.ok() || *key != object.key) continue;
    next = std::max(next.value_or(0), number + 1);
  }
  return next;
}

Status KeepStoredSegments(RuntimeCore& core, IfPlaylistExists mode,
                          deliver::OutputPlan& output) {
  for (deliver::RenditionPlan& rendition : output.renditions) {
    HLSREC_ASSIGN_OR_RETURN(
        const std::optional<std::uint64_t> next,
        AfterStoredNumbers(core, output, rendition, rendition.first_number));
    if (!next || *next <= rendition.first_number) continue;
    if (mode == IfPlaylistExists::kFail) {
      return AlreadyExists(
          "{}: segments of another recording have the names of this one: "
          "append to it, or choose another name or session",
          output.sink->Describe());
    }
    rendition.first_number = *next;
  }
  return {};
}

// The multivariant playlist is written anew; another kind of playlist under its
// name is somebody else's.
Status CheckMultivariant(RuntimeCore& core, IfPlaylistExists mode,
                         const deliver::OutputPlan& output) {
  if (!output.multivariant) return {};
  PathFields fields = output.fields;
  fields.extension = "m3u8";
  HLSREC_ASSIGN_OR_RETURN(const std::string key,
                          output.multivariant->Expand(fields));
  HLSREC_ASSIGN_OR_RETURN(const std::optional<std::string> text,
                          GetPlaylist(core, *output.sink, key));
  if (!text) return {};
  if (mode == IfPlaylistExists::kFail) {
    return AlreadyExists(
        "{}: {}: a playlist is there: append to it, or choose another name or "
        "session",
        output.sink->Describe(), key);
  }
  const auto parsed = playlist::ParsePlaylist(*text);
  if (parsed.ok() && parsed->kind == playlist::PlaylistKind::kMultivariant) {
    return {};
  }
  return FailedPrecondition(
      "{}: {}: is a media playlist, but this recording has several renditions: "
      "choose another name or session",
      output.sink->Describe(), key);
}

}  // namespace

StatusOr<std::int64_t> TakeOver(RuntimeCore& core, IfPlaylistExists mode,
                                deliver::OutputPlan& output) {
  std::int64_t limit = std::numeric_limits<std::int64_t>::max();
  bool continued = false;
  for (deliver::RenditionPlan& rendition : output.renditions) {
    for (deliver::PlaylistPlan& plan : rendition.playlists) {
      PathFields fields = NameFields(output, rendition);
      fields.extension = "m3u8";
      HLSREC_ASSIGN_OR_RETURN(const std::string key, plan.path.Expand(fields));
      HLSREC_ASSIGN_OR_RETURN(const std::optional<std::string> text,
                              GetPlaylist(core, *output.sink, key));
      if (!text) continue;
      if (mode == IfPlaylistExists::kFail) {
        return AlreadyExists(
            "{}: {}: a playlist is there: append to it, or choose another "
            "name or session",
            output.sink->Describe(), key);
      }
      StatusOr<playlist::MediaList> list =
          playlist::MediaList::Continue(plan.list_options, *text);
      if (!list.ok()) {
        return list.status().WithContext(
            fmt::format("{}: {}", output.sink->Describe(), key));
      }
      continued = true;
      plan.list = std::move(list).value();
      plan.list_options.target_duration = plan.list.target_duration();
      plan.key = key;
      plan.imported = *text;
      limit = std::min(limit, plan.list.target_duration());
      rendition.first_sequence =
          std::max(rendition.first_sequence, plan.list.next_sequence());
      rendition.first_number =
          std::max(rendition.first_number, NextNumber(output, rendition, plan));
    }
  }
  HLSREC_RETURN_IF_ERROR(CheckMultivariant(core, mode, output));
  if (!continued) {
    HLSREC_RETURN_IF_ERROR(KeepStoredSegments(core, mode, output));
    return limit;
  }
  // One number for all renditions keeps their segments side by side.
  std::uint64_t first = 0;
  for (const auto& rendition : output.renditions) {
    first = std::max(first, rendition.first_sequence);
  }
  if (mode == IfPlaylistExists::kTakeOver) {
    HLSREC_RETURN_IF_ERROR(MakeEven(first, output));
  }
  for (auto& rendition : output.renditions) {
    for (deliver::PlaylistPlan& plan : rendition.playlists) {
      if (!plan.list.empty() && plan.list.next_sequence() != first) {
        return FailedPrecondition(
            "{}: {}: ends at number {}, another playlist of this output at "
            "{}: they can't be continued together",
            output.sink->Describe(), plan.key, plan.list.next_sequence(),
            first);
      }
    }
    rendition.first_sequence = first;
  }
  HLSREC_RETURN_IF_ERROR(KeepStoredSegments(core, mode, output));
  return limit;
}

StatusOr<std::uint64_t> FirstFreeIndex(RuntimeCore& core,
                                       const deliver::OutputPlan& output,
                                       std::uint64_t from) {
  std::uint64_t index = from;
  for (const deliver::RenditionPlan& rendition : output.renditions) {
    HLSREC_ASSIGN_OR_RETURN(const std::optional<std::uint64_t> next,
                            AfterStoredNumbers(core, output, rendition,
                                               rendition.first_number + from));
    if (next && *next > rendition.first_number) {
      index = std::max(index, *next - rendition.first_number);
    }
  }
  return index;
}

std::string FindInitSection(RuntimeCore& core,
                            const deliver::OutputPlan& output,
                            std::size_t rendition, const std::string& hash) {
  PathFields fields = NameFields(output, output.renditions[rendition]);
  fields.hash = hash.substr(0, 12);
  fields.extension = output.fmp4 ? "m4s" : "ts";
  const StatusOr<std::string> key = output.init.Expand(fields);
  if (!key.ok()) return {};
  const auto bytes = GetPlaylist(core, *output.sink, *key);
  if (!bytes.ok() || !*bytes) return {};
  const std::string& text = **bytes;
  const ByteSpan span = AsBytes(text);
  return Sha256Hex(span) == hash ? text : std::string();
}

bool IsTaken(RuntimeCore& core, Sink& sink, const std::string& key) {
  const auto answer = std::make_shared<Answer<std::string>>();
  sink.Get(key, 0, [answer](StatusOr<std::string> got) {
    answer->Set(std::move(got));
  });
  const StatusCode code = answer->Take(core).status().code();
  return code == StatusCode::kOk || code == StatusCode::kResourceExhausted;
}

}  // namespace hlsrec::record
