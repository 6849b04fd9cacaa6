#include "tests/crash/live_feed.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <span>

#include "tests/av/media_files.h"
#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"

namespace hlsrec::testing {
namespace {

constexpr std::size_t kTsPacket = 188;
constexpr std::size_t kDatagram = 7 * kTsPacket;
constexpr int kBitRate = 700'000;
constexpr unsigned kVideoPid = 0x100;  // ffmpeg's first

LiveFeed::Places PlacesOf(const std::vector<std::uint64_t>& hashes) {
  LiveFeed::Places places;
  for (std::size_t i = 0; i < hashes.size(); ++i) places.emplace(hashes[i], i);
  REQUIRE(places.size() == hashes.size());
  return places;
}

}  // namespace

LiveFeed::LiveFeed(const std::string& folder, std::chrono::seconds duration,
                   const std::vector<int>& ports) {
  const std::string path = folder + "/live.ts";
  const std::string gop = std::to_string(kPicturesPerKeyframe);
  Ffmpeg({"-f",       "lavfi",
          "-i",       "testsrc2=s=320x180:r=25",
          "-f",       "lavfi",
          "-i",       "anoisesrc=r=44100:a=0.1",
          "-t",       std::to_string(duration.count()),
          "-c:v",     "libx264",
          "-preset",  "ultrafast",
          "-bf",      "0",
          "-g",       gop,
          "-b:v",     "300k",
          "-maxrate", "300k",
          "-bufsize", "150k",
          "-c:a",     "aac",
          "-b:a",     "64k",
          "-muxrate", std::to_string(kBitRate),
          "-f",       "mpegts",
          path});
  bytes_ = ReadBytes(path);
  const Contents contents = ContentsOf(path);
  pictures_ = PlacesOf(contents.video);
  sounds_ = PlacesOf(contents.audio);
  FindPictures();
  REQUIRE(picture_begins_.size() == contents.video.size());
  thread_ = std::thread([this, ports] { Run(ports); });
}

LiveFeed::~LiveFeed() {
  stop_ = true;
  thread_.join();
}

// ffmpeg writes one picture per PES packet.
void LiveFeed::FindPictures() {
  const std::span<const std::uint8_t> all = bytes_;
  for (std::size_t at = 0; at + kTsPacket <= all.size(); at += kTsPacket) {
    const auto packet = all.subspan(at, kTsPacket);
    const unsigned pid = (packet[1] & 0x1fu) << 8 | packet[2];
    if (pid != kVideoPid) continue;
    const bool begins = (packet[1] & 0x40u) != 0;
    const bool payload = (packet[3] & 0x10u) != 0;
    if (begins) {
      picture_begins_.push_back(at / kDatagram);
      picture_ends_.push_back(at / kDatagram);
    } else if (payload && !picture_ends_.empty()) {
      picture_ends_.back() = at / kDatagram;
    }
  }
}

void LiveFeed::Run(const std::vector<int>& ports) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const Steady begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i * kDatagram < bytes_.size() && !stop_; ++i) {
    // The source is live: its bytes come at their time.
    std::this_thread::sleep_until(
        begin +
        std::chrono::microseconds(i * kDatagram * 8 * 1'000'000 / kBitRate));
    for (const int port : ports) {
      sockaddr_in address = {};
      address.sin_family = AF_INET;
      address.sin_port = htons(static_cast<std::uint16_t>(port));
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      // Nobody may be there: it is lost then, as with any live source.
      (void)::sendto(fd, bytes_.data() + i * kDatagram,
                     std::min(kDatagram, bytes_.size() - i * kDatagram), 0,
                     reinterpret_cast<const sockaddr*>(&address),
                     sizeof(address));
    }
    const std::lock_guard lock(mutex_);
    sent_.push_back(std::chrono::steady_clock::now());
  }
  ::close(fd);
  over_ = true;
}

std::optional<Steady> LiveFeed::SentAt(std::size_t picture) const {
  const std::lock_guard lock(mutex_);
  const std::size_t datagram = picture_ends_.at(picture);
  if (datagram >= sent_.size()) return std::nullopt;
  return sent_[datagram];
}

std::optional<std::size_t> LiveFeed::KeyframeAfter(Steady time) const {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < picture_begins_.size();
       i += kPicturesPerKeyframe) {
    if (picture_begins_[i] >= sent_.size()) break;
    if (sent_[picture_begins_[i]] >= time) return i;
  }
  return std::nullopt;
}

}  // namespace hlsrec::testing
