#include "src/av/url_text.h"

#include <string>

#include "hlsrec/source.h"
#include "tests/catch.h"

using hlsrec::RedactUrl;
using hlsrec::av::RedactUrlsIn;
using hlsrec::av::TakeQueryParameter;
using hlsrec::av::UrlScheme;

TEST_CASE("redacting: neither password nor query is left") {
  CHECK(RedactUrl("rtsp://user:secret@cam.lan:554/live") ==
        "rtsp://***@cam.lan:554/live");
  CHECK(RedactUrl("https://token@host/x.m3u8") == "https://***@host/x.m3u8");
  CHECK(RedactUrl("https://host/x.m3u8?token=abc#here") ==
        "https://host/x.m3u8");
  CHECK(RedactUrl("srt://host:9000?passphrase=0123456789") ==
        "srt://host:9000");
}

TEST_CASE("redacting: a password may hold what a URL gives a meaning to") {
  CHECK(RedactUrl("rtsp://user:p@ss@host/x") == "rtsp://***@host/x");
  CHECK(RedactUrl("rtsp://user:pa/ss@host/x") == "rtsp://***@host/x");
  CHECK(RedactUrl("rtsp://user:pa?ss@host/x") == "rtsp://***@host/x");
  CHECK(RedactUrl("rtsp://user:pa#ss@host:554/x") == "rtsp://***@host:554/x");
}

TEST_CASE("redacting: what holds no secret stays") {
  CHECK(RedactUrl("/srv/what?is#this.ts") == "/srv/what?is#this.ts");
  CHECK(RedactUrl("udp://@239.0.0.1:5000") == "udp://@239.0.0.1:5000");
  CHECK(RedactUrl("rtmp://[::1]:1935/app/key") == "rtmp://[::1]:1935/app/key");
  CHECK(RedactUrl("http://host:8080/@me/x.m3u8") ==
        "http://host:8080/@me/x.m3u8");
  CHECK(RedactUrl("-") == "-");
  CHECK(RedactUrl("").empty());
}

TEST_CASE("redacting: every URL of a line") {
  CHECK(RedactUrlsIn("Opening 'http://h/a.ts?sig=1' after "
                     "rtmp://u:p@h/app: refused") ==
        "Opening 'http://h/a.ts' after rtmp://***@h/app: refused");
  CHECK(RedactUrlsIn("nothing here") == "nothing here");
  CHECK(RedactUrlsIn("://").size() == 3);
}

TEST_CASE("url: the scheme in lower case, none for a path") {
  CHECK(UrlScheme("RTMP://h/a") == "rtmp");
  CHECK(UrlScheme("/a/b.ts").empty());
  CHECK(UrlScheme("./what is:this.ts").empty());
  CHECK(UrlScheme(":").empty());
}

TEST_CASE("url: a parameter is taken out of the query, the rest stays") {
  std::string url = "rtmp://h/a/k?x=1&listen=1&y=2";
  CHECK(TakeQueryParameter(url, "listen") == "1");
  CHECK(url == "rtmp://h/a/k?x=1&y=2");
  CHECK_FALSE(TakeQueryParameter(url, "listen").has_value());

  url = "rtmp://h/a/k?listen";
  CHECK(TakeQueryParameter(url, "listen") == "1");
  CHECK(url == "rtmp://h/a/k");

  url = "rtmp://h/a?x=1&listen=0";
  CHECK(TakeQueryParameter(url, "listen") == "0");
  CHECK(url == "rtmp://h/a?x=1");

  url = "rtmp://h/a?listening=1";
  CHECK_FALSE(TakeQueryParameter(url, "listen").has_value());
}
