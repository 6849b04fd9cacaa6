// Archives, as others read them.
#include "src/package/zip_body.h"

#include <algorithm>
#include <fstream>

#include "src/base/bytes.h"
#include "src/base/gzip.h"
#include "tests/catch.h"
#include "tests/inputs/child_process.h"
#include "tests/temporary_directory.h"

namespace hlsrec::package {
namespace {

using testing::ChildProcess;

ZipEntry TextEntry(const std::string& name, const std::string& text) {
  return {.name = name, .size = text.size(), .open = [text] {
            return StatusOr<std::shared_ptr<const Body>>(MakeStringBody(text));
          }};
}

class Zeros final : public Body {
 public:
  explicit Zeros(std::uint64_t size) : size_(size) {}
  std::uint64_t size() const override { return size_; }
  Status ReadAt(std::uint64_t, std::span<std::byte> out) const override {
    std::fill(out.begin(), out.end(), std::byte{0});
    return {};
  }

 private:
  const std::uint64_t size_;
};

// Of 2^n zeros, without looking at each.
std::uint32_t CrcOfZeros(int n) {
  const std::uint8_t zero = 0;
  std::uint32_t crc = ExtendCrc(0, std::span(&zero, 1));
  for (int i = 0; i < n; ++i) crc = JoinCrc(crc, crc, std::uint64_t{1} << i);
  return crc;
}

std::shared_ptr<const Body> Zip(std::vector<ZipEntry> entries) {
  auto body = MakeZipBody(std::move(entries));
  REQUIRE(body.ok());
  return *std::move(body);
}

std::string Whole(const Body& body) {
  auto bytes = ReadBody(body, 1 << 30);
  INFO(bytes.status().message());
  REQUIRE(bytes.ok());
  return *std::move(bytes);
}

void Write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

int Run(const std::vector<std::string>& words) {
  return ChildProcess(words).Wait();
}

std::string FirstLine(const std::vector<std::string>& words) {
  return ChildProcess(words).ReadLine();
}

TEST_CASE("zip: others open it and find what was put in") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("a.zip");
  std::size_t told = 0;
  const auto body =
      MakeZipBody({TextEntry("index.m3u8", "#EXTM3U\n"),
                   TextEntry("a b/\xc3\xa4.ts", std::string(100'000, 'x')),
                   TextEntry("empty", "")},
                  [&told](std::size_t) { ++told; });
  REQUIRE(body.ok());
  Write(path, Whole(**body));
  CHECK(told == 2);
  CHECK(Run({"unzip", "-tqq", path}) == 0);
  CHECK(Run({"python3", "-m", "zipfile", "-t", path}) == 0);
  REQUIRE(Run({"bsdtar", "-xf", path, "-C", directory.path()}) == 0);
  CHECK(std::filesystem::file_size(directory.Path("a b/\xc3\xa4.ts")) ==
        100'000);
  CHECK(std::filesystem::file_size(directory.Path("empty")) == 0);
  // From the front alone, without the directory at its end.
  CHECK(Run({"sh", "-c", "cat '" + path + "' | bsdtar -tf - >/dev/null"}) == 0);
}

TEST_CASE("zip: any piece of it, in any order, is the same") {
  const auto entries = [] {
    return std::vector<ZipEntry>{TextEntry("a", "first"),
                                 TextEntry("b", "second")};
  };
  const std::string whole = Whole(*Zip(entries()));
  const auto body = Zip(entries());
  REQUIRE(body->size() == whole.size());
  for (std::size_t at = whole.size(); at-- > 0;) {
    std::byte byte{};
    REQUIRE(body->ReadAt(at, std::span(&byte, 1)).ok());
    REQUIRE(static_cast<char>(byte) == whole[at]);
  }
  for (const std::size_t size : {2U, 7U, 31U, 64U}) {
    for (std::size_t at = 0; at + size <= whole.size(); ++at) {
      std::string piece(size, '\0');
      REQUIRE(body->ReadAt(at, std::as_writable_bytes(std::span(piece))).ok());
      REQUIRE(piece == whole.substr(at, size));
    }
  }
  std::byte byte{};
  CHECK(body->ReadAt(whole.size(), std::span(&byte, 1)).code() ==
        StatusCode::kDataLoss);
}

TEST_CASE("zip: more than 4 GiB, and what lies behind them") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("large.zip");
  constexpr int kBits = 33;
  const std::uint64_t large = std::uint64_t{1} << kBits;
  const auto body = Zip({{.name = "large.ts",
                          .size = large,
                          .open =
                              [large] {
                                return StatusOr<std::shared_ptr<const Body>>(
                                    std::make_shared<Zeros>(large));
                              },
                          .crc = CrcOfZeros(kBits)},
                         TextEntry("behind.txt", "behind it")});
  // All but zeros.
  std::ofstream(path, std::ios::binary).close();
  std::filesystem::resize_file(path, body->size());
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  for (const std::uint64_t at : {std::uint64_t{0}, body->size() - 4096}) {
    std::string part(4096, '\0');
    REQUIRE(body->ReadAt(at, std::as_writable_bytes(std::span(part))).ok());
    file.seekp(static_cast<std::streamoff>(at));
    file.write(part.data(), 4096);
  }
  file.close();
  CHECK(Run({"unzip", "-tqq", path, "behind.txt"}) == 0);
  CHECK(FirstLine({"python3", "-c",
                   "import sys,zipfile\n"
                   "z = zipfile.ZipFile(sys.argv[1])\n"
                   "print(z.getinfo('large.ts').file_size,"
                   " z.read('behind.txt').decode())",
                   path}) == std::to_string(large) + " behind it");
  CHECK(FirstLine({"sh", "-c",
                   "bsdtar -tvf '" + path +
                       "' | awk '{print $5}' | tr '\\n' "
                       "' '"}) == std::to_string(large) + " 9 ");
}

TEST_CASE("zip: the CRC that is known is the one that is read") {
  const auto entry = [](std::optional<std::uint32_t> crc) {
    return ZipEntry{.name = "zeros",
                    .size = 1 << 20,
                    .open =
                        [] {
                          return StatusOr<std::shared_ptr<const Body>>(
                              std::make_shared<Zeros>(1 << 20));
                        },
                    .crc = crc};
  };
  CHECK(Whole(*Zip({entry({})})) == Whole(*Zip({entry(CrcOfZeros(20))})));
}

TEST_CASE("zip: more entries than 16 bits count") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("many.zip");
  std::vector<ZipEntry> entries;
  for (int i = 0; i < 66'000; ++i) {
    entries.push_back(TextEntry(std::to_string(i), "x"));
  }
  Write(path, Whole(*Zip(std::move(entries))));
  CHECK(FirstLine({"python3", "-c",
                   "import sys,zipfile\n"
                   "print(len(zipfile.ZipFile(sys.argv[1]).namelist()))",
                   path}) == "66000");
  CHECK(Run({"unzip", "-tqq", path, "65999"}) == 0);
}

TEST_CASE("zip: names that can't be, and entries that changed") {
  CHECK_FALSE(MakeZipBody({TextEntry("a", ""), TextEntry("a", "")}).ok());
  CHECK_FALSE(MakeZipBody({TextEntry("", "")}).ok());
  ZipEntry changed = TextEntry("a", "text");
  changed.size = 5;
  const auto body = Zip({changed});
  CHECK(ReadBody(*body, 1000).status().code() == StatusCode::kDataLoss);
  ZipEntry gone = TextEntry("a", "text");
  gone.open = []() -> StatusOr<std::shared_ptr<const Body>> {
    return Status(StatusCode::kNotFound, "gone");
  };
  CHECK(ReadBody(*Zip({gone}), 1000).status().code() == StatusCode::kNotFound);
}

}  // namespace
}  // namespace hlsrec::package
