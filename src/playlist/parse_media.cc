#include "src/playlist/parse_media.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "src/playlist/parse_values.h"

namespace hlsrec::playlist {

struct MediaReader::Entry {
  std::string_view tag;
  void (MediaReader::*read)(std::string_view);
};

const MediaReader::Entry* MediaReader::FindEntry(std::string_view tag) {
  using R = MediaReader;
  static constexpr Entry kEntries[] = {
      {"EXTINF", &R::Extinf},
      {"EXT-X-BYTERANGE", &R::ByteRangeTag},
      {"EXT-X-PROGRAM-DATE-TIME", &R::DateTimeTag},
      {"EXT-X-DISCONTINUITY", &R::Discontinuity},
      {"EXT-X-GAP", &R::Gap},
      {"EXT-X-KEY", &R::Key},
      {"EXT-X-MAP", &R::Map},
      {"EXT-X-BITRATE", &R::Bitrate},
      {"EXT-X-DATERANGE", &R::DateRangeTag},
      {"EXT-X-PART", &R::LowLatency},
      {"EXT-X-TARGETDURATION", &R::TargetDuration},
      {"EXT-X-MEDIA-SEQUENCE", &R::MediaSequence},
      {"EXT-X-DISCONTINUITY-SEQUENCE", &R::DiscontinuitySequence},
      {"EXT-X-PLAYLIST-TYPE", &R::Type},
      {"EXT-X-ENDLIST", &R::EndList},
      {"EXT-X-I-FRAMES-ONLY", &R::IFramesOnly},
      {"EXT-X-ALLOW-CACHE", &R::AllowCache},
      {"EXT-X-SKIP", &R::Skip},
      {"EXT-X-PART-INF", &R::LowLatency},
      {"EXT-X-SERVER-CONTROL", &R::LowLatency},
      {"EXT-X-PRELOAD-HINT", &R::LowLatency},
      {"EXT-X-RENDITION-REPORT", &R::LowLatency},
  };
  const auto* const end = std::end(kEntries);
  const auto* const found = std::find_if(
      kEntries, end, [&](const Entry& entry) { return entry.tag == tag; });
  return found == end ? nullptr : found;
}

bool MediaReader::Knows(std::string_view tag) {
  return FindEntry(tag) != nullptr;
}

void MediaReader::Tag(std::string_view tag, std::string_view value) {
  const Entry* entry = FindEntry(tag);
  if (entry == nullptr) return;
  tag_ = entry->tag;
  (this->*entry->read)(value);
}

void MediaReader::OtherTag(std::string_view tag, std::string_view value) {
  std::vector<playlist::OtherTag>& tags =
      out_.segments.empty() && !next_has_tags_ ? out_.other_tags
                                               : next_.other_tags;
  tags.push_back({.name = std::string(tag),
                  .value = std::string(value),
                  .line = context_.line()});
}

void MediaReader::TargetDuration(std::string_view value) {
  const auto seconds = ParseDecimalInteger(value);
  constexpr std::uint64_t kMaxSeconds = 1'000'000'000;
  if (!seconds || *seconds == 0 || *seconds > kMaxSeconds) {
    context_.Error("R9", fmt::format("TARGETDURATION '{}' is not an integer "
                                     "of seconds above 0",
                                     value.substr(0, 40)));
  }
  context_.SetOnce(out_.target_duration,
                   std::min(seconds.value_or(0), kMaxSeconds), "R5", tag_);
}

void MediaReader::MediaSequence(std::string_view value) {
  const auto sequence = ParseDecimalInteger(value);
  if (!sequence) {
    context_.Error("R19", fmt::format("MEDIA-SEQUENCE '{}' is not an integer",
                                      value.substr(0, 40)));
  }
  if (!out_.segments.empty()) {
    context_.Error("R19", "MEDIA-SEQUENCE after the first segment");
  }
  context_.SetOnce(out_.media_sequence, sequence.value_or(0), "R5", tag_);
}

void MediaReader::DiscontinuitySequence(std::string_view value) {
  const auto sequence = ParseDecimalInteger(value);
  if (!sequence) {
    context_.Error("R23",
                   fmt::format("DISCONTINUITY-SEQUENCE '{}' is not an integer",
                               value.substr(0, 40)));
  }
  if (!out_.segments.empty() || discontinuities_ > 0) {
    context_.Error("R23",
                   "DISCONTINUITY-SEQUENCE after the first segment or after "
                   "a DISCONTINUITY");
  }
  context_.SetOnce(out_.discontinuity_sequence, sequence.value_or(0), "R5",
                   tag_);
}

void MediaReader::Type(std::string_view value) {
  ListType type = ListType::kNone;
  if (value == "EVENT") type = ListType::kEvent;
  if (value == "VOD") type = ListType::kVod;
  if (type == ListType::kNone) {
    context_.Error("R7", fmt::format("PLAYLIST-TYPE '{}' is not EVENT or VOD",
                                     value.substr(0, 40)));
  }
  context_.SetOnce(out_.type, type, "R5", tag_);
}

void MediaReader::EndList(std::string_view) {
  context_.SetOnce(out_.end_list, true, "R5", tag_);
}

void MediaReader::IFramesOnly(std::string_view) {
  context_.Need(4, tag_);
  context_.SetOnce(out_.i_frames_only, true, "R5", tag_);
}

void MediaReader::Extinf(std::string_view value) {
  if (next_.duration_line != 0) {
    context_.Error("R13", "EXTINF without a URI before the next one");
  }
  next_has_tags_ = true;
  next_.duration_line = context_.line();
  const std::size_t comma = value.find(',');
  if (comma == std::string_view::npos) {
    context_.Error("R13", "EXTINF without a comma after the duration");
  } else {
    next_.title = value.substr(comma + 1);
  }
  next_.duration.text = value.substr(0, comma);
  const auto seconds = ParseDecimalSeconds(next_.duration.text);
  if (!seconds) {
    context_.Error("R13", fmt::format("EXTINF duration '{}' is not a number",
                                      next_.duration.text.substr(0, 40)));
  }
  next_.duration.value = seconds.value_or(std::chrono::microseconds(0));
  if (next_.duration.text.find('.') != std::string::npos) {
    context_.Need(3, "a decimal EXTINF");
  }
}

void MediaReader::ByteRangeTag(std::string_view value) {
  context_.Need(4, tag_);
  next_has_tags_ = true;
  next_.byte_range = ParseByteRange(value);
  if (!next_.byte_range) {
    context_.Error("R43", fmt::format("BYTERANGE '{}' is not n or n@o",
                                      value.substr(0, 40)));
  }
}

void MediaReader::Discontinuity(std::string_view) {
  if (next_.discontinuity) {
    context_.Warning("R26", "DISCONTINUITY twice before one segment");
  }
  next_has_tags_ = true;
  next_.discontinuity = true;
  ++discontinuities_;
}

void MediaReader::Gap(std::string_view) {
  next_has_tags_ = true;
  next_.gap = true;
}

void MediaReader::DateTimeTag(std::string_view value) {
  next_has_tags_ = true;
  next_.date_time = ParseDateTime(value);
  if (!next_.date_time) {
    context_.Error("R38", fmt::format("PROGRAM-DATE-TIME '{}' is not an "
                                      "ISO 8601 date and time",
                                      value.substr(0, 60)));
  } else if (!next_.date_time->zone) {
    context_.Warning("R38", "PROGRAM-DATE-TIME without a time zone");
  } else if (!next_.date_time->has_fraction) {
    context_.Warning("R38", "PROGRAM-DATE-TIME without milliseconds");
  }
}

void MediaReader::Map(std::string_view value) {
  const AttributeList attributes = context_.Attributes(tag_, value);
  next_has_tags_ = true;
  MapTag map{.uri = std::string(attributes.Get("URI")),
             .keys = keys_,
             .line = context_.line()};
  if (map.uri.empty()) context_.Error("R45", "EXT-X-MAP without URI");
  if (const Attribute* range = attributes.Find("BYTERANGE")) {
    map.byte_range = ParseByteRange(range->value);
    if (!map.byte_range || !map.byte_range->offset_written) {
      context_.Error("R45", "BYTERANGE of EXT-X-MAP is not written as n@o");
    }
  }
  context_.Need(out_.i_frames_only.present() ? 5 : 6, tag_);
  map_ = static_cast<std::uint32_t>(out_.maps.size());
  out_.maps.push_back(std::move(map));
}

void MediaReader::Key(std::string_view value) {
  next_has_tags_ = true;
  KeyTag key = ReadKey(context_, tag_, value);
  if (key.method == "NONE") {
    keys_.clear();
  } else {
    const auto format = [](const KeyTag& tag) {
      return tag.key_format.empty() ? std::string_view("identity")
                                    : std::string_view(tag.key_format);
    };
    std::erase_if(keys_, [&](std::uint32_t index) {
      return format(out_.keys[index]) == format(key);
    });
    // Each segment keeps its own list: a text must not make it grow at will.
    constexpr std::size_t kMaxFormats = 16;
    if (keys_.size() < kMaxFormats) {
      keys_.push_back(static_cast<std::uint32_t>(out_.keys.size()));
    }
  }
  out_.keys.push_back(std::move(key));
}

void MediaReader::Bitrate(std::string_view value) {
  bitrate_kbps_ = ParseDecimalInteger(value);
  if (!bitrate_kbps_) {
    context_.Error("R111", fmt::format("BITRATE '{}' is not an integer",
                                       value.substr(0, 40)));
  }
}

void MediaReader::DateRangeTag(std::string_view value) {
  DateRange range{.attributes = context_.Attributes(tag_, value),
                  .line = context_.line()};
  range.id = range.attributes.Get("ID");
  out_.date_ranges.push_back(std::move(range));
}

void MediaReader::Skip(std::string_view value) {
  context_.Need(9, tag_);
  const AttributeList attributes = context_.Attributes(tag_, value);
  if (attributes.Find("RECENTLY-REMOVED-DATERANGES") != nullptr) {
    context_.Need(10, "RECENTLY-REMOVED-DATERANGES");
  }
  skipped_ =
      ParseDecimalInteger(attributes.Get("SKIPPED-SEGMENTS")).value_or(0);
}

void MediaReader::AllowCache(std::string_view) {
  context_.Warning("R8", "EXT-X-ALLOW-CACHE was removed in version 7");
}

void MediaReader::LowLatency(std::string_view value) {
  (void)context_.Attributes(tag_, value);
  out_.other_tags.push_back({.name = std::string(tag_),
                             .value = std::string(value),
                             .line = context_.line()});
}

void MediaReader::ResolveByteRange() {
  ByteRange& range = *next_.byte_range;
  if (!range.offset_written) {
    const Segment* last =
        out_.segments.empty() ? nullptr : &out_.segments.back();
    if (last == nullptr || !last->byte_range || last->uri != next_.uri) {
      context_.Error("R43",
                     "BYTERANGE without an offset does not follow a range of "
                     "the same resource");
    } else {
      range.offset = last->byte_range->offset + last->byte_range->length;
    }
  }
  if (range.length > std::numeric_limits<std::uint64_t>::max() - range.offset) {
    context_.Error("R43", "BYTERANGE ends past the largest integer");
    next_.byte_range.reset();
  }
}

void MediaReader::Uri(std::string_view uri) {
  next_.uri = uri.find("{$") == std::string_view::npos
                  ? std::string(uri)
                  : context_.Substitute(uri);
  next_.line = context_.line();
  if (next_.duration_line == 0) {
    context_.Error("R13", "a URI without EXTINF before it");
  }
  if (next_.byte_range) ResolveByteRange();
  // Numbers count from zero here; End() adds where the list begins.
  next_.sequence = out_.segments.size();
  next_.discontinuity_sequence = discontinuities_;
  next_.bitrate_kbps = bitrate_kbps_;
  next_.map = map_;
  next_.keys = keys_;
  out_.segments.push_back(std::move(next_));
  next_ = Segment();
  next_has_tags_ = false;
}

void MediaReader::End() {
  if (next_.duration_line != 0) {
    context_.Error("R13", "EXTINF without a URI after it");
  }
  for (playlist::OtherTag& tag : next_.other_tags) {
    out_.other_tags.push_back(std::move(tag));
  }
  for (Segment& segment : out_.segments) {
    segment.sequence += out_.media_sequence.value + skipped_;
    segment.discontinuity_sequence += out_.discontinuity_sequence.value;
  }
}

}  // namespace hlsrec::playlist
