#include "hlsrec/identity.h"

#include <algorithm>

#include "hlsrec/path_template.h"
#include "tests/catch.h"

namespace hlsrec {
namespace {

// The values that 100ms' page has in angle brackets.
PathFields Fields() {
  PathFields fields;
  fields.time = std::chrono::system_clock::time_point(
      std::chrono::milliseconds(1712063915844));
  fields.identity = {.room_id = "<room_id>",
                     .session_id = "<session_id>",
                     .peer_id = "<peer_id>",
                     .stream_id = "<stream_id>",
                     .track_id = "<track_id>",
                     .layer_index = 7,
                     .start_date = "<start_date>",
                     .epoch_ms = 1626898422000,
                     .prefix = "<prefix>",
                     .location = "<location>"};
  return fields;
}

std::string Expand(const std::string& text,
                   const PathFields& fields = Fields()) {
  const auto parsed = PathTemplate::Parse(text);
  INFO(parsed.status().message());
  REQUIRE(parsed.ok());
  const auto key = parsed->Expand(fields);
  INFO(key.status().message());
  REQUIRE(key.ok());
  return *key;
}

std::string WithNumbers(std::string path) {
  for (const auto& [name, value] :
       {std::pair<std::string, std::string>{"<epoch>", "1626898422000"},
        {"<layer_index>", "7"}}) {
    for (auto at = path.find(name); at != std::string::npos;
         at = path.find(name)) {
      path.replace(at, name.size(), value);
    }
  }
  return path;
}

struct Stored {
  std::string name;
  std::string path;  // "Storage path for recordings", word for word
};

const std::vector<Stored>& AllStored() {
  static const std::vector<Stored> stored = {
      {"100ms-beam",
       "s3://<location>/<prefix>/beam/<room_id>/<start_date>/"
       "Rec-<room_id>-<epoch>.mp4"},
      {"100ms-sfu-composite",
       "s3://<location>/<prefix>/<room_id>/<start_date>/<session_id>/"
       "Rec-<session_id>-<epoch>.mp4"},
      {"100ms-sfu-individual",
       "s3://<location>/<prefix>/<room_id>/<start_date>/<session_id>/"
       "<peer_id>/<stream_id>/<track_id>.webm"},
      {"100ms-multi-resolution",
       "s3://<location>/<prefix>/hls/<room_id>/<start_date>/<epoch>/"
       "file-recording/Rec-<room_id>-<epoch>-<layer_index>.mp4"},
      {"100ms-vod",
       "s3://<location>/<prefix>/hls/<room_id>/<start_date>/<epoch>/vod/"
       "Rec-<room_id>-<epoch>.zip"},
      {"100ms-chat",
       "s3://<location>/<prefix>/chat/<room_id>/<start_date>/"
       "Rec-<room_id>-<epoch>.csv"}};
  return stored;
}

TEST_CASE("object path: 100ms' six, word for word") {
  std::vector<std::string> names;
  for (const Stored& stored : AllStored()) {
    INFO(stored.name);
    names.push_back(stored.name);
    const auto path = FindObjectPath(stored.name);
    REQUIRE(path.ok());
    CHECK("s3://" + Expand("{location}/" + *path) == WithNumbers(stored.path));
  }
  CHECK(ObjectPathNames() == names);
  const auto none = FindObjectPath("100ms-cat");
  CHECK(none.status().code() == StatusCode::kNotFound);
  CHECK(none.status().message().find("100ms-chat") != std::string::npos);
}

TEST_CASE("layout: 100ms' recordings as HLS lie in the object's folder") {
  for (const Stored& stored : AllStored()) {
    if (stored.name == "100ms-chat") continue;
    INFO(stored.name);
    const auto layout = FindLayout(stored.name);
    REQUIRE(layout.ok());
    std::string object = WithNumbers(stored.path);
    object = object.substr(std::string("s3://<location>/").size());
    const std::string folder = object.substr(0, object.rfind('/') + 1);
    PathFields fields = Fields();
    fields.sequence = 4;
    fields.extension = "ts";
    fields.hash = "abc";
    for (const std::string& path : {layout->segment, layout->init,
                                    layout->playlist, layout->multivariant}) {
      CHECK(Expand(path, fields).starts_with(folder));
    }
    // By the object's own name.
    CHECK(Expand(layout->playlist, fields) ==
          object.substr(0, object.rfind('.')) + ".m3u8");
  }
}

TEST_CASE("layout: layers are counted from the highest resolution") {
  const auto layout = FindLayout("100ms-multi-resolution");
  REQUIRE(layout.ok());
  PathFields fields = Fields();
  fields.identity.layer_index.reset();
  fields.layer = 2;
  CHECK(Expand(layout->playlist, fields).ends_with("-1626898422000-2.m3u8"));
}

TEST_CASE("identity: a prefix holds levels, may be empty, and climbs nowhere") {
  const auto path = FindObjectPath("100ms-chat");
  REQUIRE(path.ok());
  PathFields fields = Fields();
  fields.identity.room_id = "r";
  fields.identity.start_date = "20210721";
  fields.identity.prefix = "customers/7/";
  const std::string rest = "chat/r/20210721/Rec-r-1626898422000.csv";
  CHECK(Expand(*path, fields) == "customers/7/" + rest);
  fields.identity.prefix = "";
  CHECK(Expand(*path, fields) == rest);
  fields.identity.prefix = "../up";
  CHECK(Expand(*path, fields) == "%2E./up/" + rest);
}

TEST_CASE("identity: dates and numbers that are left out are the start's") {
  PathFields fields = Fields();
  fields.identity.epoch_ms.reset();
  fields.identity.start_date.clear();
  CHECK(Expand("{start_date}/{epoch_ms}", fields) == "20240402/1712063915844");
  // The day of the epoch that is given.
  fields.identity.epoch_ms = 1626898422000;
  CHECK(Expand("{start_date}/{epoch_ms}/{epoch_s}", fields) ==
        "20210721/1626898422000/1626898422");
}

TEST_CASE("identity: a name that needs what nobody gave is refused") {
  const auto path = PathTemplate::Parse("{room_id}/x.csv");
  REQUIRE(path.ok());
  const auto key = path->Expand({});
  CHECK(key.status().code() == StatusCode::kInvalidArgument);
  CHECK(key.status().message().find("{room_id}") != std::string::npos);
  CHECK(PathTemplate::Parse("{room_id/}/x.csv")
            .status()
            .message()
            .find("levels") != std::string::npos);
}

TEST_CASE("identity: fields by their names, with clear errors") {
  RecordingIdentity identity;
  for (const std::string& name : IdentityFieldNames()) {
    CHECK(IdentityField(identity, name).empty());
    const std::string value = name == "start_date" ? "20240229" : "12";
    CHECK(SetIdentityField(identity, name, value).ok());
    CHECK(IdentityField(identity, name) == value);
  }
  const auto refused = [](std::string_view name, std::string_view value) {
    RecordingIdentity changed;
    const Status status = SetIdentityField(changed, name, value);
    CHECK(status.code() == StatusCode::kInvalidArgument);
    return status.message();
  };
  CHECK(refused("room", "r").find("room_id") != std::string::npos);
  CHECK(refused("room_id", "a/b").find("room_id") != std::string::npos);
  CHECK(refused("peer_id", "a\nb").find("peer_id") != std::string::npos);
  CHECK(refused("prefix", "a\\b").find("prefix") != std::string::npos);
  CHECK(refused("start_date", "20230229").find("YYYYMMDD") !=
        std::string::npos);
  CHECK(refused("start_date", "2024-1-1").find("YYYYMMDD") !=
        std::string::npos);
  CHECK(refused("epoch_ms", "-1").find("number") != std::string::npos);
  CHECK(refused("epoch_ms", "1x").find("number") != std::string::npos);
  CHECK(refused("layer_index", "").find("number") != std::string::npos);
}

}  // namespace
}  // namespace hlsrec
