// Damaged input: never a crash, a hang, or an answer without a reason.
#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "hlsrec/source.h"
#include "tests/av/media_files.h"
#include "tests/catch.h"

using hlsrec::OpenUrlSource;
using hlsrec::StatusCode;
using hlsrec::testing::MediaFile;
using hlsrec::testing::ReadAll;
using hlsrec::testing::ReadBytes;
using hlsrec::testing::ReadResult;
using hlsrec::testing::TempDirectory;

namespace {

using Bytes = std::vector<std::uint8_t>;

const std::vector<std::string>& Files() {
  static const auto& files = *new std::vector<std::string>{
      "h264_aac.ts",  "h264_aac.flv", "h264_aac_fragmented.mp4",
      "h264_aac.mkv", "h264_aac.mp4", "av1_opus.mkv",
      "h265_aac.ts",  "h264_latm.ts", "h264_opus.ts"};
  return files;
}

// Opens and reads to the end; the number of packets.
std::size_t ReadDamaged(const std::string& path) {
  auto source = OpenUrlSource(nullptr, {.url = path});
  if (!source.ok()) {
    CHECK_FALSE(source.status().message().empty());
    CHECK(source.status().code() != StatusCode::kInternal);
    return 0;
  }
  // Far more than any of these files holds: a loop would be found.
  const ReadResult result = ReadAll(**source, 100'000);
  CHECK_FALSE(result.end.ok());
  CHECK(result.end.code() != StatusCode::kInternal);
  return result.packets();
}

}  // namespace

TEST_CASE("damaged input: truncated anywhere") {
  const std::string file = GENERATE(from_range(Files()));
  const TempDirectory directory;
  const Bytes whole = ReadBytes(MediaFile(file));
  for (int percent : {0, 1, 3, 10, 30, 60, 90, 99}) {
    INFO(file << " " << percent << " %");
    Bytes part(whole.begin(),
               whole.begin() +
                   static_cast<std::ptrdiff_t>(
                       whole.size() * static_cast<std::size_t>(percent) / 100));
    ReadDamaged(directory.Write(file, part));
  }
}

TEST_CASE("damaged input: bytes changed all over") {
  const std::string file = GENERATE(from_range(Files()));
  const TempDirectory directory;
  const Bytes whole = ReadBytes(MediaFile(file));
  for (std::uint32_t seed = 1; seed <= 8; ++seed) {
    INFO(file << " seed " << seed);
    std::mt19937 random(seed);
    Bytes damaged = whole;
    for (std::size_t i = 0; i < damaged.size() / 500; ++i) {
      damaged[random() % damaged.size()] =
          static_cast<std::uint8_t>(random() & 0xff);
    }
    ReadDamaged(directory.Write(file, damaged));
  }
}

TEST_CASE("damaged input: lost transport packets cost only what they held") {
  const TempDirectory directory;
  const Bytes whole = ReadBytes(MediaFile("h264_aac.ts"));
  constexpr std::size_t kPacket = 188;
  Bytes damaged;
  for (std::size_t i = 0; i * kPacket < whole.size(); ++i) {
    if (i > 100 && i % 50 == 0) continue;
    const auto begin = whole.begin() + static_cast<std::ptrdiff_t>(i * kPacket);
    damaged.insert(damaged.end(), begin, begin + kPacket);
  }
  auto source =
      OpenUrlSource(nullptr, {.url = directory.Write("lossy.ts", damaged)});
  REQUIRE(source.ok());
  const ReadResult result = ReadAll(**source);
  CHECK(result.end.code() == StatusCode::kEndOfStream);
  CHECK(result.packets() > 150);
  CHECK((*source)->counters().corrupt > 0);
}

TEST_CASE("damaged input: random bytes are no media") {
  const TempDirectory directory;
  for (std::uint32_t seed = 1; seed <= 16; ++seed) {
    std::mt19937 random(seed);
    Bytes noise(64 * 1024);
    std::generate(noise.begin(), noise.end(), [&random] {
      return static_cast<std::uint8_t>(random() & 0xff);
    });
    INFO(seed);
    ReadDamaged(directory.Write("noise", noise));
    // The same where the format is taken for granted.
    auto source = OpenUrlSource(
        nullptr, {.url = directory.path("noise"), .format = "mpegts"});
    CHECK_FALSE(source.ok());
  }
}

TEST_CASE("damaged input: sizes that can't be are not believed") {
  const TempDirectory directory;
  Bytes whole = ReadBytes(MediaFile("h264_aac.flv"));
  // The first tag claims 16 MB, the file has no more than 150 KB.
  std::fill(whole.begin() + 14, whole.begin() + 17, std::uint8_t{0xff});
  ReadDamaged(directory.Write("huge.flv", whole));

  Bytes box = {0x7f, 0xff, 0xff, 0xff, 'm', 'o', 'o', 'v'};
  const Bytes mp4 = ReadBytes(MediaFile("h264_aac.mp4"));
  box.insert(box.begin(), mp4.begin(), mp4.begin() + 32);
  ReadDamaged(directory.Write("huge.mp4", box));
}

TEST_CASE("damaged input: an empty file is told from a missing one") {
  const TempDirectory directory;
  const auto source =
      OpenUrlSource(nullptr, {.url = directory.Write("empty.ts", {})});
  REQUIRE_FALSE(source.ok());
  CHECK(source.status().code() != StatusCode::kNotFound);
  CHECK(source.status().code() != StatusCode::kInternal);
}
