#include "src/av/track_table.h"

#include <algorithm>
#include <string>

#include "hlsrec/ffmpeg.h"
#include "src/base/status_util.h"

namespace hlsrec::av {
namespace {

// libavformat asks for what it does not change.
AVProgram* NextProgram(const AVFormatContext& input, AVProgram* last,
                       int stream) {
  return av_find_program_from_stream(const_cast<AVFormatContext*>(&input), last,
                                     stream);
}

}  // namespace

void TrackTable::Choose(AVFormatContext& input) {
  selection_ = SelectStreams(input, all_programs_);
  DiscardUnwanted(input, selection_);
  DecideNew(input);
  for (unsigned i = 0; i < input.nb_streams; ++i) {
    const AVStream& stream = *input.streams[i];
    if (streams_[i].use == Use::kSilent && HasParameters(stream)) {
      Take(input, stream);
    }
  }
  changed_ = false;
  List(input);
}

TrackTable::Stream& TrackTable::Find(const AVFormatContext& input,
                                     const AVStream& stream) {
  const auto index = static_cast<std::size_t>(stream.index);
  if (index >= streams_.size()) {
    DecideNew(input);
    ListSkipped(input);
  } else if (streams_[index].use == Use::kUndecided) {
    Decide(input, stream);
    if (streams_[index].use != Use::kUndecided) ListSkipped(input);
  }
  return streams_[index];
}

void TrackTable::Join(const AVFormatContext& input, const AVStream& stream) {
  DecideNew(input);
  Take(input, stream);
  streams_[static_cast<std::size_t>(stream.index)].late = true;
  // The others that take a lost track's place come along, so that there is one
  // change of tracks and not one for each.
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    const AVStream& other = *input.streams[i];
    if (streams_[i].use == Use::kSilent &&
        FindGone(input, CodecMediaType(CodecFromAv(other.codecpar->codec_id)))
            .has_value()) {
      Take(input, other);
      streams_[i].late = true;
    }
  }
  List(input);
}

void TrackTable::DecideNew(const AVFormatContext& input) {
  for (unsigned i = static_cast<unsigned>(streams_.size());
       i < input.nb_streams; ++i) {
    streams_.emplace_back();
    Decide(input, *input.streams[i]);
  }
}

void TrackTable::Decide(const AVFormatContext& input, const AVStream& stream) {
  Stream& state = streams_[static_cast<std::size_t>(stream.index)];
  const bool unknown = stream.codecpar->codec_type == AVMEDIA_TYPE_UNKNOWN ||
                       stream.codecpar->codec_id == AV_CODEC_ID_NONE;
  if (!IsWanted(input, stream.index)) {
    state.use = Use::kDropped;
  } else if (unknown) {
    state.use = Use::kUndecided;
  } else {
    state.use = WhyUnusable(stream).empty() ? Use::kSilent : Use::kDropped;
  }
}

void TrackTable::Take(const AVFormatContext& input, const AVStream& stream) {
  Track track = MakeTrack(input, stream);
  Stream& state = streams_[static_cast<std::size_t>(stream.index)];
  // Where an encoder started again under other PIDs, its new track is the old
  // one to everybody after us.
  const auto gone = FindGone(input, CodecMediaType(track.codec));
  state.use = Use::kTaken;
  changed_ = true;
  if (gone.has_value()) {
    streams_[*gone].use = Use::kReplaced;
    state.track = streams_[*gone].track;
    track.id = tracks_[state.track].id;
    tracks_[state.track] = std::move(track);
    return;
  }
  state.track = tracks_.size();
  tracks_.push_back(std::move(track));
}

bool TrackTable::IsWanted(const AVFormatContext& input, int index) const {
  if (all_programs_ || selection_.wanted.count(index) != 0) return true;
  // Streams that came later: by their program, if they have one.
  AVProgram* program = NextProgram(input, nullptr, index);
  if (program == nullptr) return selection_.programs.empty();
  for (; program != nullptr; program = NextProgram(input, program, index)) {
    for (const unsigned chosen : selection_.programs) {
      if (input.programs[chosen] == program) return true;
    }
  }
  return false;
}

bool TrackTable::LeftItsProgram(const AVFormatContext& input, int index) const {
  return !selection_.programs.empty() &&
         NextProgram(input, nullptr, index) == nullptr;
}

std::optional<std::size_t> TrackTable::FindGone(const AVFormatContext& input,
                                                MediaType type) const {
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    if (streams_[i].use == Use::kTaken &&
        CodecMediaType(tracks_[streams_[i].track].codec) == type &&
        LeftItsProgram(input, static_cast<int>(i))) {
      return i;
    }
  }
  return std::nullopt;
}

void TrackTable::List(const AVFormatContext& input) {
  programs_.clear();
  for (const unsigned index : selection_.programs) {
    const AVProgram& program = *input.programs[index];
    SourceProgram listed = {.name = ProgramName(input, index)};
    for (unsigned i = 0; i < program.nb_stream_indexes; ++i) {
      const unsigned stream = program.stream_index[i];
      if (stream < streams_.size() && streams_[stream].use == Use::kTaken) {
        listed.tracks.push_back(tracks_[streams_[stream].track].id);
      }
    }
    if (listed.tracks.empty()) continue;
    const auto same_name = [&listed](const SourceProgram& other) {
      return other.name == listed.name;
    };
    if (std::any_of(programs_.begin(), programs_.end(), same_name)) {
      listed.name += fmt::format("_{}", index);
    }
    programs_.push_back(std::move(listed));
  }
  ListSkipped(input);
}

void TrackTable::ListSkipped(const AVFormatContext& input) {
  skipped_.clear();
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    const AVStream& stream = *input.streams[i];
    std::string reason = WhyUnusable(stream);
    switch (streams_[i].use) {
      case Use::kTaken:
        continue;
      case Use::kReplaced:
        reason = "left its program";
        break;
      case Use::kSilent:
        reason = "silent so far";
        break;
      case Use::kUndecided:
      case Use::kDropped:
        if (reason.empty()) reason = "in another program";
        break;
    }
    skipped_.push_back({.index = stream.index,
                        .codec = avcodec_get_name(stream.codecpar->codec_id),
                        .reason = std::move(reason)});
  }
}

}  // namespace hlsrec::av
