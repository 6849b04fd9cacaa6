#include "src/playlist/parse_multivariant.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "src/playlist/parse_values.h"

namespace hlsrec::playlist {
namespace {

constexpr std::string_view kStreamInf = "EXT-X-STREAM-INF";
constexpr std::string_view kIFrameStreamInf = "EXT-X-I-FRAME-STREAM-INF";
constexpr std::string_view kMedia = "EXT-X-MEDIA";
constexpr std::string_view kSessionData = "EXT-X-SESSION-DATA";
constexpr std::string_view kSessionKey = "EXT-X-SESSION-KEY";
constexpr std::string_view kContentSteering = "EXT-X-CONTENT-STEERING";
constexpr std::array kTags = {kStreamInf,   kIFrameStreamInf, kMedia,
                              kSessionData, kSessionKey,      kContentSteering};

}  // namespace

bool MultivariantReader::Knows(std::string_view tag) {
  return std::find(kTags.begin(), kTags.end(), tag) != kTags.end();
}

void MultivariantReader::Tag(std::string_view tag, std::string_view value) {
  if (tag == kStreamInf) {
    StreamInf(value);
  } else if (tag == kIFrameStreamInf) {
    IFrameStreamInf(value);
  } else if (tag == kMedia) {
    Media(value);
  } else if (tag == kSessionKey) {
    out_.session_keys.push_back(ReadKey(context_, kSessionKey, value));
  } else if (tag == kSessionData) {
    if (context_.Attributes(kSessionData, value).Get("DATA-ID").empty()) {
      context_.Error("R79", "EXT-X-SESSION-DATA without DATA-ID");
    }
    out_.session_data.push_back({.name = std::string(tag),
                                 .value = std::string(value),
                                 .line = context_.line()});
  } else {
    OtherTag(tag, value);
  }
}

void MultivariantReader::OtherTag(std::string_view tag,
                                  std::string_view value) {
  out_.other_tags.push_back({.name = std::string(tag),
                             .value = std::string(value),
                             .line = context_.line()});
}

Variant MultivariantReader::ReadVariant(std::string_view tag,
                                        std::string_view value) {
  Variant variant{.line = context_.line(),
                  .uri_line = context_.line(),
                  .attributes = context_.Attributes(tag, value)};
  const AttributeList& attributes = variant.attributes;
  const auto bandwidth = ParseDecimalInteger(attributes.Get("BANDWIDTH"));
  if (!bandwidth) {
    context_.Error("R67", fmt::format("{} without BANDWIDTH", tag));
  }
  variant.bandwidth = bandwidth.value_or(0);
  variant.average_bandwidth =
      ParseDecimalInteger(attributes.Get("AVERAGE-BANDWIDTH"));
  variant.codecs = attributes.Get("CODECS");
  if (const auto size = ParseResolution(attributes.Get("RESOLUTION"))) {
    variant.width = size->width;
    variant.height = size->height;
  }
  variant.frame_rate = attributes.Get("FRAME-RATE");
  variant.video_range = attributes.Get("VIDEO-RANGE");
  variant.audio = attributes.Get("AUDIO");
  variant.video = attributes.Get("VIDEO");
  variant.subtitles = attributes.Get("SUBTITLES");
  variant.closed_captions = attributes.Get("CLOSED-CAPTIONS");
  if (attributes.Find("PROGRAM-ID") != nullptr) {
    context_.Warning("R8", "PROGRAM-ID was removed in version 6");
  }
  return variant;
}

void MultivariantReader::StreamInf(std::string_view value) {
  if (uri_expected_) {
    context_.Error("R67", "EXT-X-STREAM-INF is not followed by a URI line");
    out_.variants.pop_back();
  }
  out_.variants.push_back(ReadVariant(kStreamInf, value));
  uri_expected_ = true;
}

void MultivariantReader::IFrameStreamInf(std::string_view value) {
  Variant variant = ReadVariant(kIFrameStreamInf, value);
  variant.uri = variant.attributes.Get("URI");
  if (variant.uri.empty()) {
    context_.Error("R67", "EXT-X-I-FRAME-STREAM-INF without URI");
  }
  out_.i_frame_variants.push_back(std::move(variant));
}

void MultivariantReader::Media(std::string_view value) {
  Rendition rendition{.attributes = context_.Attributes(kMedia, value),
                      .line = context_.line()};
  const AttributeList& attributes = rendition.attributes;
  for (const std::string_view name : {"TYPE", "GROUP-ID", "NAME"}) {
    if (attributes.Get(name).empty()) {
      context_.Error("R74", fmt::format("EXT-X-MEDIA without {}", name));
    }
  }
  rendition.type = attributes.Get("TYPE");
  rendition.uri = attributes.Get("URI");
  rendition.group_id = attributes.Get("GROUP-ID");
  rendition.language = attributes.Get("LANGUAGE");
  rendition.name = attributes.Get("NAME");
  rendition.channels = attributes.Get("CHANNELS");
  rendition.is_default = attributes.Get("DEFAULT") == "YES";
  rendition.autoselect = attributes.Get("AUTOSELECT") == "YES";
  rendition.forced = attributes.Get("FORCED") == "YES";
  const std::string_view instream = attributes.Get("INSTREAM-ID");
  if (instream.starts_with("SERVICE")) {
    context_.Need(7, "INSTREAM-ID of a SERVICE");
  } else if (!instream.empty() && !instream.starts_with("CC")) {
    context_.Need(13, "INSTREAM-ID other than closed captions");
  }
  out_.renditions.push_back(std::move(rendition));
}

void MultivariantReader::Uri(std::string_view uri) {
  if (!uri_expected_) {
    context_.Error("R67", "a URI without EXT-X-STREAM-INF before it");
    return;
  }
  out_.variants.back().uri = context_.Substitute(uri);
  out_.variants.back().uri_line = context_.line();
  uri_expected_ = false;
}

void MultivariantReader::End() {
  if (!uri_expected_) return;
  context_.Error("R67", "EXT-X-STREAM-INF is not followed by a URI line");
  out_.variants.pop_back();
}

}  // namespace hlsrec::playlist
