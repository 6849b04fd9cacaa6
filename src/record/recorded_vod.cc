#include "src/record/recorded_vod.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "src/base/status_util.h"
#include "src/deliver/bandwidth.h"
#include "src/deliver/multivariant_lines.h"
#include "src/playlist/media_list.h"
#include "src/playlist/render.h"

namespace hlsrec::record {
namespace {

using deliver::KeptSegment;
using deliver::OutputPlan;
using deliver::PlaylistPlan;
using deliver::RenditionInfo;

// No key of an output is like it.
constexpr std::string_view kNoName = ".presentation.m3u8";

// The one that holds most: others may be windows.
const PlaylistPlan& MainList(const deliver::RenditionPlan& rendition) {
  const auto keeps_all = [](const PlaylistPlan& each) {
    const PlaylistPolicy& policy = *each.list_options.policy;
    return policy.type() != PlaylistType::kLive && !policy.rotates();
  };
  const auto found = std::find_if(rendition.playlists.begin(),
                                  rendition.playlists.end(), keeps_all);
  return found == rendition.playlists.end() ? rendition.playlists.front()
                                            : *found;
}

class Maker {
 public:
  Maker(const OutputPlan& plan, const std::vector<RenditionInfo>& infos,
        const deliver::KeptSegments& kept)
      : plan_(plan), infos_(infos), kept_(kept) {}

  StatusOr<RecordedVod> Make() {
    vod_.renditions.resize(kept_.size());
    for (std::size_t r = 0; r < kept_.size(); ++r) {
      if (HasMedia(r)) HLSREC_RETURN_IF_ERROR(NameList(r));
    }
    HLSREC_RETURN_IF_ERROR(NamePresentation());
    FindFolder();
    for (std::size_t r = 0; r < kept_.size(); ++r) {
      if (!keys_[r].empty()) AddRendition(r);
    }
    AddPresentation();
    return std::move(vod_);
  }

 private:
  [[nodiscard]] bool HasMedia(std::size_t r) const {
    return std::any_of(
        kept_[r].begin(), kept_[r].end(),
        [](const KeptSegment& each) { return each.body != nullptr; });
  }

  Status NameList(std::size_t r) {
    const deliver::RenditionPlan& rendition = plan_.renditions[r];
    PathFields fields = deliver::FieldsOf(plan_, infos_[r]);
    fields.extension = "m3u8";
    fields.sequence = rendition.first_number + kept_[r].front().index;
    fields.segment_time = kept_[r].front().start;
    HLSREC_ASSIGN_OR_RETURN(keys_[r], MainList(rendition).path.Expand(fields));
    return {};
  }

  Status NamePresentation() {
    if (!plan_.multivariant) return {};
    PathFields fields = plan_.fields;
    fields.extension = "m3u8";
    HLSREC_ASSIGN_OR_RETURN(presentation_, plan_.multivariant->Expand(fields));
    return {};
  }

  void FindFolder() {
    std::optional<std::string> folder;
    const auto shrink = [&](const std::string& key) {
      if (key.empty()) return;
      if (!folder) folder = key;
      const auto differs =
          std::mismatch(folder->begin(), folder->end(), key.begin(), key.end());
      const auto same =
          static_cast<std::size_t>(differs.first - folder->begin());
      const std::size_t slash =
          same == 0 ? std::string::npos : folder->rfind('/', same - 1);
      folder->resize(slash == std::string::npos ? 0 : slash + 1);
    };
    shrink(presentation_);
    for (std::size_t r = 0; r < kept_.size(); ++r) {
      if (keys_[r].empty()) continue;
      shrink(keys_[r]);
      for (const KeptSegment& segment : kept_[r]) {
        shrink(segment.key);
        shrink(segment.init_key);
      }
    }
    folder_ = folder ? folder->size() : 0;
  }

  // Empty for what has no key: a gap whose name could not be made.
  [[nodiscard]] std::string NameOf(const std::string& key) const {
    return key.size() < folder_ ? std::string() : key.substr(folder_);
  }

  void AddRendition(std::size_t r) {
    const std::string name = NameOf(keys_[r]);
    const deliver::RenditionPlan& rendition = plan_.renditions[r];
    playlist::MediaListOptions options = MainList(rendition).list_options;
    options.policy = VodList();
    playlist::MediaList list(options);
    deliver::BandwidthMeter& bandwidth = bandwidths_[r];
    bandwidth =
        deliver::BandwidthMeter(std::chrono::seconds(options.target_duration));
    for (const KeptSegment& segment : kept_[r]) {
      playlist::MediaListEntry entry{
          .sequence = rendition.first_sequence + segment.index,
          .duration = segment.duration,
          .start = segment.start,
          .discontinuity = segment.discontinuity,
          .gap = segment.body == nullptr,
          .uri = playlist::RelativeUri(name, NameOf(segment.key))};
      // What is not there must not be named as if it were.
      if (segment.init != nullptr && !segment.init_key.empty()) {
        const std::string init = NameOf(segment.init_key);
        entry.map_uri = playlist::RelativeUri(name, init);
        vod_.media.emplace(init, segment.init);
      }
      list.Append(entry);
      if (segment.body == nullptr) continue;
      vod_.media.emplace(NameOf(segment.key), segment.body);
      bandwidth.Add(segment.body->size(), segment.duration);
    }
    std::string text;
    for (const auto& part : list.Render(true)) text += *part;
    vod_.playlists.emplace(name, MakeStringBody(std::move(text)));
    vod_.renditions[r].playlist = name;
  }

  void AddPresentation() {
    vod_.presentation =
        presentation_.empty() ? std::string(kNoName) : NameOf(presentation_);
    std::vector<deliver::ListedRendition> listed;
    bool pictures = false;
    bool sound_alone = false;
    for (std::size_t r = 0; r < kept_.size(); ++r) {
      RecordedVod::Rendition& rendition = vod_.renditions[r];
      if (rendition.playlist.empty()) continue;
      rendition.variant =
          playlist::RelativeUri(vod_.presentation, rendition.playlist);
      (infos_[r].has_video ? pictures : sound_alone) = true;
      listed.push_back({.info = infos_[r],
                        .uri = rendition.variant,
                        .peak = bandwidths_[r].peak(),
                        .average = bandwidths_[r].average()});
    }
    if (listed.empty()) return;
    vod_.has_audio_group = pictures && sound_alone;
    vod_.presentation_text =
        MakeStringBody(playlist::RenderMultivariant(ListRenditions(
            listed, {.fmp4 = plan_.fmp4,
                     .independent_segments = plan_.independent_segments})));
    if (presentation_.empty()) return;
    vod_.playlists.emplace(vod_.presentation, vod_.presentation_text);
  }

  const OutputPlan& plan_;
  const std::vector<RenditionInfo>& infos_;
  const deliver::KeptSegments& kept_;
  std::vector<std::string> keys_ = std::vector<std::string>(kept_.size());
  std::vector<deliver::BandwidthMeter> bandwidths_ =
      std::vector<deliver::BandwidthMeter>(kept_.size());
  std::string presentation_;
  std::size_t folder_ = 0;  // its length, with the last `/`
  RecordedVod vod_;
};

class VodSource final : public Sink {
 public:
  explicit VodSource(const RecordedVod& vod) : objects_(vod.playlists) {
    objects_.insert(vod.media.begin(), vod.media.end());
    objects_.emplace(vod.presentation, vod.presentation_text);
  }
  void Put(PutRequest request, Done done) override {
    done(Unimplemented("put: {}: a recording's end is read only", request.key));
  }
  void Get(std::string key, std::uint64_t max_bytes, GetDone done) override {
    const auto found = objects_.find(key);
    if (found == objects_.end() || found->second == nullptr) {
      return done(NotFound("{}: is not in the spool", key));
    }
    StatusOr<std::string> bytes = ReadBody(*found->second, max_bytes);
    // To who asks "not found" would be a gap.
    if (bytes.status().code() == StatusCode::kNotFound) {
      bytes = DataLoss("spool: {}: its file is gone", key);
    }
    done(std::move(bytes));
  }
  void Remove(std::string key, Done done) override {
    done(Unimplemented("remove: {}: a recording's end is read only", key));
  }
  void List(std::string prefix, ListDone done) override {
    done(Unimplemented("list: {}: nobody asks", prefix));
  }
  std::string Describe() const override { return "spool:"; }

 private:
  RecordedVod::Objects objects_;
};

}  // namespace

StatusOr<RecordedVod> MakeRecordedVod(const OutputPlan& plan,
                                      const std::vector<RenditionInfo>& infos,
                                      const deliver::KeptSegments& kept) {
  return Maker(plan, infos, kept).Make();
}

std::unique_ptr<Sink> MakeVodSource(const RecordedVod& vod) {
  return std::make_unique<VodSource>(vod);
}

}  // namespace hlsrec::record
