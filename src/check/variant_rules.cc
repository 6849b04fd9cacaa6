#include "src/check/variant_rules.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "src/check/multivariant_rules.h"
#include "src/playlist/parse_values.h"

namespace hlsrec::check {
namespace {

using media::StreamFormat;
using playlist::Variant;

double Seconds(std::chrono::microseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

// "avc1" and "avc3", "hvc1" and "hev1" name the same format.
std::string Family(const std::string& codec) {
  std::string kind = Lower(codec.substr(0, codec.find('.')));
  if (kind == "avc3") return "avc1";
  if (kind == "hev1" || kind == "dvh1" || kind == "dvhe") return "hvc1";
  return kind;
}

enum class Match { kExact, kNear, kNone };

Match Compare(const std::string& declared, const std::string& actual) {
  if (Lower(declared) == Lower(actual)) return Match::kExact;
  if (Family(declared) != Family(actual)) return Match::kNone;
  if (Family(actual) == "mp4a") {
    // AAC that is extended implicitly shows its core alone.
    const bool both_mpeg4 = Lower(declared).starts_with("mp4a.40.") &&
                            Lower(actual).starts_with("mp4a.40.");
    const bool mp3 =
        Lower(declared).ends_with(".34") || Lower(actual).ends_with(".34");
    return both_mpeg4 && !mp3 ? Match::kNear : Match::kNone;
  }
  if (Family(actual) == "avc1" && declared.size() == 11 &&
      actual.size() == 11) {
    const std::string a = Lower(declared);
    const std::string b = Lower(actual);
    const bool same_profile = a.substr(5, 2) == b.substr(5, 2);
    const bool level_enough = a.substr(9, 2) >= b.substr(9, 2);
    return same_profile && level_enough ? Match::kNear : Match::kNone;
  }
  return Match::kNear;
}

void CheckCodecs(const Variant& variant,
                 const std::vector<StreamFormat>& formats, Findings& findings) {
  if (variant.codecs.empty()) return;
  const std::vector<std::string> declared = SplitCodecs(variant.codecs);
  for (const StreamFormat& format : formats) {
    if (format.codec_string.empty()) continue;
    Match best = Match::kNone;
    for (const std::string& codec : declared) {
      const Match match = Compare(codec, format.codec_string);
      if (match == Match::kExact) best = match;
      if (match == Match::kNear && best == Match::kNone) best = match;
    }
    const std::string text = fmt::format("CODECS \"{}\", the media holds {}",
                                         variant.codecs, format.codec_string);
    if (best == Match::kNone) findings.Error("R75", variant.line, text);
    if (best == Match::kNear) findings.Warning("R75", variant.line, text);
  }
  if (formats.empty()) return;
  for (const std::string& codec : declared) {
    const bool used = std::any_of(
        formats.begin(), formats.end(), [&](const StreamFormat& format) {
          return Compare(codec, format.codec_string) != Match::kNone;
        });
    const std::string family = Family(codec);
    const bool known = IsVideoCodec(codec) || family == "mp4a" ||
                       family == "ac-3" || family == "ec-3" || family == "opus";
    if (!used && known) {
      findings.Apple(
          "R75", variant.line,
          fmt::format("CODECS names {}, the media holds none", codec));
    }
  }
}

void CheckPicture(const Variant& variant, const MeasuredPlaylist& own,
                  Findings& findings) {
  int width = 0;
  int height = 0;
  media::VideoRange range = media::VideoRange::kSdr;
  for (const StreamFormat& format : own.summary->formats) {
    if (format.height > height) {
      width = format.width;
      height = format.height;
    }
    range = std::max(range, format.video_range);
  }
  if (variant.height != 0 && height != 0 &&
      (variant.width != width || variant.height != height)) {
    findings.Apple("R71", variant.line,
                   fmt::format("RESOLUTION {}x{}, the picture is {}x{}",
                               variant.width, variant.height, width, height));
  }
  const auto declared = playlist::ParseDecimalSeconds(variant.frame_rate);
  const double measured = own.summary->frames_per_second;
  // Two per cent is what timestamps of a millisecond leave uncertain.
  if (declared && measured > 0 &&
      (Seconds(*declared) < measured * 0.98 ||
       Seconds(*declared) > measured * 1.02)) {
    findings.Apple("R72", variant.line,
                   fmt::format("FRAME-RATE {}, measured {:.3f}",
                               variant.frame_rate, measured));
  }
  const std::string_view actual = range == media::VideoRange::kPq    ? "PQ"
                                  : range == media::VideoRange::kHlg ? "HLG"
                                                                     : "SDR";
  const std::string_view said = variant.video_range.empty()
                                    ? "SDR"
                                    : std::string_view(variant.video_range);
  if (height != 0 && said != actual) {
    const std::string text =
        fmt::format("VIDEO-RANGE {}, the picture is {}",
                    variant.video_range.empty() ? "absent" : said, actual);
    if (variant.video_range.empty()) {
      findings.Apple("R73", variant.line, text);
    } else {
      findings.Error("R73", variant.line, text);
    }
  }
}

void CheckRates(const Variant& variant, const MeasuredPlaylist& own,
                const std::vector<MeasuredPlaylist>& renditions,
                Findings& findings) {
  MeasuredRate total = MeasureRate(own);
  MeasuredRate loudest;
  for (const MeasuredPlaylist& rendition : renditions) {
    const MeasuredRate rate = MeasureRate(rendition);
    loudest.peak = std::max(loudest.peak, rate.peak);
    loudest.average = std::max(loudest.average, rate.average);
  }
  total.peak += loudest.peak;
  total.average += loudest.average;
  const auto bandwidth = static_cast<double>(variant.bandwidth);
  if (total.peak > bandwidth) {
    findings.Error("R68", variant.line,
                   fmt::format("BANDWIDTH {}, the measured peak is {:.0f}",
                               variant.bandwidth, total.peak));
  } else if (own.media->end_list.present() && total.peak > 0 &&
             bandwidth > total.peak * 1.1) {
    findings.AppleOnly("R68", variant.line,
                       fmt::format("BANDWIDTH {}, the measured peak is only "
                                   "{:.0f}",
                                   variant.bandwidth, total.peak));
  }
  if (!variant.average_bandwidth || total.average == 0) return;
  const auto average = static_cast<double>(*variant.average_bandwidth);
  if (total.average > average * 1.1 ||
      (own.media->end_list.present() && total.average < average * 0.9)) {
    findings.Apple("R69", variant.line,
                   fmt::format("AVERAGE-BANDWIDTH {}, measured {:.0f}",
                               *variant.average_bandwidth, total.average));
  }
}

}  // namespace

MeasuredRate MeasureRate(const MeasuredPlaylist& playlist) {
  MeasuredRate rate;
  const auto& pieces = playlist.summary->pieces;
  const auto target =
      static_cast<double>(playlist.media->target_duration.value);
  double total_bits = 0;
  double total_seconds = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const double bits = static_cast<double>(pieces[i].bytes) * 8;
    total_bits += bits;
    total_seconds += Seconds(pieces[i].duration);
    double run_bits = 0;
    double run_seconds = 0;
    for (std::size_t k = i; k < pieces.size(); ++k) {
      run_bits += static_cast<double>(pieces[k].bytes) * 8;
      run_seconds += Seconds(pieces[k].duration);
      if (run_seconds > 1.5 * target) break;
      if (run_seconds >= 0.5 * target && run_seconds > 0) {
        rate.peak = std::max(rate.peak, run_bits / run_seconds);
      }
      // Segments of no length would make this the square of their number.
      constexpr std::size_t kLongestRun = 1000;
      if (k - i > kLongestRun) break;
    }
  }
  if (total_seconds > 0) rate.average = total_bits / total_seconds;
  return rate;
}

void CheckVariantMedia(const Variant& variant, const MeasuredPlaylist& own,
                       const std::vector<MeasuredPlaylist>& renditions,
                       Findings& findings) {
  std::vector<StreamFormat> formats = own.summary->formats;
  for (const MeasuredPlaylist& rendition : renditions) {
    formats.insert(formats.end(), rendition.summary->formats.begin(),
                   rendition.summary->formats.end());
  }
  CheckCodecs(variant, formats, findings);
  CheckPicture(variant, own, findings);
  CheckRates(variant, own, renditions, findings);
}

}  // namespace hlsrec::check
