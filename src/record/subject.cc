#include "src/record/subject.h"

#include <chrono>

#include "src/base/status_util.h"

namespace hlsrec::record {

Status TakeIdentity(RecordingOptions& options) {
  for (const std::string& name : IdentityFieldNames()) {
    const auto field = options.fields.find(name);
    if (field == options.fields.end()) continue;
    const std::string known = IdentityField(options.identity, name);
    if (!known.empty() && known != field->second) {
      return InvalidArgument("fields.{}: `{}`: identity.{} is `{}`: give one",
                             name, field->second, name, known);
    }
    if (!field->second.empty()) {
      HLSREC_RETURN_IF_ERROR(
          SetIdentityField(options.identity, name, field->second));
    }
    options.fields.erase(field);
  }
  return CheckIdentity(options.identity);
}

RecordingIdentity SubjectOf(const RecordingIdentity& given, WallTime started) {
  RecordingIdentity subject = given;
  if (!subject.epoch_ms) {
    subject.epoch_ms = std::chrono::floor<std::chrono::milliseconds>(started)
                           .time_since_epoch()
                           .count();
  }
  if (subject.start_date.empty()) {
    const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(
        WallTime(std::chrono::milliseconds(*subject.epoch_ms))));
    subject.start_date = fmt::format(
        "{:04}{:02}{:02}", static_cast<int>(day.year()),
        static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  }
  return subject;
}

std::string DifferingField(const RecordingIdentity& recorded,
                           const RecordingIdentity& given) {
  for (const std::string& name : IdentityFieldNames()) {
    const std::string wanted = IdentityField(given, name);
    if (!wanted.empty() && wanted != IdentityField(recorded, name)) return name;
  }
  return {};
}

}  // namespace hlsrec::record
