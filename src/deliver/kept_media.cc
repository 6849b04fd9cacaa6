#include "src/deliver/kept_media.h"

#include <utility>

namespace hlsrec::deliver {

void KeptMedia::Add(std::size_t rendition, KeptSegment segment) {
  segments_[rendition].push_back(std::move(segment));
}

// Indices have no holes: a segment's place is known.
KeptSegment* KeptMedia::Find(std::size_t rendition, std::uint64_t index) {
  std::vector<KeptSegment>& segments = segments_[rendition];
  if (segments.empty() || index < segments.front().index) return nullptr;
  const std::uint64_t place = index - segments.front().index;
  if (place >= segments.size()) return nullptr;
  return &segments[static_cast<std::size_t>(place)];
}

void KeptMedia::LetGo(KeptSegment& segment) {
  const auto body = std::exchange(segment.body, nullptr);
  const auto owed = std::exchange(segment.owed, nullptr);
  if (body != nullptr && owed != nullptr) --*owed;
}

void KeptMedia::OnDelivered(std::size_t rendition, std::uint64_t index) {
  if (KeptSegment* segment = Find(rendition, index)) segment->delivered = true;
}

void KeptMedia::Drop(std::size_t rendition, std::uint64_t index) {
  if (KeptSegment* segment = Find(rendition, index)) LetGo(*segment);
}

std::string KeptMedia::DropOldest() {
  KeptSegment* oldest = nullptr;
  for (std::vector<KeptSegment>& segments : segments_) {
    for (KeptSegment& segment : segments) {
      if (segment.body == nullptr || !segment.delivered) continue;
      if (oldest == nullptr || segment.index < oldest->index) oldest = &segment;
      break;
    }
  }
  if (oldest == nullptr) return {};
  LetGo(*oldest);
  return oldest->key;
}

void KeptMedia::Release() {
  for (std::vector<KeptSegment>& segments : segments_) {
    for (KeptSegment& segment : segments) LetGo(segment);
    segments.clear();
  }
}

}  // namespace hlsrec::deliver
