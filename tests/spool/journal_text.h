#ifndef HLSREC_TESTS_SPOOL_JOURNAL_TEXT_H_
#define HLSREC_TESTS_SPOOL_JOURNAL_TEXT_H_

#include <fmt/format.h>

#include <string>

#include "src/base/hash.h"
#include "src/spool/journal.h"

namespace hlsrec::spool {

inline std::string HashOf(std::string_view bytes) {
  return Sha256Hex(
      {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

// All of an entry in a line, to compare and to read.
inline std::string Text(const InitSection& e) {
  return fmt::format("init {} r{} p{} {} {}", e.recording, e.rendition,
                     e.packaging, e.hash,
                     e.bytes.size() < 100 ? e.bytes : HashOf(e.bytes));
}
inline std::string Text(const SegmentSealed& e) {
  return fmt::format(
      "segment {} r{} p{} #{} {}us at {}{}{} init '{}' file '{}' {} bytes '{}'",
      e.id.recording, e.id.rendition, e.id.packaging, e.id.index,
      e.duration.count(),
      std::chrono::duration_cast<std::chrono::microseconds>(
          e.start.time_since_epoch())
          .count(),
      e.discontinuity ? " discontinuity" : "", e.gap ? " gap" : "", e.init_hash,
      e.file, e.size_bytes, e.sha256);
}
inline std::string Text(const SegmentDelivered& e) {
  return fmt::format("delivery {} {} r{} #{} {}{}", e.recording, e.output,
                     e.rendition, e.index,
                     e.outcome == Outcome::kStored ? "stored" : "lost",
                     e.etag.empty() ? "" : " " + e.etag);
}
inline std::string Text(const PlaylistPublished& e) {
  return fmt::format("playlist {} {} r{} {} {}-{} d{}{}", e.recording, e.output,
                     e.rendition, e.key, e.oldest_sequence, e.newest_sequence,
                     e.discontinuity_sequence, e.ended ? " ended" : "");
}
inline std::string Text(const RenditionDescribed& e) {
  return fmt::format("rendition {} r{} {}", e.recording, e.rendition, e.info);
}
inline std::string Text(const ChatAppended& e) {
  return fmt::format("chat {} #{} {}", e.recording, e.number, e.message);
}
inline std::string Text(const RecordingSummary& e) {
  return fmt::format("recording {} '{}' '{}'{}", e.recording, e.identity,
                     e.config, e.ending ? " ending" : "");
}
inline std::string Text(const JournaledRecording& all) {
  std::string text = Text(all.summary) + "\n";
  const auto add = [&text](const auto& entries) {
    for (const auto& entry : entries) text += Text(entry) + "\n";
  };
  add(all.inits);
  add(all.segments);
  add(all.deliveries);
  add(all.playlists);
  add(all.renditions);
  add(all.chat);
  return text;
}

}  // namespace hlsrec::spool

#endif  // HLSREC_TESTS_SPOOL_JOURNAL_TEXT_H_
