#ifndef HLSREC_SRC_CHECK_DELIVERY_RULES_H_
#define HLSREC_SRC_CHECK_DELIVERY_RULES_H_

#include <string>

#include "src/check/fetch.h"
#include "src/check/findings.h"
#include "src/check/segment_facts.h"
#include "src/playlist/parse.h"

// What the headers of an HTTP answer say. Files have none: they pass.
namespace hlsrec::check {

void CheckPlaylistDelivery(const std::string& location, const Fetched& fetched,
                           const playlist::ParsedPlaylist& parsed,
                           Findings& findings);

void CheckSegmentType(const std::string& content_type,
                      const playlist::Segment& segment, SegmentKind kind,
                      Findings& findings);

// Segments leave this list: those who cache them must be told how long.
bool IsSliding(const playlist::MediaPlaylist& media);

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_DELIVERY_RULES_H_
