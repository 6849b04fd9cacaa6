#include "src/spool/spool_recovery.h"

#include "src/base/hash.h"
#include "src/spool/sidecar.h"
#include "tests/dying_file_system.h"
#include "tests/spool/spool_bench.h"

namespace hlsrec::spool {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kName[] = "0123456789abcdef01234567.ts";

std::string Sha(const std::string& text) {
  Bytes bytes;
  Append(bytes, text);
  return Sha256Hex(bytes);
}

// Three chunks of 1000 bytes and a rest of 500.
std::string Media() {
  std::string text;
  for (int i = 0; i < 3500; ++i) text += static_cast<char>('a' + i % 23);
  return text;
}

std::string SidecarText() {
  std::string text = RenderSidecarHeader({.id = {.recording = 1, .index = 5},
                                          .start = WallTime(seconds(1000)),
                                          .discontinuity = true,
                                          .init_hash = "11"});
  for (std::uint64_t i = 1; i <= 3; ++i) {
    text += RenderSidecarChunk(
        {.end = i * 1000,
         .duration = seconds(i),
         .sha256_prefix = Sha(Media().substr(0, i * 1000))
                              .substr(0, SidecarChunk::kShaDigits)});
  }
  return text;
}

struct Left {
  SpoolFolder folder;
  explicit Left(const std::string& media = Media(),
                const std::string& sidecar = SidecarText()) {
    folder.store->Open(1);
    folder.Write("journal.db", "");
    folder.Write(kName, media);
    folder.Write(std::string(kName) + ".open", sidecar);
  }
};

TEST_CASE("recovery: an open segment is adopted to its last whole chunk") {
  Left left;
  SpoolRun run(left.folder);
  REQUIRE(run.spool);
  REQUIRE(left.folder.store->segments().size() == 1);
  const SegmentSealed sealed = left.folder.store->segments().front();
  CHECK(sealed.id == SegmentId{.recording = 1, .index = 5});
  CHECK(sealed.duration == seconds(3));
  CHECK(sealed.start == WallTime(seconds(1000)));
  CHECK(sealed.discontinuity);
  CHECK(!sealed.gap);
  CHECK(sealed.init_hash == "11");
  CHECK(sealed.file == kName);
  CHECK(sealed.size_bytes == 3000);
  CHECK(sealed.sha256 == Sha(Media().substr(0, 3000)));
  CHECK(left.folder.Read(kName) == Media().substr(0, 3000));
  CHECK(left.folder.Files() == WithSidecar(kName));
  CHECK(run.spool->recovered().adopted.size() == 1);
  CHECK(run.spool->recovered().bytes_discarded == 500);
  CHECK(run.spool->used_bytes() == 3000);
}

TEST_CASE("recovery: media cut anywhere is adopted as far as chunks go") {
  for (std::size_t size = 0; size <= Media().size(); size += 125) {
    INFO(size);
    Left left(Media().substr(0, size));
    SpoolRun run(left.folder);
    REQUIRE(run.spool);
    const auto segments = left.folder.store->segments();
    if (size < 1000) {
      CHECK(segments.empty());
      CHECK(left.folder.Files().empty());
      CHECK(run.spool->recovered().bytes_discarded == size);
      continue;
    }
    const std::size_t whole = std::min<std::size_t>(size / 1000, 3) * 1000;
    REQUIRE(segments.size() == 1);
    CHECK(segments[0].size_bytes == whole);
    CHECK(segments[0].duration == seconds(whole / 1000));
    CHECK(left.folder.Read(kName) == Media().substr(0, whole));
    CHECK(run.spool->recovered().bytes_discarded == size - whole);
  }
}

TEST_CASE("recovery: a sidecar torn anywhere counts as far as it is whole") {
  const std::string text = SidecarText();
  for (std::size_t size = 0; size <= text.size(); ++size) {
    INFO(size);
    const std::string torn = text.substr(0, size);
    Left left(Media(), torn);
    SpoolRun run(left.folder);
    REQUIRE(run.spool);
    const auto lines = std::count(torn.begin(), torn.end(), '\n');
    const auto segments = left.folder.store->segments();
    if (lines < 2) {
      CHECK(segments.empty());
      CHECK(left.folder.Files().empty());
      continue;
    }
    REQUIRE(segments.size() == 1);
    CHECK(segments[0].size_bytes ==
          static_cast<std::uint64_t>(lines - 1) * 1000);
  }
}

TEST_CASE("recovery: bytes that are not those written end what is adopted") {
  for (const std::size_t at : {0U, 999U, 1000U, 1999U, 2000U, 2999U, 3000U}) {
    INFO(at);
    std::string media = Media();
    media[at] = '!';
    Left left(media);
    SpoolRun run(left.folder);
    REQUIRE(run.spool);
    const auto segments = left.folder.store->segments();
    REQUIRE(segments.size() == (at < 1000 ? 0 : 1));
    if (at < 1000) {
      CHECK(left.folder.Files().empty());
    } else {
      CHECK(segments[0].size_bytes == at / 1000 * 1000);
      CHECK(segments[0].sha256 == Sha(left.folder.Read(kName)));
    }
  }
}

TEST_CASE("recovery: a segment that is in the journal stays as it is") {
  Left left;
  left.folder.store->Add(SegmentSealed{
      .id = {.recording = 1, .index = 5}, .file = kName, .size_bytes = 3500});
  SpoolRun run(left.folder);
  REQUIRE(run.spool);
  CHECK(left.folder.store->segments().size() == 1);
  CHECK(left.folder.Files() == WithSidecar(kName));
  CHECK(left.folder.Read(kName) == Media());
}

TEST_CASE("recovery: a sidecar goes after its segment") {
  Left left;
  left.folder.store->Add(SegmentSealed{
      .id = {.recording = 1, .index = 5}, .file = kName, .size_bytes = 3500});
  std::filesystem::remove(left.folder.Path(kName));
  SpoolRun run(left.folder);
  REQUIRE(run.spool);
  CHECK(left.folder.Files().empty());
}

TEST_CASE("recovery: what an output took by link is not cut") {
  Left left;
  const std::string taken = left.folder.directory.Path("taken.ts");
  std::filesystem::create_hard_link(left.folder.Path(kName), taken);
  SpoolRun run(left.folder);
  REQUIRE(run.spool);
  CHECK(std::filesystem::file_size(taken) == Media().size());
  CHECK(left.folder.store->segments().empty());
  CHECK(left.folder.Files().empty());
}

TEST_CASE("recovery: what is older than all that is known was forgotten") {
  Left left;
  left.folder.store->Add(SegmentSealed{.id = {.recording = 1, .index = 6},
                                       .file = "ffffffffffffffffffffffff.ts"});
  SpoolRun run(left.folder);
  REQUIRE(run.spool);
  CHECK(left.folder.store->segments().size() == 1);
  CHECK(left.folder.Files().empty());
}

TEST_CASE("recovery: what a forgotten recording left goes") {
  Left left;
  left.folder.store->Add(RecordingForgotten{.recording = 1});
  SpoolRun run(left.folder);
  REQUIRE(run.spool);
  CHECK(left.folder.Files().empty());
}

TEST_CASE("recovery: a segment that is sealed in another file is left over") {
  Left left;
  left.folder.store->Add(SegmentSealed{.id = {.recording = 1, .index = 5},
                                       .file = "ffffffffffffffffffffffff.ts"});
  SpoolRun run(left.folder);
  REQUIRE(run.spool);
  CHECK(left.folder.store->segments().size() == 1);
  CHECK(left.folder.Files().empty());
  CHECK(run.spool->recovered().notes.size() == 1);
}

TEST_CASE("recovery: a recording that is not in the journal is left alone") {
  SpoolFolder folder;
  folder.Write("journal.db", "");
  folder.Write(kName, Media());
  folder.Write(std::string(kName) + ".open", SidecarText());
  SpoolRun run(folder);
  REQUIRE(run.spool);
  CHECK(folder.Files().size() == 2);
  CHECK(folder.Read(kName) == Media());
  CHECK(run.spool->recovered().notes.size() == 1);
  CHECK(run.spool->used_bytes() == Media().size());
}

TEST_CASE("recovery: what nobody refers to goes, what is not ours stays") {
  SpoolFolder folder;
  folder.store->Open(1);
  folder.store->Add(
      SegmentSealed{.id = {.recording = 1}, .file = kName, .size_bytes = 3500});
  folder.Write("journal.db", "");
  folder.Write(kName, Media());
  folder.Write("aaaaaaaaaaaaaaaaaaaaaaaa.m4s", "left");
  folder.Write("bbbbbbbbbbbbbbbbbbbbbbbb.ts.open", "left");
  folder.Write("holiday.ts", "mine");
  folder.Write("cccccccccccccccccccccccc.ts.bak", "mine");
  folder.Write("AAAAAAAAAAAAAAAAAAAAAAAA.ts", "mine");
  SpoolRun run(folder);
  REQUIRE(run.spool);
  CHECK(folder.Files() ==
        std::set<std::string>{kName, "holiday.ts",
                              "cccccccccccccccccccccccc.ts.bak",
                              "AAAAAAAAAAAAAAAAAAAAAAAA.ts"});
}

TEST_CASE("recovery: nothing is left over where the journal was lost") {
  SpoolFolder folder;
  folder.Write(kName, Media());
  SpoolRun run(folder);
  REQUIRE(run.spool);
  CHECK(folder.Files() == std::set<std::string>{kName});
}

TEST_CASE("recovery: a journal that takes nothing leaves all to the next run") {
  Left left;
  {
    SpoolRun run(left.folder, PosixFileSystem(), {},
                 OpenFakeJournal(left.folder.store, {},
                                 Status(StatusCode::kDataLoss, "broken")));
    CHECK(run.opened.status().code() == StatusCode::kDataLoss);
  }
  SpoolRun run(left.folder);
  REQUIRE(run.spool);
  CHECK(left.folder.store->segments().size() == 1);
}

// Writes segment 0 in three chunks, the last one unmarked.
void WriteAndSeal(SpoolRun& run) {
  auto writer = run.Create(0);
  const std::string media = Media();
  const auto append = [&](std::size_t from, std::size_t to) {
    Bytes bytes;
    Append(bytes, std::string_view(media).substr(from, to - from));
    writer->Append(std::move(bytes));
  };
  append(0, 600);
  append(600, 1000);
  writer->MarkChunk(seconds(1));
  run.simulation.Advance(milliseconds(1100));
  append(1000, 2000);
  writer->MarkChunk(seconds(2));
  append(2000, 3500);
  const auto sealed = run.Seal(*writer);
  writer = nullptr;
  run.simulation.RunUntilIdle();
  // Undelivered when the run ends.
}

// All there is, is true.
std::uint64_t CheckConsistent(SpoolFolder& folder, Durability durability) {
  const auto segments = folder.store->segments();
  REQUIRE(segments.size() <= 1);
  if (segments.empty()) {
    CHECK(folder.Files().empty());
    return 0;
  }
  CHECK(folder.Files() == WithSidecar(segments[0].file));
  const std::string bytes = folder.Read(segments[0].file);
  CHECK(bytes.size() == segments[0].size_bytes);
  CHECK(bytes == Media().substr(0, bytes.size()));
  // Without durability only what is adopted was ever hashed.
  if (!segments[0].sha256.empty()) {
    CHECK(Sha(bytes) == segments[0].sha256);
  } else {
    CHECK(durability == Durability::kNone);
  }
  CHECK(segments[0].duration == (bytes.size() == 3500   ? seconds(6)
                                 : bytes.size() == 2000 ? seconds(2)
                                                        : seconds(1)));
  return bytes.size();
}

TEST_CASE("recovery: death in any call costs what follows the last chunk") {
  for (const Durability durability :
       {Durability::kNone, Durability::kSegment, Durability::kSecond}) {
    std::vector<std::uint64_t> sizes;
    bool reached_end = false;
    for (int call = 1; !reached_end; ++call) {
      REQUIRE(call < 100);
      SpoolFolder folder;
      folder.store->Open(1);
      {
        DyingFileSystem files(PosixFileSystem());
        SpoolRun run(
            folder, files, {.durability = durability},
            OpenFakeJournal(folder.store, [&files] { return files.Step(); }));
        REQUIRE(run.spool);
        files.DieInCall(call);
        WriteAndSeal(run);
        reached_end = !files.dead();
      }
      SpoolRun next(folder);
      REQUIRE(next.spool);
      sizes.push_back(CheckConsistent(folder, durability));
    }
    CHECK(std::is_sorted(sizes.begin(), sizes.end()));
    CHECK(std::set<std::uint64_t>(sizes.begin(), sizes.end()) ==
          std::set<std::uint64_t>{0, 1000, 2000, 3500});
  }
}

TEST_CASE("recovery: death in any call of recovery changes nothing") {
  bool reached_end = false;
  for (int call = 1; !reached_end; ++call) {
    REQUIRE(call < 100);
    Left left;
    left.folder.Write("aaaaaaaaaaaaaaaaaaaaaaaa.m4s", "left over");
    {
      DyingFileSystem files(PosixFileSystem());
      files.DieInCall(call);
      SpoolRun run(left.folder, files, {},
                   OpenFakeJournal(left.folder.store,
                                   [&files] { return files.Step(); }));
      reached_end = !files.dead();
    }
    SpoolRun next(left.folder);
    REQUIRE(next.spool);
    REQUIRE(left.folder.store->segments().size() == 1);
    CHECK(left.folder.store->segments()[0].size_bytes == 3000);
    CHECK(left.folder.Files() == WithSidecar(kName));
    CHECK(left.folder.Read(kName) == Media().substr(0, 3000));
  }
}

}  // namespace
}  // namespace hlsrec::spool
