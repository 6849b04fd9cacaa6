#include "tools/hlsrec/presign_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <future>
#include <string>
#include <utility>

#include "hlsrec/runtime.h"
#include "tools/hlsrec/exit_codes.h"
#include "tools/hlsrec/served_url.h"
#include "tools/hlsrec/text.h"

namespace hlsrec::tools {

void AddPresign(CLI::App& app, PresignCommand& presign) {
  CLI::App* command = app.add_subcommand(
      "presign", "Print a URL by which anybody may read an object of a bucket");
  command
      ->add_option("URL", presign.url,
                   "s3://bucket/path/name, with parameters as for record; with "
                   "--signing-key the http(s) URL of what hlsrec serves")
      ->required();
  command
      ->add_option("--signing-key", presign.signing_key_file,
                   "File with the key of hlsrec serve --signing-key")
      ->type_name("FILE");
  command
      ->add_option("--below", presign.below,
                   "What may be read then: a folder, /cam1/, or one object; by "
                   "default a playlist's folder, or the one file that it is")
      ->type_name("PATH")
      ->needs("--signing-key");
  command
      ->add_option("--expires", presign.expires,
                   "How long it is good for, seven days at most")
      ->capture_default_str()
      ->type_name("DURATION");
  AddS3Access(*command, presign.s3);
  command->footer("Exit codes: 0, 1 usage, 5 there are no credentials.");
}

int RunPresign(const PresignCommand& command) {
  const auto fail = [](int code, const Status& status) {
    fmt::print(stderr, "hlsrec: {}\n", status.message());
    return code;
  };
  const auto expires = ParseDuration(command.expires);
  if (!expires.ok()) {
    return fail(kUsage, expires.status().WithContext("--expires"));
  }
  if (!command.signing_key_file.empty()) {
    const auto url = SignServedUrl(command, *expires);
    if (!url.ok()) return fail(kUsage, url.status());
    fmt::print("{}\n", url->url);
    // What it opens is not always what it names.
    fmt::print(stderr, "hlsrec: presign: {}\n", url->opens);
    return kComplete;
  }
  // The bucket's own sink: the key is all of the path.
  StatusOr<S3SinkOptions> object = ParseS3Url(command.url);
  if (!object.ok()) return fail(kUsage, object.status());
  const std::string key = std::exchange(object->prefix, "");
  auto runtime = Runtime::Create();
  if (!runtime.ok()) return fail(kUsage, runtime.status());
  const auto sink =
      OpenS3Output(*runtime, command.s3, command.http, MakeS3Url(*object));
  if (!sink.ok()) return fail(kUsage, sink.status());
  std::promise<StatusOr<std::string>> promise;
  auto answer = promise.get_future();
  (*sink)->PresignGet(key, std::chrono::floor<std::chrono::seconds>(*expires),
                      [&promise](StatusOr<std::string> url) {
                        promise.set_value(std::move(url));
                      });
  const StatusOr<std::string> url = answer.get();
  if (!url.ok()) {
    return fail(url.status().code() == StatusCode::kInvalidArgument
                    ? kUsage
                    : kStorageRefused,
                url.status());
  }
  fmt::print("{}\n", *url);
  return kComplete;
}

}  // namespace hlsrec::tools
