#include "src/chat/captions.h"

#include "tests/catch.h"

namespace hlsrec::chat {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kStart = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

TEST_CASE("chat captions: a time falls where its picture is") {
  MediaClock clock;
  CHECK(clock.At(kStart) == seconds(0));
  clock.Add(kStart, seconds(4));
  clock.Add(kStart + seconds(4), seconds(2));
  // A pause of ten seconds.
  clock.Add(kStart + seconds(16), seconds(4));
  CHECK(clock.At(kStart - seconds(9)) == seconds(0));
  CHECK(clock.At(kStart) == seconds(0));
  CHECK(clock.At(kStart + milliseconds(2500)) == milliseconds(2500));
  CHECK(clock.At(kStart + seconds(5)) == seconds(5));
  CHECK(clock.At(kStart + seconds(12)) == seconds(6));
  CHECK(clock.At(kStart + seconds(16)) == seconds(6));
  CHECK(clock.At(kStart + seconds(18)) == seconds(8));
  CHECK(clock.At(kStart + seconds(99)) == seconds(10));
}

TEST_CASE("chat captions: a cue") {
  CHECK(CaptionCue({.sender_name = "Ann", .message = "hello"},
                   milliseconds(3'723'004), seconds(5)) ==
        "\n01:02:03.004 --> 01:02:08.004\n<v Ann>hello\n");
  CHECK(CaptionCue({.sender_peer_id = "p1", .message = "a"}, milliseconds(0),
                   seconds(1)) == "\n00:00:00.000 --> 00:00:01.000\n<v p1>a\n");
  CHECK(CaptionCue({.message = "a"}, milliseconds(0), seconds(1)) ==
        "\n00:00:00.000 --> 00:00:01.000\na\n");
}

TEST_CASE("chat captions: what a message says is no part of the file") {
  struct Row {
    std::string name;
    std::string text;
    std::string cue;
  };
  const Row row = GENERATE(
      Row{"a\nb>", "c", "<v a b&gt;>c"}, Row{"", "a\n\nb\r\n\r\n", "a\nb"},
      Row{"", "\n\na", "a"}, Row{"", "00:00 --> 00:01", "00:00 --&gt; 00:01"},
      Row{"", "<b>&</b>", "&lt;b&gt;&amp;&lt;/b&gt;"});
  CHECK(CaptionCue({.sender_name = row.name, .message = row.text},
                   milliseconds(0), seconds(1)) ==
        "\n00:00:00.000 --> 00:00:01.000\n" + row.cue + "\n");
}

}  // namespace
}  // namespace hlsrec::chat
