#include "tools/hlsrec/record_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "hlsrec/http_sink.h"
#include "hlsrec/path_template.h"
#include "tools/hlsrec/output_names.h"
#include "tools/hlsrec/relay_command.h"
#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

StatusOr<std::chrono::milliseconds> Duration(std::string_view flag,
                                             const std::string& text) {
  StatusOr<std::chrono::milliseconds> parsed = ParseDuration(text);
  if (!parsed.ok()) return BadFlag(flag, parsed.status().message());
  return parsed;
}

StatusOr<std::pair<std::string, std::string>> NameAndValue(
    std::string_view flag, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return BadFlag(flag, fmt::format("`{}`: want name=value", text));
  }
  return std::make_pair(text.substr(0, equals), text.substr(equals + 1));
}

StatusOr<std::shared_ptr<Sink>> OpenSink(
    const RecordCommand& command, const std::shared_ptr<Runtime>& runtime,
    const std::string& output, const std::string& root) {
  if (IsWebUrl(output)) {
    const auto options = MakeHttpSinkOptions(command.http, root);
    if (!options.ok()) return options.status();
    return OpenHttpSink(runtime, *options);
  }
  if (IsS3Url(output)) {
    auto sink = OpenS3Output(runtime, command.s3, command.http, root);
    if (!sink.ok()) return sink.status();
    return std::shared_ptr<Sink>(*std::move(sink));
  }
  if (output.find("://") != std::string::npos) {
    return BadFlag("OUTPUT",
                   fmt::format("{}: want a local folder, a .m3u8 file, or an "
                               "http(s) or s3 URL of either",
                               RedactUrl(output)));
  }
  return OpenFileSink(
      runtime, {.root = root,
                .sync = command.no_sync ? FileSync::kNone : FileSync::kObject});
}

IfPlaylistExists IfExistsOf(const RecordCommand& command) {
  if (command.takeover) return IfPlaylistExists::kTakeOver;
  return command.append ? IfPlaylistExists::kAppend : IfPlaylistExists::kFail;
}

StatusOr<Container> ParseContainer(const std::string& text) {
  if (text == "auto") return Container::kAuto;
  if (text == "ts" || text == "mpegts") return Container::kMpegTs;
  if (text == "fmp4" || text == "mp4") return Container::kFmp4;
  return BadFlag("--container",
                 fmt::format("`{}`: there are auto, ts, fmp4", text));
}

}  // namespace

std::string StreamName(const RecordCommand& command) {
  if (!command.stream.empty()) return command.stream;
  std::string text = RedactUrl(command.input);
  text = text.substr(0, text.find('?'));
  const bool url = text.find("://") != std::string::npos;
  while (!text.empty() && text.back() == '/') text.pop_back();
  const std::size_t slash = text.find_last_of('/');
  std::string name = slash == std::string::npos ? text : text.substr(slash + 1);
  const std::size_t host_end = text.find("://");
  if (url && slash == host_end + 2) {
    // Only a host: its address.
    std::replace(name.begin(), name.end(), ':', '-');
    std::erase(name, '@');
  } else if (const std::size_t dot = name.find_last_of('.');
             dot != std::string::npos && dot > 0) {
    name = name.substr(0, dot);
  }
  return name.empty() || name == "-" ? "stream" : name;
}

StatusOr<RuntimeOptions> MakeRuntimeOptions(const RecordCommand& command) {
  RuntimeOptions options;
  if (command.no_sync || command.durability == "none") {
    options.durability = Durability::kNone;
  } else if (command.durability == "second") {
    options.durability = Durability::kSecond;
  }
  if (!command.spool_max.empty()) {
    const auto most = ParseBytes(command.spool_max);
    if (!most.ok()) return BadFlag("--spool-max", most.status().message());
    options.spool_max_bytes = *most;
  }
  if (!command.spool_max_age.empty()) {
    const auto most = ParseDuration(command.spool_max_age);
    if (!most.ok()) return BadFlag("--spool-max-age", most.status().message());
    options.spool_max_age = *most;
  }
  return options;
}

StatusOr<UrlSourceOptions> MakeSourceOptions(const RecordCommand& command) {
  UrlSourceOptions options{.url = command.input,
                           .listen = command.listen,
                           .pacing = command.realtime
                                         ? Pacing::kRealTime
                                         : Pacing::kAsFastAsPossible,
                           .all_programs = command.all_variants,
                           .format = command.format};
  const auto timeout = Duration("--timeout", command.timeout);
  if (!timeout.ok()) return timeout.status();
  options.timeout = *timeout;
  const auto connect = Duration("--connect-timeout", command.connect_timeout);
  if (!connect.ok()) return connect.status();
  options.connect_timeout = *connect;
  for (const std::string& text : command.input_options) {
    auto pair = NameAndValue("--input-option", text);
    if (!pair.ok()) return pair.status();
    options.av_options.insert(std::move(pair).value());
  }
  return options;
}

// None: as many as come.
static StatusOr<std::optional<std::uint64_t>> MaxBytes(
    const RecordCommand& command) {
  if (command.max_bytes.empty()) return std::optional<std::uint64_t>();
  const auto most = ParseBytes(command.max_bytes);
  if (!most.ok()) return BadFlag("--max-bytes", most.status().message());
  return std::optional(*most);
}

StatusOr<PumpOptions> MakePumpOptions(const RecordCommand& command) {
  PumpOptions options;
  if (!command.duration.empty()) {
    const auto duration = Duration("--duration", command.duration);
    if (!duration.ok()) return duration.status();
    options.duration = *duration;
  }
  if (command.stop_after_segments > 0) {
    options.segments = command.stop_after_segments;
  }
  const auto bytes = MaxBytes(command);
  if (!bytes.ok()) return bytes.status();
  options.bytes = *bytes;
  const auto window = Duration("--reconnect-window", command.reconnect_window);
  if (!window.ok()) return window.status();
  options.reconnect_window = *window;
  options.declare_gaps = command.declare_gaps;
  const bool file = IsFileUrl(command.input);
  const bool http = command.input.starts_with("http");
  options.end_is_loss = !file && !http;
  if (!file) options.max_push_wait = std::chrono::milliseconds(500);
  return options;
}

StatusOr<RecordingOptions> MakeRecordingOptions(
    const RecordCommand& command, const std::shared_ptr<Runtime>& runtime) {
  RecordingOptions options{.stream = StreamName(command),
                           .session = command.session};
  // A file can wait: what it is read ahead of the disk is only memory.
  if (IsFileUrl(command.input)) {
    options.max_pending_bytes = std::uint64_t{4} << 20;
  }
  for (const std::string& text : command.fields) {
    auto pair = NameAndValue("--field", text);
    if (!pair.ok()) return pair.status();
    options.fields.insert(std::move(pair).value());
  }
  for (const std::string& text : command.identity) {
    auto pair = NameAndValue("--identity", text);
    if (!pair.ok()) return pair.status();
    const Status set =
        SetIdentityField(options.identity, pair->first, pair->second);
    if (!set.ok()) return BadFlag("--identity", set.message());
  }
  const auto target = Duration("--segment-time", command.segment_time);
  if (!target.ok()) return target.status();
  options.segment.target_duration = *target;
  if (command.stop_after_segments > 0) {
    options.max_segments = command.stop_after_segments;
  }
  const auto bytes = MaxBytes(command);
  if (!bytes.ok()) return bytes.status();
  options.max_bytes = *bytes;
  if (command.declare_gaps) options.pause = Pause::kGaps;
  if (command.spool_full == "wait") {
    options.spool_full = WhenSpoolFull::kWait;
  } else if (command.spool_full == "drop-oldest") {
    options.spool_full = WhenSpoolFull::kDropOldest;
  }
  if (!command.max_gop.empty()) {
    const auto gop = Duration("--max-gop", command.max_gop);
    if (!gop.ok()) return gop.status();
    options.segment.max_gop = *gop;
  }
  if (command.missing_keyframe == "gap") {
    options.segment.missing_keyframe = MissingKeyframe::kGap;
  } else if (command.missing_keyframe == "fail") {
    options.segment.missing_keyframe = MissingKeyframe::kFail;
  }
  const auto finish = Duration("--finish-timeout", command.finish_timeout);
  if (!finish.ok()) return finish.status();
  options.finish_timeout = *finish;
  if (command.late_segments == "wait") {
    options.late_segments = LateSegments::kWait;
  } else if (command.late_segments == "gap") {
    options.late_segments = LateSegments::kGap;
  }
  if (!command.segment_deadline.empty()) {
    const auto deadline =
        Duration("--segment-deadline", command.segment_deadline);
    if (!deadline.ok()) return deadline.status();
    options.segment_deadline = *deadline;
  }
  const auto container = ParseContainer(command.container);
  if (!container.ok()) return container.status();
  options.relays = MakeRelayOptions(command);
  for (const std::string& output : command.outputs) {
    auto names = NamesFor(command, output);
    if (!names.ok()) return names.status();
    auto playlists = MakePlaylists(command, names->layout.playlist);
    if (!playlists.ok()) return playlists.status();
    auto sink = OpenSink(command, runtime, output, names->root);
    if (!sink.ok()) return sink.status();
    OutputOptions wanted{.id = output,
                         .sink = std::move(sink).value(),
                         .container = *container,
                         .segment_path = names->layout.segment,
                         .init_path = names->layout.init,
                         .playlists = std::move(playlists).value(),
                         .first_sequence = names->layout.first_sequence,
                         .if_exists = IfExistsOf(command),
                         .expired_segments = command.keep_expired
                                                 ? ExpiredSegments::kKeep
                                                 : ExpiredSegments::kDelete};
    const auto lease = Duration("--lease", command.lease);
    if (!lease.ok()) return lease.status();
    wanted.lease = *lease;
    if (command.manifest || !command.manifest_name.empty()) {
      wanted.manifest_path = names->layout.manifest;
    }
    if (command.zip || !command.zip_name.empty()) {
      wanted.archive_path = names->layout.archive;
    }
    if (command.mp4 || !command.mp4_name.empty()) {
      wanted.movie_path = names->layout.movie;
    }
    wanted.chat = MakeChatOptions(command.chat, names->layout.chat);
    // Known only when the tracks are: see RunRecord().
    wanted.multivariant_path = names->layout.multivariant;
    if (!command.delete_on_end.empty()) {
      const auto grace = Duration("--delete-on-end", command.delete_on_end);
      if (!grace.ok()) return grace.status();
      wanted.delete_after_end = std::chrono::ceil<std::chrono::seconds>(*grace);
    }
    options.outputs.push_back(std::move(wanted));
  }
  if (Status status = ApplyDeliveryModes(command.modes, options);
      !status.ok()) {
    return status;
  }
  auto notifiers =
      MakeNotifiers(runtime, command.webhooks, command.http, command.s3);
  if (!notifiers.ok()) return notifiers.status();
  options.notifiers = std::move(notifiers).value();
  return options;
}

bool NamesItselfAnew(const RecordCommand& command) {
  const bool has_epoch = std::any_of(
      command.identity.begin(), command.identity.end(),
      [](const std::string& text) { return text.starts_with("epoch_ms="); });
  return std::all_of(command.outputs.begin(), command.outputs.end(),
                     [&](const std::string& output) {
                       const auto names = NamesFor(command, output);
                       if (!names.ok()) return false;
                       const std::string& path = names->layout.playlist;
                       const auto uses = [&path](std::string_view field) {
                         return path.find(field) != std::string::npos;
                       };
                       return uses("{time") || (uses("{epoch") && !has_epoch) ||
                              uses("{run") ||
                              (uses("{session") && command.session.empty());
                     });
}

StatusOr<std::shared_ptr<Sink>> OpenOutput(
    const RecordCommand& command, const std::shared_ptr<Runtime>& runtime,
    const std::string& output) {
  return OpenSink(command, runtime, output, RootOf(output));
}

std::string SpoolsOf(const RecordCommand& command) {
  for (const std::string& output : command.outputs) {
    if (output.find("://") != std::string::npos) continue;
    const std::string root = RootOf(output);
    return root + "/.hlsrec-spool";
  }
  return ".hlsrec-spool";
}

std::string DescribeOutput(const std::string& output, const std::string& key) {
  const std::string root = SplitParameters(RootOf(output)).path;
  return root + (root.ends_with('/') ? "" : "/") + key;
}

}  // namespace hlsrec::tools
