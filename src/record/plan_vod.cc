#include "src/record/plan_vod.h"

#include <utility>

#include "src/base/status_util.h"
#include "src/record/existing.h"
#include "src/spool/spool.h"

namespace hlsrec::record {

using deliver::OutputPlan;
using deliver::RenditionInfo;

Status PlanVod(RuntimeCore& core, const OutputOptions& wanted,
               const std::vector<std::string>& user_fields,
               const std::string& field, OutputPlan& output) {
  const auto parse = [&](std::string_view name, const std::string& text,
                         std::optional<PathTemplate>& path) -> Status {
    if (text.empty()) return {};
    StatusOr<PathTemplate> parsed = PathTemplate::Parse(text, user_fields);
    if (!parsed.ok()) {
      return parsed.status().WithContext(fmt::format("{}.{}", field, name));
    }
    const Status has_disk = core.spool().ScratchPath("").status();
    if (!has_disk.ok()) {
      return FailedPrecondition(
          "{}.{}: {}: is made of what the spool keeps until the end: use a "
          "spool directory",
          field, name, text);
    }
    path = std::move(parsed).value();
    return {};
  };
  HLSREC_RETURN_IF_ERROR(
      parse("archive_path", wanted.archive_path, output.archive));
  return parse("movie_path", wanted.movie_path, output.movie);
}

std::optional<StatusOr<std::string>> ArchiveKey(const OutputPlan& output) {
  if (!output.archive) return std::nullopt;
  PathFields fields = output.fields;
  fields.extension = "zip";
  return output.archive->Expand(fields);
}

std::optional<StatusOr<std::string>> MovieKey(const OutputPlan& output,
                                              const RenditionInfo& info) {
  if (!output.movie) return std::nullopt;
  PathFields fields = deliver::FieldsOf(output, info);
  fields.extension = "mp4";
  return output.movie->Expand(fields);
}

std::vector<std::size_t> MovieRenditions(
    const std::vector<RenditionInfo>& infos) {
  std::vector<std::size_t> with_pictures;
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < infos.size(); ++i) {
    all.push_back(i);
    if (infos[i].has_video) with_pictures.push_back(i);
  }
  return with_pictures.empty() ? all : with_pictures;
}

std::vector<StatusOr<std::string>> VodKeys(const OutputPlan& output) {
  std::vector<StatusOr<std::string>> keys;
  if (auto archive = ArchiveKey(output)) keys.push_back(*std::move(archive));
  std::vector<RenditionInfo> infos;
  for (const auto& rendition : output.renditions) {
    infos.push_back(rendition.info);
  }
  for (const std::size_t i : MovieRenditions(infos)) {
    if (auto movie = MovieKey(output, infos[i])) {
      keys.push_back(*std::move(movie));
    }
  }
  return keys;
}

Status CheckVodIsNew(RuntimeCore& core, const OutputPlan& output) {
  for (const StatusOr<std::string>& key : VodKeys(output)) {
    HLSREC_RETURN_IF_ERROR(key.status());
    if (!IsTaken(core, *output.sink, *key)) continue;
    return AlreadyExists(
        "output {}: {}: is there already: add {{session}}, {{epoch_ms}} or "
        "another field to its path",
        output.id, *key);
  }
  return {};
}

}  // namespace hlsrec::record
