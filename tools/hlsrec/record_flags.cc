// The flags of `record` and `relay`.
#include <CLI/CLI.hpp>

#include "tools/hlsrec/record_command.h"
#include "tools/hlsrec/relay_command.h"
#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

constexpr const char* kRecordFooter = R"(Examples:
  hlsrec record rtmp://host/live/cam1 recordings
      into recordings/cam1/<session>/index.m3u8
  hlsrec record --listen rtmp://0.0.0.0:1935/live/cam1 cam1/index.m3u8
      wait for OBS or ffmpeg to publish; exactly this playlist
  hlsrec record srt://host:9000 /srv/hls --playlist event \
      --playlist live.m3u8=live:6
      the full list, and a live window of six segments beside it
  ffmpeg ... -f mpegts - | hlsrec record - out/index.m3u8 --format mpegts
  hlsrec record udp://239.0.0.1:5000 /srv/hls --layout antmedia --append
      continue numbering where the last recording ended
  hlsrec record srt://host:9000 https://origin/live/cam1/ \
      --bearer-file token --playlist live:6
      to a web server by PUT; what it can't take yet waits in .hlsrec-spool

  hlsrec record srt://host:9000 's3://bucket/cam1.m3u8' --takeover \
      --segment-name 'cam1-{run}-{seq:06}.{ext}'
      on two machines: the second one goes on where the first one died

Exit codes: 0 complete, 1 usage, 2 source failed, 3 recorded with gaps,
4 not everything was stored, 5 storage refused from the start,
6 another machine records there, or has taken over.)";

constexpr const char* kRelayFooter = R"(Examples:
  hlsrec relay srt://0.0.0.0:9000 --listen @youtube-url
      from an encoder to an RTMP server; the file holds rtmp://host/app/key
  hlsrec relay rtmp://host/live/cam1 https://origin/live/cam1/
      as HLS, the last six segments; expired ones are deleted there
  hlsrec relay udp://239.0.0.1:5000 srt://a:9000 srt://b:9000
      to two receivers; each is connected to again when it breaks off

A receiver that is away or too slow costs neither the others nor the source
anything: what it can't take is dropped, whole groups of pictures at a time.

Exit codes: as for record; 3 where a receiver did not get all.)";

void AddInput(CLI::App& app, RecordCommand& record) {
  app.add_option("INPUT", record.input,
                 "URL or file, - for standard input: rtmp, srt, udp, rtp "
                 "(.sdp), rtsp, http(s), HLS, or anything libavformat opens")
      ->required();
  const char* group = "Input";
  app.add_flag("--listen", record.listen,
               "Wait for a publisher to connect (rtmp, srt, http, tcp)")
      ->group(group);
  app.add_flag("--realtime,--re", record.realtime,
               "Read a file at the speed of its timestamps")
      ->group(group);
  app.add_flag("--all-variants", record.all_variants,
               "Take every variant of an HLS input, every program of a TS")
      ->group(group);
  app.add_option("--format", record.format,
                 "Container of the input (mpegts, flv); found out by default")
      ->group(group);
  app.add_option("--timeout", record.timeout,
                 "Give the source up after this long without a packet; 0: "
                 "never")
      ->capture_default_str()
      ->type_name("DURATION")
      ->group(group);
  app.add_option("--connect-timeout", record.connect_timeout,
                 "Time to connect, or to wait for a publisher; 0: for ever")
      ->capture_default_str()
      ->type_name("DURATION")
      ->group(group);
  app.add_option("--reconnect-window", record.reconnect_window,
                 "Open a lost source again for this long; the recording goes "
                 "on with a discontinuity")
      ->capture_default_str()
      ->type_name("DURATION")
      ->group(group);
  app.add_flag("--gaps", record.declare_gaps,
               "Stand EXT-X-GAP segments in for the time the source was away")
      ->group(group);
  app.add_option("--input-option", record.input_options,
                 "libavformat option, name=value; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE")
      ->group(group);
}

void AddRecording(CLI::App& app, RecordCommand& record) {
  const char* group = "Recording";
  app.add_option("--stream", record.stream,
                 "Name of the recording, {stream}; from INPUT by default")
      ->group(group);
  app.add_option("--session", record.session,
                 "Name of this run, {session}; time and a random part by "
                 "default")
      ->group(group);
  app.add_option("--field", record.fields,
                 "Value for a field of your own in names, name=value; may be "
                 "repeated")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE")
      ->group(group);
  app.add_option("--identity", record.identity,
                 "What is recorded, for names and manifests: room_id, "
                 "session_id, peer_id, stream_id, track_id, layer_index, "
                 "start_date, epoch_ms, prefix or location, name=value; may be "
                 "repeated")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE")
      ->group(group);
  app.add_option("--duration", record.duration, "Stop after this much media")
      ->type_name("DURATION")
      ->group(group);
  app.add_option("--stop-after-segments", record.stop_after_segments,
                 "Stop after this many segments")
      ->group(group);
  app.add_option("--max-bytes", record.max_bytes,
                 "Stop with the segment that makes it this much, as 500M or 2G")
      ->type_name("BYTES")
      ->group(group);
}

void AddSegments(CLI::App& app, RecordCommand& record) {
  const char* group = "Segments";
  app.add_option("--segment-time", record.segment_time,
                 "Target duration: cut at the first keyframe after it")
      ->capture_default_str()
      ->type_name("DURATION")
      ->group(group);
  app.add_option("--max-gop", record.max_gop,
                 "Longest keyframe distance to allow for; EXT-X-TARGETDURATION "
                 "is target plus this. Default: the target duration")
      ->type_name("DURATION")
      ->group(group);
  app.add_option("--missing-keyframe", record.missing_keyframe,
                 "A segment that can't start at a keyframe: cut (publish it), "
                 "gap or fail; the latter two promise "
                 "EXT-X-INDEPENDENT-SEGMENTS")
      ->capture_default_str()
      ->check(CLI::IsMember({"cut", "gap", "fail"}))
      ->group(group);
  app.add_option("--container", record.container,
                 "auto, ts or fmp4; auto takes fmp4 where a codec needs it")
      ->capture_default_str()
      ->group(group);
}

void AddPlaylists(CLI::App& app, RecordCommand& record) {
  const char* group = "Playlists";
  app.add_option("--playlist", record.playlists,
                 "[NAME.m3u8=]event, vod, live[:SEGMENTS|:DURATION] or "
                 "rotating[:PERIOD]; may be repeated. Default: event")
      ->allow_extra_args(false)
      ->type_name("[NAME=]POLICY")
      ->group(group);
  app.add_flag("--keep-expired", record.keep_expired,
               "Keep segments that no playlist lists any more")
      ->group(group);
  app.add_option("--delete-on-end", record.delete_on_end,
                 "Delete the recording this long after its end; hlsrec stays "
                 "until then")
      ->type_name("DURATION")
      ->group(group);
  app.add_flag("--no-date-time", record.no_date_time,
               "Leave EXT-X-PROGRAM-DATE-TIME out")
      ->group(group);
  app.add_flag("--append", record.append,
               "Continue the playlist that is there, also one of ffmpeg's")
      ->group(group);
  app.add_flag("--takeover", record.takeover,
               "The same, and take a recording over from another machine that "
               "has died; refused while it lives. Wants {run} in "
               "--segment-name, and names that are the same on each machine")
      ->group(group);
  app.add_option("--lease", record.lease,
                 "Of --takeover: a machine that gave no sign of life for so "
                 "long has died")
      ->capture_default_str()
      ->type_name("DURATION")
      ->group(group);
}

void AddNames(CLI::App& app, RecordCommand& record) {
  const char* group = "Names";
  app.add_option("--layout", record.layout,
                 "Names below a folder: default, antmedia, antmedia-datetime, "
                 "100ms, 100ms-beam, 100ms-sfu-composite, "
                 "100ms-sfu-individual, 100ms-multi-resolution, 100ms-vod")
      ->capture_default_str()
      ->group(group);
  app.add_option("--segment-name", record.segment_name,
                 "Template of segment paths, as in {stream}/{seq:06}.{ext}")
      ->type_name("TEMPLATE")
      ->group(group);
  app.add_option("--playlist-name", record.playlist_name,
                 "Template of playlist paths")
      ->type_name("TEMPLATE")
      ->group(group);
  app.add_option("--init-name", record.init_name,
                 "Template of init section paths; needs {hash}")
      ->type_name("TEMPLATE")
      ->group(group);
  app.add_option("--multivariant-name", record.multivariant_name,
                 "Template of the multivariant playlist's path")
      ->type_name("TEMPLATE")
      ->group(group);
  app.add_flag("--manifest", record.manifest,
               "Write recording.json beside the playlists: the recording's "
               "state while it lasts, and at its end all that is stored, with "
               "sizes and hashes, for `hlsrec verify`")
      ->group(group);
  app.add_option("--manifest-name", record.manifest_name,
                 "Template of the manifest's path; implies --manifest")
      ->type_name("TEMPLATE")
      ->group(group);
  app.add_flag("--zip", record.zip,
               "At the end, a ZIP archive of all that was recorded, whose "
               "folder plays; keeps every segment in the spool until then")
      ->group(group);
  app.add_option("--zip-name", record.zip_name,
                 "Template of the archive's path; implies --zip")
      ->type_name("TEMPLATE")
      ->group(group);
  app.add_flag("--mp4", record.mp4,
               "At the end, an MP4 file of each rendition; keeps every segment "
               "in the spool until then")
      ->group(group);
  app.add_option("--mp4-name", record.mp4_name,
                 "Template of its path, as in {stream}{_rendition}.mp4; "
                 "implies --mp4")
      ->type_name("TEMPLATE")
      ->group(group);
  app.add_option("--start-number", record.start_number,
                 "Number of the first segment; the layout's by default")
      ->type_name("NUMBER")
      ->group(group);
}

void AddStorage(CLI::App& app, RecordCommand& record) {
  const char* group = "Storage";
  app.add_option("--spool", record.spool,
                 "Folder for segments that are not stored yet; beside the "
                 "first output by default")
      ->type_name("FOLDER")
      ->group(group);
  app.add_option("--spool-max", record.spool_max,
                 "Most that may wait there, as in 20G; the disk by default")
      ->type_name("SIZE")
      ->group(group);
  app.add_option("--spool-max-age", record.spool_max_age,
                 "How long a segment may wait there for an output, such as 2h")
      ->type_name("TIME")
      ->group(group);
  app.add_option("--spool-full", record.spool_full,
                 "When the disk or --spool-max is full: stop, wait for room, "
                 "or drop-oldest: undelivered segments become gaps")
      ->capture_default_str()
      ->check(CLI::IsMember({"stop", "wait", "drop-oldest"}))
      ->group(group);
  app.add_option("--durability", record.durability,
                 "What a power failure may cost: segment: the open one; "
                 "second: a second of it; none: what the kernel had not "
                 "written. kill -9 costs a second at most with each")
      ->capture_default_str()
      ->check(CLI::IsMember({"none", "segment", "second"}))
      ->group(group);
  app.add_flag("--no-sync", record.no_sync,
               "--durability none, for the outputs too: faster")
      ->group(group);
  app.add_option("--finish-timeout", record.finish_timeout,
                 "Time to store what is left at the end")
      ->capture_default_str()
      ->type_name("DURATION")
      ->group(group);
}

void AddDelivery(CLI::App& app, RecordCommand& record) {
  const char* group = "Storage";
  app.add_option("--late-segments", record.late_segments,
                 "A segment that can't be stored while later ones can: gap: "
                 "playlists go on with EXT-X-GAP, it is tried on; wait for it; "
                 "auto: gap where a playlist is live")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "wait", "gap"}))
      ->group(group);
  app.add_option("--segment-deadline", record.segment_deadline,
                 "How long it may take; the segment time by default")
      ->type_name("DURATION")
      ->group(group);
  AddDeliveryModes(app, record.modes);
  AddWebhooks(app, record.webhooks);
  AddHttpDelivery(app, record.http);
  AddS3Delivery(app, record.s3);
  AddS3Objects(app, record.s3);
}

void AddReporting(CLI::App& app, RecordCommand& record) {
  const char* group = "Reporting";
  app.add_flag("--json", record.json,
               "One JSON object per event, and a summary")
      ->group(group);
  app.add_flag("-q,--quiet", record.quiet, "Errors only")->group(group);
  app.add_flag("-v,--verbose", record.verbose,
               "Every event, and libav's own log")
      ->group(group);
}

}  // namespace

void AddRecord(CLI::App& app, RecordCommand& record) {
  CLI::App* command =
      app.add_subcommand("record", "Record a live stream or file as HLS");
  AddInput(*command, record);
  command->add_option(
      "OUTPUT", record.outputs,
      "Folder (the layout names what is below), or path/name.m3u8: exactly "
      "that playlist, segments beside it; either may be an http(s) URL, which "
      "is PUT to, or an s3://bucket/path URL, with the parameters endpoint, "
      "region, style, conflict, acl, class and rewrite_ms where they are "
      "needed. rtmp://, srt://, udp://: a receiver of the stream itself, "
      "see relay. Several are written side by side");
  AddRecording(*command, record);
  AddSegments(*command, record);
  AddPlaylists(*command, record);
  AddNames(*command, record);
  AddChat(*command, record.chat);
  AddStorage(*command, record);
  AddDelivery(*command, record);
  AddReporting(*command, record);
  command->footer(kRecordFooter);
}

void AddRelay(CLI::App& app, RecordCommand& relay) {
  CLI::App* command = app.add_subcommand(
      "relay", "Send a live stream on, and keep nothing of it here");
  AddInput(*command, relay);
  command->add_option(
      "URL", relay.outputs,
      "rtmp(s)://, srt://, udp://: a receiver of streams; "
      "http(s)://, s3://: a live window of HLS. @FILE: the URL is in the "
      "file's first line, where no list of processes shows its "
      "key. Several are sent to side by side");
  AddRecording(*command, relay);
  AddSegments(*command, relay);
  AddPlaylists(*command, relay);
  AddNames(*command, relay);
  AddStorage(*command, relay);
  AddDelivery(*command, relay);
  AddReporting(*command, relay);
  command->footer(kRelayFooter);
}

}  // namespace hlsrec::tools
