#include "src/record/stored.h"

#include <memory>
#include <utility>

#include "src/base/answer.h"
#include "src/base/gzip.h"
#include "src/base/status_util.h"
#include "src/deliver/ask.h"

namespace hlsrec::record {
namespace {

constexpr std::uint64_t kMaxPlaylistBytes = std::uint64_t{256} << 20;

}  // namespace

StatusOr<std::optional<std::string>> GetPlaylist(RuntimeCore& core, Sink& sink,
                                                 const std::string& key) {
  StatusOr<std::string> text = deliver::Ask<std::string>(
      core, [&](const std::shared_ptr<Answer<std::string>>& answer) {
        sink.Get(key, kMaxPlaylistBytes, [answer](StatusOr<std::string> found) {
          answer->Set(std::move(found));
        });
      });
  // Not every server that was told of an encoding tells of it.
  if (text.ok() && IsGzip(*text)) text = Gunzip(*text, kMaxPlaylistBytes);
  if (text.ok()) return std::optional<std::string>(std::move(text).value());
  if (text.status().code() == StatusCode::kNotFound) {
    return std::optional<std::string>();
  }
  return text.status().WithContext(sink.Describe());
}

StatusOr<bool> IsThere(RuntimeCore& core, Sink& sink, const std::string& key) {
  const Status status =
      deliver::Ask<std::string>(
          core,
          [&](const std::shared_ptr<Answer<std::string>>& answer) {
            sink.Get(key, 0, [answer](StatusOr<std::string> bytes) {
              answer->Set(std::move(bytes));
            });
          })
          .status();
  if (status.code() == StatusCode::kNotFound) return false;
  // It has more bytes than none.
  if (status.ok() || status.code() == StatusCode::kResourceExhausted) {
    return true;
  }
  return status.WithContext(sink.Describe());
}

StatusOr<std::vector<ObjectInfo>> ListObjects(RuntimeCore& core, Sink& sink,
                                              const std::string& prefix) {
  using Objects = std::vector<ObjectInfo>;
  return deliver::Ask<Objects>(
      core, [&](const std::shared_ptr<Answer<Objects>>& answer) {
        sink.List(prefix, [answer](StatusOr<Objects> objects) {
          answer->Set(std::move(objects));
        });
      });
}

PathFields NameFields(const deliver::OutputPlan& output,
                      const deliver::RenditionPlan& rendition) {
  PathFields fields = deliver::FieldsOf(output, rendition.info);
  fields.sequence = rendition.first_number;
  fields.segment_time = output.fields.time;
  return fields;
}

}  // namespace hlsrec::record
