// What `hlsrec serve` takes.
#include <CLI/CLI.hpp>

#include "tools/hlsrec/serve_command.h"

namespace hlsrec::tools {
namespace {

constexpr const char* kFooter = R"(Examples:
  hlsrec serve /srv/hls
      to this machine only: http://127.0.0.1:8080/recordings.json
  hlsrec serve /srv/hls --bind 0.0.0.0:443 --tls-cert cert.pem --tls-key key.pem \
      --signing-key key --token-file token
      to everybody who has the token, or a URL of hlsrec presign --signing-key
  hlsrec serve /srv/hls 's3://bucket/rec?region=eu-west-1'
      what has moved to a private bucket plays on under its old address
  hlsrec serve /srv/hls --forward-bucket aws:myvideos:us-east-1 \
      --forward-extensions mp4,m3u8,png --forward-prefix /live=/
      as Ant Media's HTTP forwarding does: /live/streams/a.mp4 is in the bucket
  hlsrec serve /srv/hls --accept-uploads /srv/hls --upload-token-file token
      ffmpeg ... -method PUT http://127.0.0.1:8080/hls-upload/cam1/index.m3u8
      (an http or s3 URL as the output: encoders that only PUT record there)

A part of a recording: index.m3u8?start=S&end=E, seconds since 1970.
Exit codes: 0 ended by Ctrl-C, 1 usage, 5 the address or a folder can't be had.)";

void AddAccess(CLI::App& command, ServeCommand& serve) {
  const char* group = "Who may ask";
  command
      .add_option("--bind", serve.server.bind,
                  "Numeric address and port; [::]:8080 is everybody's")
      ->capture_default_str()
      ->type_name("ADDRESS:PORT")
      ->group(group);
  command
      .add_option("--tls-cert", serve.server.tls_certificate_file,
                  "Serve over TLS, with this certificate (PEM)")
      ->type_name("FILE")
      ->group(group);
  command
      .add_option("--tls-key", serve.server.tls_key_file,
                  "Its key, PEM; the certificate's file by default")
      ->type_name("FILE")
      ->group(group);
  command
      .add_option("--token-file", serve.token_file,
                  "Want the bearer token in this file")
      ->type_name("FILE")
      ->group(group);
  command
      .add_option("--signing-key", serve.signing_key_file,
                  "Take URLs that are signed with the key in this file, as "
                  "hlsrec presign prints them")
      ->type_name("FILE")
      ->group(group);
  command
      .add_flag("--open", serve.open,
                "Anybody who reaches the server may read: said of more than "
                "this machine without a warning")
      ->group(group);
  command
      .add_option("--cors", serve.allowed_origin,
                  "Let pages from there play: *, or https://host")
      ->type_name("ORIGIN")
      ->group(group);
}

void AddForwarding(CLI::App& command, ServeCommand& serve) {
  const char* group = "What is not here";
  command
      .add_option("--forward-base-url", serve.forward_base_url,
                  "Redirect to this address of a public bucket (Ant Media's "
                  "httpForwardingBaseURL); as ROOT does")
      ->type_name("URL")
      ->group(group);
  command
      .add_option("--forward-bucket", serve.forward_bucket,
                  "The same by name: aws:BUCKET:REGION, "
                  "digitalocean:BUCKET:REGION, google:BUCKET or "
                  "s3:BUCKET:https://HOST")
      ->type_name("PROVIDER:BUCKET")
      ->group(group);
  command
      .add_option("--forward-extensions", serve.forward_extensions,
                  "Of these files only (Ant Media's httpForwardingExtension), "
                  "as in mp4,m3u8,png; all by default")
      ->type_name("LIST")
      ->group(group);
  command
      .add_option("--forward-proxy", serve.proxied_extensions,
                  "Fetch these files and hand them on; playlists of private "
                  "buckets always are")
      ->type_name("LIST")
      ->group(group);
  command
      .add_option("--forward-prefix", serve.forward_prefixes,
                  "What a path's beginning is in the bucket; may be repeated")
      ->allow_extra_args(false)
      ->type_name("/HERE=/THERE")
      ->group(group);
  command
      .add_option("--forward-status", serve.forward_status,
                  "Of redirects: 302, 307, 308")
      ->capture_default_str()
      ->check(CLI::IsMember({302, 307, 308}))
      ->group(group);
  command
      .add_option("--presign-expires", serve.presign_expires,
                  "How long a redirect into a private bucket is good for; each "
                  "request gets its own")
      ->capture_default_str()
      ->type_name("DURATION")
      ->group(group);
}

void AddLimits(CLI::App& command, ServeCommand& serve) {
  const char* group = "Limits";
  HttpLimits& limits = serve.server.limits;
  command.add_option("--threads", serve.server.threads, "Threads that serve")
      ->capture_default_str()
      ->check(CLI::Range(1, 64))
      ->group(group);
  command
      .add_option("--max-connections", limits.max_connections,
                  "At the same time")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000))
      ->group(group);
  command
      .add_option("--max-connections-per-address",
                  limits.max_connections_per_address,
                  "Of one client; players behind one address share it")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000))
      ->group(group);
  command
      .add_option("--max-header-bytes", limits.max_header_bytes, "Of a request")
      ->capture_default_str()
      ->check(CLI::Range(1024, 1'048'576))
      ->group(group);
  command
      .add_option("--header-timeout", serve.header_timeout,
                  "For a request to come, and between two of a connection")
      ->capture_default_str()
      ->type_name("DURATION")
      ->group(group);
  command
      .add_option("--idle-timeout", serve.idle_timeout,
                  "Without a byte in either direction")
      ->capture_default_str()
      ->type_name("DURATION")
      ->group(group);
}

}  // namespace

void AddServe(CLI::App& app, ServeCommand& serve) {
  CLI::App* command = app.add_subcommand(
      "serve", "Let players have recordings, wherever these are by now");
  command->add_option(
      "ROOT", serve.roots,
      "Folder; several are served as one. And where files have moved to: "
      "s3://bucket/path, private, with parameters as for record, or the "
      "http(s) address of a public bucket");
  AddAccess(*command, serve);
  AddForwarding(*command, serve);
  AddUploads(*command, serve.uploads);
  AddHttpDelivery(*command, serve.http);
  AddS3Delivery(*command, serve.s3);
  AddLimits(*command, serve);
  command->add_flag("--no-page", serve.no_page,
                    "No page at / that lists and plays recordings");
  command->add_flag("--metrics", serve.metrics,
                    "Answer /metrics in Prometheus' form");
  command->add_flag("--json", serve.json, "One JSON object per event");
  command->footer(kFooter);
}

}  // namespace hlsrec::tools
