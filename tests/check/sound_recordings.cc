#include "tests/check/sound_recordings.h"

#include <openssl/evp.h>

#include <memory>

namespace hlsrec::check {

const std::string kMedia = R"(#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:1
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
#EXTINF:6.000,
7.m4s
#EXTINF:6.000,
8.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-2.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:13.000Z
#EXTINF:6.000,
9.m4s
#EXTINF:6.000,
10.m4s
#EXTINF:6.000,
11.m4s
#EXTINF:6.000,
12.m4s
)";

const std::string kMultivariant = R"(#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="en.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Deutsch",LANGUAGE="de",AUTOSELECT=YES,URI="de.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="English",LANGUAGE="en",URI="sub.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1280000,AVERAGE-BANDWIDTH=1000000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="a",SUBTITLES="s",CLOSED-CAPTIONS=NONE
high.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=640000,AVERAGE-BANDWIDTH=500000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=29.970,AUDIO="a",SUBTITLES="s",CLOSED-CAPTIONS=NONE
low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=64000,AVERAGE-BANDWIDTH=60000,CODECS="mp4a.40.2",AUDIO="a",SUBTITLES="s",CLOSED-CAPTIONS=NONE
en.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=200000,AVERAGE-BANDWIDTH=150000,CODECS="avc1.64001e",RESOLUTION=640x360,URI="iframe.m3u8"
)";

// Parts of the last two segments, the second of them not whole yet.
const std::string kLowLatency = R"(#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-MEDIA-SEQUENCE:1
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
#EXTINF:2.0,
1.mp4
#EXTINF:2.0,
2.mp4
#EXTINF:2.0,
3.mp4
#EXTINF:2.0,
4.mp4
#EXTINF:2.0,
5.mp4
#EXT-X-PART:DURATION=0.5,URI="6.0.mp4"
#EXT-X-PART:DURATION=0.5,URI="6.1.mp4"
#EXT-X-PART:DURATION=0.45,URI="6.2.mp4"
#EXT-X-PART:DURATION=0.1,URI="6.3.mp4"
#EXTINF:1.55,
6.mp4
#EXT-X-PART:DURATION=0.5,URI="7.0.mp4"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="7.1.mp4"
)";

const std::string kTsPlaylist = R"(#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-INDEPENDENT-SEGMENTS
#EXTINF:2.000,
0.ts
#EXTINF:2.000,
1.ts
#EXTINF:2.000,
2.ts
#EXTINF:2.000,
3.ts
#EXT-X-ENDLIST
)";

const std::string kMp4Playlist = R"(#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init.mp4"
#EXTINF:2.000,
0.m4s
#EXTINF:2.000,
1.m4s
#EXTINF:2.000,
2.m4s
#EXT-X-ENDLIST
)";

const std::string kPresentation = R"(#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=187000,AVERAGE-BANDWIDTH=186000,CODECS="avc1.42C00C,mp4a.40.2",RESOLUTION=320x180,FRAME-RATE=25.000,AUDIO="a"
low/a.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=187000,AVERAGE-BANDWIDTH=186000,CODECS="avc1.42C01E,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=25.000,AUDIO="a"
high/a.m3u8
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",DEFAULT=YES,AUTOSELECT=YES,URI="sound/a.m3u8"
)";

const std::string kVariantPlaylist = R"(#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:2
#EXT-X-PLAYLIST-TYPE:VOD
#EXTINF:2.000,
0.ts
#EXTINF:2.000,
1.ts
#EXT-X-DISCONTINUITY
#EXTINF:2.000,
2.ts
#EXT-X-ENDLIST
)";

RecordingFiles TsRecording(const TsChange& before, const TsChange& after) {
  RecordingFiles files;
  files.Set("a.m3u8", kTsPlaylist);
  TsBuilder builder;
  for (int i = 0; i < 4; ++i) {
    if (i == 1 && before) before(builder);
    if (i == 2 && after) after(builder);
    files.Set(std::to_string(i) + ".ts", builder.NextBytes());
  }
  return files;
}

RecordingFiles UniformTs(const TsChange& change) {
  RecordingFiles files;
  files.Set("a.m3u8", kTsPlaylist);
  TsBuilder builder;
  change(builder);
  for (int i = 0; i < 4; ++i) {
    files.Set(std::to_string(i) + ".ts", builder.NextBytes());
  }
  return files;
}

RecordingFiles RepackedTs(
    const std::function<void(TsBuilder::Packets&)>& change) {
  RecordingFiles files;
  files.Set("a.m3u8", kTsPlaylist);
  TsBuilder builder;
  for (int i = 0; i < 4; ++i) {
    TsBuilder::Packets packets = builder.Next();
    if (i == 1) change(packets);
    files.Set(std::to_string(i) + ".ts", TsBuilder::Join(packets));
  }
  return files;
}

RecordingFiles Mp4Recording(const Mp4Change& change, const Mp4Change& second) {
  RecordingFiles files;
  files.Set("a.m3u8", kMp4Playlist);
  Mp4Builder builder;
  if (change) change(builder);
  files.Set("init.mp4", builder.Init());
  for (int i = 0; i < 3; ++i) {
    if (i == 1 && second) second(builder);
    files.Set(std::to_string(i) + ".m4s", builder.Next());
  }
  return files;
}

RecordingFiles Presentation() {
  RecordingFiles files;
  files.Set("main.m3u8", kPresentation);
  for (const std::string name : {"low", "high", "sound"}) {
    TsBuilder builder;
    builder.video = name != "sound";
    builder.audio = name == "sound";
    builder.sps = name == "high" ? LargeSps() : SmallSps();
    files.Set(name + "/a.m3u8", kVariantPlaylist);
    for (int i = 0; i < 3; ++i) {
      files.Set(name + "/" + std::to_string(i) + ".ts", builder.NextBytes());
    }
  }
  return files;
}

RecordingFiles IFramePresentation() {
  RecordingFiles files = Presentation();
  files["main.m3u8"] +=
      "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=100000,AVERAGE-BANDWIDTH=100000,"
      "CODECS=\"avc1.42C00C\",RESOLUTION=320x180,URI=\"i.m3u8\"\n";
  // After the tables, the first picture takes three packets.
  files.Set("i.m3u8",
            "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:2\n"
            "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-I-FRAMES-ONLY\n"
            "#EXTINF:2.000,\n#EXT-X-BYTERANGE:564@376\nlow/0.ts\n"
            "#EXTINF:2.000,\n#EXT-X-BYTERANGE:564@376\nlow/1.ts\n"
            "#EXT-X-DISCONTINUITY\n"
            "#EXTINF:2.000,\n#EXT-X-BYTERANGE:564@376\nlow/2.ts\n"
            "#EXT-X-ENDLIST\n");
  return files;
}

RecordingFiles Mp4IFrames() {
  RecordingFiles files;
  Mp4Builder builder;
  builder.frames = 1;
  files.Set("init.mp4", builder.Init());
  Bytes all;
  std::string text =
      "#EXTM3U\n#EXT-X-VERSION:5\n#EXT-X-TARGETDURATION:1\n"
      "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-I-FRAMES-ONLY\n"
      "#EXT-X-MAP:URI=\"init.mp4\"\n";
  for (int i = 0; i < 3; ++i) {
    const Bytes segment = builder.Next();
    text +=
        "#EXTINF:0.040,\n#EXT-X-BYTERANGE:" + std::to_string(segment.size()) +
        "@" + std::to_string(all.size()) + "\nall.m4s\n";
    Append(all, segment);
  }
  files.Set("all.m4s", all);
  files.Set("a.m3u8", text + "#EXT-X-ENDLIST\n");
  return files;
}

std::string ListOf(const std::string& extension, const std::string& duration,
                   const std::string& tags) {
  std::string text =
      "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n"
      "#EXT-X-MEDIA-SEQUENCE:5\n" +
      tags;
  for (int i = 5; i < 8; ++i) {
    text +=
        "#EXTINF:" + duration + ",\n" + std::to_string(i) + extension + "\n";
  }
  return text + "#EXT-X-ENDLIST\n";
}

Bytes Encrypt(const Bytes& clear, const AesBlock& key, const AesBlock& iv) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> ctx(
      EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  Bytes out(clear.size() + 32);
  int size = 0;
  int last = 0;
  REQUIRE(EVP_EncryptInit_ex(ctx.get(), EVP_aes_128_cbc(), nullptr, key.data(),
                             iv.data()) == 1);
  REQUIRE(EVP_EncryptUpdate(ctx.get(), out.data(), &size, clear.data(),
                            static_cast<int>(clear.size())) == 1);
  REQUIRE(EVP_EncryptFinal_ex(ctx.get(), out.data() + size, &last) == 1);
  out.resize(static_cast<std::size_t>(size + last));
  return out;
}

RecordingFiles Encrypted() {
  RecordingFiles files;
  files.Set("a.m3u8", ListOf(".ts", "2.000",
                             "#EXT-X-KEY:METHOD=AES-128,URI=\"k.key\"\n"));
  files.Set("k.key", Bytes(kKey.begin(), kKey.end()));
  TsBuilder builder;
  for (std::uint64_t i = 5; i < 8; ++i) {
    files.Set(std::to_string(i) + ".ts",
              Encrypt(builder.NextBytes(), kKey, IvOfSequence(i)));
  }
  return files;
}

Bytes Id3(std::uint64_t timestamp) {
  constexpr std::string_view kOwner =
      "com.apple.streaming.transportStreamTimestamp";
  const std::size_t content = kOwner.size() + 1 + 8;
  Bytes tag;
  Append(tag, std::string_view("ID3"));
  AppendU24(tag, 0x040000);
  AppendU32(tag, content + 10);
  Append(tag, std::string_view("PRIV"));
  AppendU32(tag, content);
  AppendU16(tag, 0);
  Append(tag, kOwner);
  AppendU8(tag, 0);
  AppendU64(tag, timestamp);
  return tag;
}

// 94 frames of 1024 samples: 2.005 s.
Bytes PackedAudio(const Bytes& head) {
  Bytes bytes = head;
  for (int i = 0; i < 94; ++i) Append(bytes, AdtsFrame());
  return bytes;
}

RecordingFiles PackedRecording() {
  RecordingFiles files;
  files.Set("a.m3u8", ListOf(".aac", "2.005"));
  for (std::uint64_t i = 0; i < 3; ++i) {
    files.Set(std::to_string(i + 5) + ".aac",
              PackedAudio(Id3(90'000 + i * 94 * 1920)));
  }
  return files;
}

RecordingFiles WebVttRecording() {
  RecordingFiles files;
  files.Set("a.m3u8", ListOf(".vtt", "2.000"));
  for (int i = 5; i < 8; ++i) {
    files.Set(
        std::to_string(i) + ".vtt",
        std::string_view("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,"
                         "LOCAL:00:00:00.000\n\n1\n00:01.000 --> 00:02.500 "
                         "align:start\nHello\n\n"));
  }
  return files;
}

}  // namespace hlsrec::check
