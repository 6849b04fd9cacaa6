#include "tools/hlsrec/http_delivery.h"
#include "tools/hlsrec/text.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <sstream>
#include <utility>

namespace hlsrec::tools {
namespace {

std::string Trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// The message does not quote what may be a secret.
Status AddHeader(const std::string& line, HttpSinkOptions& options) {
  const std::size_t colon = line.find(':');
  if (colon == std::string::npos || colon == 0) {
    return BadFlag("--header", "want `Name: value`, or @FILE with such lines");
  }
  options.headers.emplace_back(Trimmed(line.substr(0, colon)),
                               Trimmed(line.substr(colon + 1)));
  return {};
}

Status AddHeaders(const HttpDelivery& http, HttpSinkOptions& options) {
  for (const std::string& text : http.headers) {
    if (!text.starts_with('@')) {
      if (Status status = AddHeader(text, options); !status.ok()) return status;
      continue;
    }
    std::ifstream file(text.substr(1));
    if (!file) {
      return BadFlag("--header",
                     fmt::format("{}: can't be read", text.substr(1)));
    }
    for (std::string line; std::getline(file, line);) {
      if (Trimmed(line).empty()) continue;
      if (Status status = AddHeader(line, options); !status.ok()) return status;
    }
  }
  return {};
}

void AddAccess(CLI::App& app, HttpDelivery& http, const char* group) {
  app.add_option("--header", http.headers,
                 "Header of every request; @FILE for a file of them, so that "
                 "nobody reads secrets from the list of processes; may be "
                 "repeated")
      ->allow_extra_args(false)
      ->type_name("NAME: VALUE")
      ->group(group);
  app.add_option("--auth-file", http.auth_file,
                 "File with user:password (basic authorization), read again "
                 "for each request")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--bearer-file", http.bearer_file,
                 "File with a bearer token, read again for each request")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--ca-file", http.ca_file,
                 "Trust the authorities in this PEM file instead of the "
                 "system's")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--client-cert", http.client_certificate,
                 "Certificate to show, PEM")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--client-key", http.client_key,
                 "Its key, PEM; the certificate's file by default")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--proxy", http.proxy,
                 "http://, https:// or socks5h:// proxy; none by default, the "
                 "environment's are not used")
      ->type_name("URL")
      ->group(group);
}

}  // namespace

void AddHttpAccess(CLI::App& app, HttpDelivery& http) {
  AddAccess(app, http, "Web servers");
}

void AddHttpDelivery(CLI::App& app, HttpDelivery& http) {
  const char* group = "Web servers as outputs";
  AddAccess(app, http, group);
  app.add_option("--http-method", http.method, "How objects are put: put, post")
      ->capture_default_str()
      ->check(CLI::IsMember({"put", "post"}))
      ->group(group);
  app.add_option("--http-conflict", http.conflict,
                 "Before a segment is put: look (HEAD) whether its name is "
                 "taken, say if-none-match, or replace what is there")
      ->capture_default_str()
      ->check(CLI::IsMember({"look", "if-none-match", "replace"}))
      ->group(group);
  app.add_option("--cache-control", http.cache_control,
                 "Cache-Control of segments=, live= or ended= playlists, here "
                 "and in buckets; nothing behind the `=`: none is sent; may be "
                 "repeated")
      ->allow_extra_args(false)
      ->type_name("KIND=VALUE")
      ->group(group);
}

bool IsWebUrl(std::string_view output) {
  return output.starts_with("http://") || output.starts_with("https://");
}

StatusOr<HttpSinkOptions> MakeHttpSinkOptions(const HttpDelivery& http,
                                              const std::string& base_url) {
  HttpSinkOptions options{.base_url = base_url,
                          .ca_file = http.ca_file,
                          .client_certificate_file = http.client_certificate,
                          .client_key_file = http.client_key,
                          .proxy = http.proxy};
  if (Status status = AddHeaders(http, options); !status.ok()) return status;
  if (Status status = SetCacheControl(http, options.cache_control);
      !status.ok()) {
    return status;
  }
  if (!http.auth_file.empty() && !http.bearer_file.empty()) {
    return BadFlag("--auth-file", "--bearer-file is given, too: choose one");
  }
  if (!http.auth_file.empty()) {
    options.authorization = BasicAuthFile(http.auth_file);
  } else if (!http.bearer_file.empty()) {
    options.authorization = BearerTokenFile(http.bearer_file);
  }
  // What is wrong from the start is better told now.
  if (options.authorization) {
    const auto value = options.authorization();
    if (!value.ok()) {
      return BadFlag(http.auth_file.empty() ? "--bearer-file" : "--auth-file",
                     value.status().message());
    }
  }
  if (http.method == "post") options.method = HttpPutMethod::kPost;
  if (http.conflict == "if-none-match") {
    options.conflict = HttpConflict::kIfNoneMatch;
  } else if (http.conflict == "replace") {
    options.conflict = HttpConflict::kReplace;
  }
  return options;
}

StatusOr<std::shared_ptr<Sink>> OpenDescribedSink(
    const std::shared_ptr<Runtime>& runtime, const HttpDelivery& http,
    const std::string& description) {
  constexpr std::string_view kFile = "file:";
  if (description.starts_with(kFile)) {
    return OpenFileSink(runtime, {.root = description.substr(kFile.size())});
  }
  if (!IsWebUrl(description)) {
    return Status(StatusCode::kFailedPrecondition,
                  fmt::format("resume: {}: of a kind this program does not "
                              "write to",
                              description));
  }
  const auto options = MakeHttpSinkOptions(http, description);
  if (!options.ok()) return options.status();
  return OpenHttpSink(runtime, *options);
}

}  // namespace hlsrec::tools
