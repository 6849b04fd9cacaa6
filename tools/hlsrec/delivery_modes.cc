#include "tools/hlsrec/delivery_modes.h"

#include <CLI/CLI.hpp>

#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
void AddDeliveryModes(CLI::App& app, DeliveryModes& modes) {
  const char* group = "Storage";
  app.add_option("--rewrite-interval", modes.rewrite_interval,
                 "Least time between two writes of one playlist, for stores "
                 "that limit them; what the storage's type needs by default")
      ->type_name("DURATION")
      ->group(group);
}

Status ApplyDeliveryModes(const DeliveryModes& modes,
                          RecordingOptions& options) {
  if (!modes.rewrite_interval.empty()) {
    const auto interval = ParseDuration(modes.rewrite_interval);
    if (!interval.ok()) {
      return interval.status().WithContext("--rewrite-interval");
    }
    for (OutputOptions& output : options.outputs) {
      output.rewrite_interval = *interval;
    }
  }
  return {};
}

}  // namespace hlsrec::tools
