#ifndef HLSREC_TESTS_CHECK_LIVE_RECORDING_H_
#define HLSREC_TESTS_CHECK_LIVE_RECORDING_H_

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <utility>

#include "hlsrec/check.h"
#include "tests/catch.h"
#include "tests/check/ts_builder.h"
#include "tests/temporary_directory.h"

namespace hlsrec::check {

// A live recording whose playlist moves on each time the watch asks whether to
// stop: no time passes between versions.
class LiveRecording {
 public:
  void Write(const std::string& name, const Bytes& bytes) const {
    std::ofstream(directory_.Path(name), std::ios::binary)
        << std::string(bytes.begin(), bytes.end());
  }
  void Publish(int first, int count, bool ended) const {
    std::string text =
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-MEDIA-SEQUENCE:" +
        std::to_string(first) + "\n";
    for (int i = first; i < first + count; ++i) {
      text += "#EXTINF:2.000,\n" + std::to_string(i) + ".ts\n";
    }
    if (ended) text += "#EXT-X-ENDLIST\n";
    { std::ofstream(directory_.Path("a.tmp")) << text; }
    REQUIRE(std::rename(directory_.Path("a.tmp").c_str(),
                        directory_.Path("a.m3u8").c_str()) == 0);
  }
  // The next version: four of the segments made so far, ended at `last`.
  void Step(int last) {
    if (made_ > last) return;
    Write(std::to_string(made_) + ".ts", builder.NextBytes());
    ++made_;
    const int count = std::min(made_, 4);
    Publish(made_ - count, count, made_ > last);
  }
  void Remove(const std::string& name) const {
    std::remove(directory_.Path(name).c_str());
  }
  [[nodiscard]] std::string playlist() const {
    return directory_.Path("a.m3u8");
  }

  TsBuilder builder = {};

 private:
  TemporaryDirectory directory_;
  int made_ = 0;
};

inline CheckReport Watch(const std::string& location,
                         std::function<bool()> stop) {
  const auto report = WatchRecording(
      location,
      {.interval = std::chrono::milliseconds(1), .stop = std::move(stop)});
  REQUIRE(report.ok());
  return *report;
}

}  // namespace hlsrec::check

#endif  // HLSREC_TESTS_CHECK_LIVE_RECORDING_H_
