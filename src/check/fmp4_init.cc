#include "src/check/fmp4_init.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "src/check/mp4_boxes.h"

namespace hlsrec::check {
namespace {

Codec CodecOfSampleEntry(std::string_view entry) {
  if (entry == "avc1" || entry == "avc3") return Codec::kH264;
  if (entry == "hvc1" || entry == "hev1") return Codec::kH265;
  if (entry == "av01") return Codec::kAv1;
  if (entry == "mp4a") return Codec::kAac;
  if (entry == ".mp3") return Codec::kMp3;
  if (entry == "ac-3") return Codec::kAc3;
  if (entry == "ec-3") return Codec::kEac3;
  if (entry == "Opus") return Codec::kOpus;
  return Codec::kUnknown;
}

// The length of a descriptor, ISO/IEC 14496-1 section 8.3.3.
std::size_t DescriptorLength(ByteReader& reader) {
  std::size_t length = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint8_t byte = reader.U8();
    length = length << 7 | (byte & 0x7FU);
    if ((byte & 0x80U) == 0) break;
  }
  return length;
}

// What an esds box says: the object type and the AudioSpecificConfig.
struct Esds {
  int object_type = 0;
  Bytes config = {};
};

Esds ReadEsds(ByteSpan body) {
  Esds esds;
  FullBox box(body);
  ByteReader& reader = box.reader;
  if (reader.U8() != 3) return esds;
  DescriptorLength(reader);
  reader.Skip(2);
  const std::uint8_t flags = reader.U8();
  if ((flags & 0x80U) != 0) reader.Skip(2);
  if ((flags & 0x40U) != 0) reader.Skip(reader.U8());
  if ((flags & 0x20U) != 0) reader.Skip(2);
  if (reader.U8() != 4) return esds;
  DescriptorLength(reader);
  esds.object_type = reader.U8();
  reader.Skip(12);
  if (!reader.ok() || reader.remaining() == 0 || reader.U8() != 5) return esds;
  const ByteSpan config = reader.Take(DescriptorLength(reader));
  esds.config.assign(config.begin(), config.end());
  return esds;
}

// dOps (big-endian) as OpusHead (RFC 7845, little-endian).
Bytes OpusHead(ByteSpan dops) {
  if (dops.size() < 11) return {};
  Bytes head;
  Append(head, std::string_view("OpusHead"));
  AppendU8(head, 1);
  AppendU8(head, dops[1]);
  for (const std::size_t at : {3U, 2U}) head.push_back(dops[at]);
  for (const std::size_t at : {7U, 6U, 5U, 4U}) head.push_back(dops[at]);
  for (const std::size_t at : {9U, 8U}) head.push_back(dops[at]);
  Append(head, dops.subspan(10));
  return head;
}

void ReadConfig(const BoxList& boxes, InitTrack& track) {
  const auto take = [&](std::string_view type) {
    const Box* box = boxes.Find(type);
    if (box != nullptr) track.config.assign(box->body.begin(), box->body.end());
    return box != nullptr;
  };
  switch (track.codec) {
    case Codec::kH264:
      if (take("avcC") && track.config.size() > 4) {
        track.nal_length_size = (track.config[4] & 3) + 1;
      }
      break;
    case Codec::kH265:
      if (take("hvcC") && track.config.size() > 21) {
        track.nal_length_size = (track.config[21] & 3) + 1;
      }
      break;
    case Codec::kAv1:
      take("av1C");
      break;
    case Codec::kAac:
      if (const Box* box = boxes.Find("esds")) {
        Esds esds = ReadEsds(box->body);
        track.config = std::move(esds.config);
        constexpr int kMpeg2Layer3 = 0x69;
        constexpr int kMpeg1Layer3 = 0x6B;
        if (esds.object_type == kMpeg2Layer3 ||
            esds.object_type == kMpeg1Layer3) {
          track.codec = Codec::kMp3;
        }
      }
      break;
    case Codec::kOpus:
      if (const Box* box = boxes.Find("dOps")) {
        track.config = OpusHead(box->body);
      }
      break;
    default:
      break;
  }
}

void ReadSampleEntry(ByteSpan stsd, InitTrack& track, InitFacts& facts) {
  FullBox box(stsd);
  const std::uint32_t entries = box.reader.U32();
  std::optional<Box> entry;
  if (stsd.size() > 8) entry = ReadBox(stsd, 8);
  if (entries == 0 || !entry) {
    facts.issues.push_back(
        {"R62", IssueLevel::kError,
         fmt::format("track {}: no sample description", track.id)});
    return;
  }
  track.sample_entry = entry->type;
  track.codec = CodecOfSampleEntry(entry->type);
  const std::size_t fixed = track.video ? 78 : 28;
  if (entry->body.size() > fixed) {
    ReadConfig(ReadBoxes(entry->body.subspan(fixed)), track);
  }
  const bool has_sets = !track.config.empty();
  const bool needs_sets =
      track.codec == Codec::kH264 || track.codec == Codec::kH265;
  if (needs_sets && !has_sets) {
    facts.issues.push_back(
        {"R62", IssueLevel::kError,
         fmt::format("track {}: {} without its configuration", track.id,
                     track.sample_entry)});
  } else if (entry->type == "avc3" || entry->type == "hev1") {
    facts.issues.push_back(
        {"R62", IssueLevel::kApple,
         fmt::format("track {}: {}, parameter sets belong in the sample "
                     "description",
                     track.id, track.sample_entry)});
  }
}

// Sample tables of a fragmented file are empty.
bool TablesAreEmpty(const BoxList& stbl) {
  for (const std::string_view type : {"stts", "stsc", "stco", "co64"}) {
    const Box* box = stbl.Find(type);
    if (box == nullptr) continue;
    FullBox table(box->body);
    if (table.reader.U32() != 0) return false;
  }
  if (const Box* box = stbl.Find("stsz")) {
    FullBox table(box->body);
    table.reader.Skip(4);
    if (table.reader.U32() != 0) return false;
  }
  return true;
}

// The segments have the duration: the header at `box`, read up to it, has none.
void CheckNoDuration(std::string_view type, FullBox& box, InitFacts& facts) {
  const std::uint64_t unknown = box.version == 1
                                    ? std::numeric_limits<std::uint64_t>::max()
                                    : std::numeric_limits<std::uint32_t>::max();
  const std::uint64_t duration =
      box.version == 1 ? box.reader.U64() : box.reader.U32();
  if (!box.reader.ok() || duration == 0 || duration == unknown) return;
  facts.issues.push_back(
      {"R58", IssueLevel::kError,
       fmt::format("{} has a duration of {}, not zero", type, duration)});
}

void ReadTrack(ByteSpan body, InitFacts& facts) {
  InitTrack track;
  const BoxList trak = ReadBoxes(body);
  if (const Box* box = trak.Find("tkhd")) {
    FullBox tkhd(box->body);
    tkhd.reader.Skip(tkhd.version == 1 ? 16 : 8);
    track.id = static_cast<int>(tkhd.reader.U32());
    tkhd.reader.Skip(4);
    CheckNoDuration("tkhd", tkhd, facts);
  }
  const Box* mdia_box = trak.Find("mdia");
  if (mdia_box == nullptr) return;
  const BoxList mdia = ReadBoxes(mdia_box->body);
  if (const Box* box = mdia.Find("mdhd")) {
    FullBox mdhd(box->body);
    mdhd.reader.Skip(mdhd.version == 1 ? 16 : 8);
    track.timescale = std::max<std::uint32_t>(mdhd.reader.U32(), 1);
  }
  if (const Box* box = mdia.Find("hdlr")) {
    FullBox hdlr(box->body);
    hdlr.reader.Skip(4);
    const ByteSpan type = hdlr.reader.Take(4);
    track.video = type.size() == 4 && type[0] == 'v' && type[1] == 'i';
  }
  const Box* minf = mdia.Find("minf");
  const BoxList minf_boxes = minf ? ReadBoxes(minf->body) : BoxList();
  const Box* stbl_box = minf_boxes.Find("stbl");
  if (stbl_box != nullptr) {
    const BoxList stbl = ReadBoxes(stbl_box->body);
    if (const Box* stsd = stbl.Find("stsd")) {
      ReadSampleEntry(stsd->body, track, facts);
    }
    if (!TablesAreEmpty(stbl)) {
      facts.issues.push_back(
          {"R58", IssueLevel::kError,
           fmt::format("track {}: the sample tables are not empty", track.id)});
    }
  }
  facts.tracks.push_back(std::move(track));
}

void ReadMvex(ByteSpan body, InitFacts& facts) {
  const BoxList mvex = ReadBoxes(body);
  for (const Box& box : mvex.boxes) {
    if (box.type != "trex") continue;
    FullBox trex(box.body);
    const int id = static_cast<int>(trex.reader.U32());
    trex.reader.Skip(4);
    for (InitTrack& track : facts.tracks) {
      if (track.id != id) continue;
      track.default_duration = trex.reader.U32();
      track.default_size = trex.reader.U32();
      track.default_flags = trex.reader.U32();
    }
  }
}

// "iso6" or later, or a brand that includes it (RFC 8216 section 3.3).
bool HasBrand(ByteSpan ftyp) {
  constexpr std::array<std::string_view, 12> kBrands = {
      "iso6", "iso7", "iso8", "iso9", "isoa", "isob",
      "cmfc", "cmf2", "cmfl", "cmfs", "msdh", "dash"};
  for (std::size_t at = 0; at + 4 <= ftyp.size(); at += 4) {
    if (at == 4) continue;  // minor version
    const std::string_view brand(
        reinterpret_cast<const char*>(ftyp.data() + at), 4);
    if (std::find(kBrands.begin(), kBrands.end(), brand) != kBrands.end()) {
      return true;
    }
  }
  return false;
}

}  // namespace

InitFacts ReadFmp4Init(ByteSpan bytes) {
  InitFacts facts;
  const auto error = [&](std::string message) {
    facts.issues.push_back({"R58", IssueLevel::kError, std::move(message)});
  };
  const BoxList top = ReadBoxes(bytes);
  if (!top.whole) error("the init section ends inside a box");
  const Box* ftyp = top.Find("ftyp");
  if (ftyp == nullptr) {
    error("no ftyp");
  } else if (!HasBrand(ftyp->body)) {
    error("no brand iso6 or later in ftyp");
  }
  const Box* moov_box = top.Find("moov");
  if (moov_box == nullptr) {
    error("no moov");
    return facts;
  }
  const BoxList moov = ReadBoxes(moov_box->body);
  if (const Box* box = moov.Find("mvhd")) {
    FullBox mvhd(box->body);
    mvhd.reader.Skip(mvhd.version == 1 ? 20 : 12);
    CheckNoDuration("mvhd", mvhd, facts);
  }
  for (const Box& box : moov.boxes) {
    if (box.type == "trak") ReadTrack(box.body, facts);
  }
  if (const Box* mvex = moov.Find("mvex")) {
    ReadMvex(mvex->body, facts);
  } else {
    error("no mvex");
  }
  if (facts.tracks.empty()) error("no track");
  return facts;
}

}  // namespace hlsrec::check
