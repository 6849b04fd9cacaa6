// `hlsrec validate`: what a stranger is told about a place to record to.
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/inputs/ports.h"
#include "tests/inputs/published.h"
#include "tests/net/nginx_server.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests
using hlsrec::NginxServer;

TEST_CASE("validate command: a folder, left as it was") {
  const TempDirectory directory;
  const Ended ended = RunWell(Hlsrec({"validate", directory.path("")}));
  CHECK(Holds(ended, "a recording can be stored there"));
  CHECK_FALSE(Holds(ended, "noted"));
  CHECK(std::filesystem::is_empty(directory.path("")));
}

TEST_CASE("validate command: a web server, step by step") {
  const NginxServer nginx;
  const Ended ended =
      RunWell(Hlsrec({"validate", nginx.Http("/open/rec/"), "--json"}));
  const auto report = nlohmann::json::parse(ended.out);
  CHECK(report["usable"] == true);
  REQUIRE(report["steps"].size() == 6);
  for (const auto& step : report["steps"]) {
    INFO(step.dump());
    // HTTP has no way to list.
    CHECK(step["outcome"] == (step["step"] == "list" ? "noted" : "passed"));
  }
  CHECK(std::filesystem::is_empty(nginx.Folder("/open/rec/")));
}

TEST_CASE("validate command: what is in the way is named") {
  const NginxServer nginx;
  const TempDirectory directory;
  std::ofstream(directory.path("token")) << "wr0ng\n";
  const Ended refused =
      Run(Hlsrec({"validate", nginx.Https("/bearer/"), "--ca-file",
                  nginx.ca_file(), "--bearer-file", directory.path("token")}));
  CHECK(refused.code == 5);
  CHECK(Holds(refused, "http 401"));
  CHECK(Holds(refused, "no recording can be stored there"));
  CHECK_FALSE(Holds(refused, "wr0ng"));

  const Ended stranger = Run(Hlsrec({"validate", nginx.Https("/open/")}));
  CHECK(stranger.code == 5);
  CHECK(Holds(stranger, "certificate"));

  const int port = FreePort(Transport::kTcp);
  const Ended away = Run(Hlsrec({"validate", LocalUrl("http", port, "/")}));
  CHECK(away.code == 5);
  CHECK(Holds(away, "Couldn't connect"));

  const Ended nothing = Run(Hlsrec({"validate"}));
  CHECK(nothing.code == 1);
  CHECK(Holds(nothing, "OUTPUT is required"));
}
