#include "src/playlist/media_list.h"

#include "tests/catch.h"

namespace hlsrec::playlist {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

MediaListOptions Options(std::shared_ptr<const PlaylistPolicy> policy) {
  return {.policy = std::move(policy),
          .version = 3,
          .target_duration = 2,
          .program_date_time = false};
}

MediaListEntry Entry(std::uint64_t sequence, bool discontinuity = false) {
  return {.sequence = sequence,
          .duration = seconds(2),
          .start = std::chrono::system_clock::time_point(
              seconds(1712063915 + 2 * static_cast<int>(sequence))),
          .discontinuity = discontinuity,
          .uri = std::to_string(sequence) + ".ts"};
}

std::string Text(const MediaList& list, bool ended = false) {
  std::string text;
  for (const auto& part : list.Render(ended)) text += *part;
  return text;
}

TEST_CASE("media list: an EVENT list only grows, byte for byte") {
  MediaList list(Options(EventList()));
  std::string before;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    CHECK(list.Append(Entry(i, i % 700 == 699)).empty());
    if (i % 250 != 0) continue;
    const std::string now = Text(list);
    CHECK(now.starts_with(before));
    before = now;
  }
  CHECK(Text(list, true) == Text(list) + "#EXT-X-ENDLIST\n");
}

TEST_CASE("media list: an EVENT list, whole") {
  MediaListOptions options = Options(EventList());
  options.program_date_time = true;
  MediaList list(options);
  list.Append(Entry(7));
  MediaListEntry gap = Entry(8, true);
  gap.gap = true;
  gap.duration = microseconds(1234567);
  list.Append(gap);
  CHECK(Text(list, true) ==
        "#EXTM3U\n"
        "#EXT-X-VERSION:3\n"
        "#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-PLAYLIST-TYPE:EVENT\n"
        "#EXT-X-MEDIA-SEQUENCE:7\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
        "#EXT-X-PROGRAM-DATE-TIME:2024-04-02T13:18:49.000Z\n"
        "#EXTINF:2.000000,\n"
        "7.ts\n"
        "#EXT-X-DISCONTINUITY\n"
        "#EXT-X-PROGRAM-DATE-TIME:2024-04-02T13:18:51.000Z\n"
        "#EXT-X-GAP\n"
        "#EXTINF:1.234567,\n"
        "8.ts\n"
        "#EXT-X-ENDLIST\n");
}

TEST_CASE("media list: a window slides and counts what left") {
  MediaList list(Options(LiveWindow({.segments = 3})));
  for (std::uint64_t i = 0; i < 3; ++i) list.Append(Entry(i, i == 1));
  const auto removed = list.Append(Entry(3));
  REQUIRE(removed.size() == 1);
  CHECK(removed[0].sequence == 0);
  CHECK(removed[0].longest_list == seconds(8));
  list.Append(Entry(4));
  CHECK(Text(list) ==
        "#EXTM3U\n"
        "#EXT-X-VERSION:3\n"
        "#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-MEDIA-SEQUENCE:2\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:1\n"
        "#EXTINF:2.000000,\n2.ts\n"
        "#EXTINF:2.000000,\n3.ts\n"
        "#EXTINF:2.000000,\n4.ts\n");
}

TEST_CASE("media list: a running list stays three target durations long") {
  MediaList list(Options(LiveWindow({.segments = 1})));
  for (std::uint64_t i = 0; i < 10; ++i) list.Append(Entry(i));
  CHECK(list.window().count == 3);
}

TEST_CASE("media list: a window in seconds") {
  MediaList list(
      Options(LiveWindow({.segments = std::nullopt, .duration = seconds(10)})));
  for (std::uint64_t i = 0; i < 20; ++i) list.Append(Entry(i));
  CHECK(list.window().duration == seconds(10));
}

TEST_CASE("media list: init sections stand before what needs them") {
  MediaListOptions options = Options(LiveWindow({.segments = 3}));
  options.version = 6;
  MediaList list(options);
  for (std::uint64_t i = 0; i < 5; ++i) {
    MediaListEntry entry = Entry(i, i == 3);
    entry.map_uri = i < 3 ? "a.mp4" : "b.mp4";
    list.Append(entry);
  }
  CHECK(Text(list) ==
        "#EXTM3U\n"
        "#EXT-X-VERSION:6\n"
        "#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-MEDIA-SEQUENCE:2\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
        "#EXT-X-MAP:URI=\"a.mp4\"\n"
        "#EXTINF:2.000000,\n2.ts\n"
        "#EXT-X-MAP:URI=\"b.mp4\"\n"
        "#EXT-X-DISCONTINUITY\n"
        "#EXTINF:2.000000,\n3.ts\n"
        "#EXTINF:2.000000,\n4.ts\n");
}

TEST_CASE("media list: a fresh list starts without a discontinuity") {
  MediaList list(Options(EventList()));
  list.Append(Entry(0, true));
  CHECK(Text(list).find("#EXT-X-DISCONTINUITY\n") == std::string::npos);
}

TEST_CASE("media list: continuing ffmpeg's EVENT list keeps every byte of it") {
  const std::string old =
      "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n"
      "#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:EVENT\n"
      "#EXTINF:2.000000,\nteststream000001012.ts\n"
      "#EXTINF:1.960000,\nteststream000001013.ts\n#EXT-X-ENDLIST\n";
  auto list = MediaList::Continue(Options(EventList()), old);
  REQUIRE(list.ok());
  CHECK(list->next_sequence() == 3);
  CHECK(list->imported_uris().back() == "teststream000001013.ts");
  list->Append(Entry(3));
  const std::string text = Text(*list);
  CHECK(text.starts_with(old.substr(0, old.find("#EXT-X-ENDLIST"))));
  CHECK(text.ends_with("#EXT-X-DISCONTINUITY\n#EXTINF:2.000000,\n3.ts\n"));
}

TEST_CASE("media list: continuing a window keeps its numbers") {
  const std::string old =
      "#EXTM3U\r\n#EXT-X-VERSION:3\r\n#EXT-X-TARGETDURATION:4\r\n"
      "#EXT-X-MEDIA-SEQUENCE:10\r\n#EXT-X-DISCONTINUITY-SEQUENCE:5\r\n"
      "#EXTINF:4.0,\r\na.ts\r\n#EXT-X-DISCONTINUITY\r\n#EXTINF:4.0,\r\nb.ts\r\n"
      "#EXTINF:4.0,\r\nc.ts\r\n";
  auto list = MediaList::Continue(Options(LiveWindow({.segments = 3})), old);
  REQUIRE(list.ok());
  CHECK(list->target_duration() == 4);
  MediaListEntry entry = Entry(13);
  entry.duration = seconds(4);
  for (int i = 0; i < 2; ++i) {
    entry.uri = std::to_string(entry.sequence) + ".ts";
    list->Append(entry);
    ++entry.sequence;
  }
  CHECK(Text(*list) ==
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n"
        "#EXT-X-MEDIA-SEQUENCE:12\n#EXT-X-DISCONTINUITY-SEQUENCE:6\n"
        "#EXTINF:4.0,\nc.ts\n#EXT-X-DISCONTINUITY\n"
        "#EXTINF:4.000000,\n13.ts\n#EXTINF:4.000000,\n14.ts\n");
}

TEST_CASE("media list: what can't be continued is refused with the remedy") {
  const auto refuse = [](std::string_view text,
                         std::shared_ptr<const PlaylistPolicy> policy,
                         int version = 3) {
    MediaListOptions options = Options(std::move(policy));
    options.version = version;
    const auto list = MediaList::Continue(options, text);
    REQUIRE_FALSE(list.ok());
    return list.status().message();
  };
  const std::string head =
      "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n";
  const std::string body = "#EXTINF:2,\na.ts\n";
  CHECK(refuse(head + "#EXT-X-PLAYLIST-TYPE:VOD\n" + body, EventList())
            .find("new session") != std::string::npos);
  CHECK(refuse(head + "#EXT-X-PLAYLIST-TYPE:EVENT\n" + body, LiveWindow())
            .find("event policy") != std::string::npos);
  CHECK(refuse(head + body, EventList()).find("live") != std::string::npos);
  CHECK(refuse(head + "#EXT-X-PLAYLIST-TYPE:EVENT\n" + body, EventList(), 6)
            .find("EXT-X-VERSION 3") != std::string::npos);
  CHECK_FALSE(MediaList::Continue(Options(EventList()), "nonsense").ok());
}

TEST_CASE("media list: rotation follows the wall clock") {
  const auto policy = RotatingList({.period = seconds(60)});
  MediaList list(Options(policy));
  MediaListEntry entry = Entry(0);
  entry.start = std::chrono::system_clock::time_point(seconds(119));
  list.Append(entry);
  entry.sequence = 1;
  entry.start += milliseconds(900);
  CHECK_FALSE(list.StartsNew(entry));
  entry.start += milliseconds(200);
  CHECK(list.StartsNew(entry));
}

}  // namespace
}  // namespace hlsrec::playlist
