#include "src/av/hls_series.h"

#include "tests/catch.h"

using hlsrec::av::HlsSeries;

namespace {

constexpr const char* kUrl = "http://host/a/live.m3u8";

std::string List(int first, int count) {
  std::string text =
      "#EXTM3U\r\n#EXT-X-MEDIA-SEQUENCE:" + std::to_string(first) + "\r\n";
  for (int i = first; i < first + count; ++i) {
    text += "#EXTINF:2,\r\ns" + std::to_string(i) + ".ts?k=1\r\n";
  }
  return text;
}

std::string Segment(int number) {
  return "http://host/a/s" + std::to_string(number) + ".ts?k=1";
}

}  // namespace

TEST_CASE("hls series: one after the other, none is missed") {
  HlsSeries series;
  series.OnPlaylist(kUrl, List(7, 3));
  for (int i = 8; i < 10; ++i) series.OnOpened(Segment(i));
  series.OnPlaylist(kUrl, List(9, 3));
  for (int i = 10; i < 12; ++i) series.OnOpened(Segment(i));
  series.OnEnd();
  CHECK(series.missed() == 0);
}

TEST_CASE("hls series: what expired before it was opened is missed") {
  HlsSeries series;
  series.OnPlaylist(kUrl, List(0, 3));
  series.OnOpened(Segment(2));
  series.OnPlaylist(kUrl, List(6, 3));
  series.OnOpened(Segment(6));
  CHECK(series.missed() == 3);
}

TEST_CASE("hls series: a failure counts unless the next attempt succeeds") {
  HlsSeries series;
  series.OnPlaylist(kUrl, List(0, 4));
  series.OnFailed(Segment(0));
  series.OnOpened(Segment(1));
  CHECK(series.missed() == 1);
  series.OnFailed(Segment(2));
  series.OnOpened(Segment(2));
  CHECK(series.missed() == 1);
  series.OnFailed(Segment(3));
  series.OnFailed(Segment(3));
  CHECK(series.missed() == 1);
  series.OnEnd();
  CHECK(series.missed() == 2);
}

TEST_CASE("hls series: segments may be opened before the list is seen") {
  HlsSeries series;
  series.OnFailed(Segment(0));
  series.OnOpened(Segment(1));
  series.OnPlaylist(kUrl, List(0, 3));
  CHECK(series.missed() == 1);
  series.OnOpened(Segment(2));
  CHECK(series.missed() == 1);
}

TEST_CASE("hls series: each playlist has its own numbers") {
  HlsSeries series;
  series.OnPlaylist("http://host/v0/x.m3u8", "#EXTINF:1,\na\n#EXTINF:1,\nb\n");
  series.OnPlaylist("http://host/v1/x.m3u8", "#EXTINF:1,\na\n#EXTINF:1,\nb\n");
  series.OnOpened("http://host/v0/a");
  series.OnOpened("http://host/v1/b");
  series.OnOpened("http://host/v0/b");
  CHECK(series.missed() == 0);
}

TEST_CASE("hls series: dots, encryption and folders do not hide a segment") {
  HlsSeries series;
  series.OnPlaylist("http://host/a/b/x.m3u8",
                    "#EXTINF:1,\n../c/0.ts\n#EXTINF:1,\n./1.ts\n"
                    "#EXTINF:1,\n/2.ts\n");
  series.OnOpened("crypto+http://host/a/c/0.ts");
  series.OnOpened("http://host/2.ts");
  CHECK(series.missed() == 1);
  HlsSeries files;
  files.OnPlaylist("/a/b/x.m3u8",
                   "#EXTINF:1,\n0\n#EXTINF:1,\n1\n#EXTINF:1,\n2");
  files.OnOpened("/a/b/0");
  files.OnOpened("/a/b/2");
  CHECK(files.missed() == 1);
}

TEST_CASE("hls series: byte ranges of one file count for nothing") {
  HlsSeries series;
  series.OnPlaylist(kUrl,
                    "#EXTINF:1,\nall\n#EXTINF:1,\nall\n#EXTINF:1,\nall\n");
  series.OnFailed("http://host/a/all");
  series.OnOpened("http://host/a/all");
  series.OnEnd();
  CHECK(series.missed() == 0);
}

TEST_CASE("hls series: only segments are cut short") {
  HlsSeries series;
  series.OnPlaylist(kUrl, List(0, 1));
  series.OnBroken("http://host/a/key");
  CHECK(series.cut_short() == 0);
  series.OnBroken(Segment(0));
  CHECK(series.cut_short() == 1);
}
