#include "src/package/presentation.h"

#include <algorithm>
#include <utility>

#include "src/base/status_util.h"

namespace hlsrec::package {
namespace {

using playlist::Rendition;
using playlist::Variant;

std::string SizeOf(const Variant& variant) {
  return fmt::format("{}x{}", variant.width, variant.height);
}

bool IsMeant(const Variant& variant, const std::string& wanted) {
  return wanted == variant.uri || wanted == SizeOf(variant) ||
         wanted == fmt::format("{}", variant.height);
}

StatusOr<const Variant*> ChooseVariant(
    const playlist::MultivariantPlaylist& list, const std::string& location,
    const std::string& wanted) {
  const Variant* best = nullptr;
  std::string names;
  for (const Variant& variant : list.variants) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", variant.uri);
    if (variant.height > 0) names += fmt::format(" ({})", SizeOf(variant));
    if (!wanted.empty() && !IsMeant(variant, wanted)) continue;
    if (best == nullptr || variant.bandwidth > best->bandwidth) best = &variant;
  }
  if (best != nullptr) return best;
  if (list.variants.empty()) {
    return DataLoss("{}: lists neither segments nor variants", Shown(location));
  }
  return InvalidArgument("variant: {}: {} has {}", wanted, Shown(location),
                         names);
}

StatusOr<std::vector<const Rendition*>> ChooseAudio(
    const playlist::MultivariantPlaylist& list, const std::string& group,
    const std::string& wanted) {
  std::vector<const Rendition*> all;
  for (const Rendition& rendition : list.renditions) {
    if (rendition.type == "AUDIO" && rendition.group_id == group) {
      all.push_back(&rendition);
    }
  }
  if (group.empty() || all.empty() || wanted == "none") {
    return std::vector<const Rendition*>();
  }
  std::vector<const Rendition*> chosen;
  std::string names;
  for (const Rendition* each : all) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", each->name);
    const bool meant = wanted.empty()
                           ? each->is_default
                           : wanted == "all" || wanted == each->name ||
                                 wanted == each->language;
    if (meant && (chosen.empty() || wanted == "all")) chosen.push_back(each);
  }
  if (wanted.empty() && chosen.empty()) chosen.push_back(all.front());
  if (chosen.empty()) {
    return InvalidArgument("audio: {}: there are {}", wanted, names);
  }
  // Without a URI it is in the variant's own segments.
  std::erase_if(chosen, [](const Rendition* r) { return r->uri.empty(); });
  return chosen;
}

StatusOr<MediaList> ReadMedia(Store& store, std::string location,
                              std::string language) {
  HLSREC_ASSIGN_OR_RETURN(playlist::ParsedPlaylist parsed,
                          store.ReadPlaylist(location));
  if (parsed.kind != playlist::PlaylistKind::kMedia) {
    return DataLoss("{}: is no media playlist", Shown(location));
  }
  return MediaList{.location = std::move(location),
                   .language = std::move(language),
                   .list = std::move(parsed.media)};
}

}  // namespace

std::string Shown(const std::string& location) {
  return location.substr(0, location.find('?'));
}

StatusOr<std::vector<MediaList>> ReadPresentation(Store& store,
                                                  const std::string& location,
                                                  const Choice& choice) {
  HLSREC_ASSIGN_OR_RETURN(playlist::ParsedPlaylist parsed,
                          store.ReadPlaylist(location));
  std::vector<MediaList> lists;
  if (parsed.kind == playlist::PlaylistKind::kMedia) {
    if (!choice.variant.empty() || !choice.audio.empty()) {
      return InvalidArgument(
          "{}: {}: is a media playlist: there is nothing to choose from",
          choice.variant.empty() ? "audio" : "variant", Shown(location));
    }
    lists.push_back({.location = location, .list = std::move(parsed.media)});
    return lists;
  }
  HLSREC_ASSIGN_OR_RETURN(
      const Variant* variant,
      ChooseVariant(parsed.multivariant, location, choice.variant));
  HLSREC_ASSIGN_OR_RETURN(
      const std::vector<const Rendition*> audio,
      ChooseAudio(parsed.multivariant, variant->audio, choice.audio));
  HLSREC_ASSIGN_OR_RETURN(std::string main,
                          Store::Locate(location, variant->uri));
  HLSREC_ASSIGN_OR_RETURN(MediaList media,
                          ReadMedia(store, std::move(main), ""));
  lists.push_back(std::move(media));
  for (const Rendition* rendition : audio) {
    HLSREC_ASSIGN_OR_RETURN(std::string where,
                            Store::Locate(location, rendition->uri));
    HLSREC_ASSIGN_OR_RETURN(MediaList sound, ReadMedia(store, std::move(where),
                                                       rendition->language));
    lists.push_back(std::move(sound));
  }
  return lists;
}

}  // namespace hlsrec::package
