#ifndef HLSREC_SRC_SINK_S3_ADDRESS_H_
#define HLSREC_SRC_SINK_S3_ADDRESS_H_

#include <string>
#include <string_view>

#include "hlsrec/s3_sink.h"

namespace hlsrec::sink {

inline constexpr std::string_view kUsualRegion = "us-east-1";

// Where requests for a bucket go.
struct S3Address {
  std::string scheme = {};  // "https"
  // With the port unless it is the scheme's own: what a Host header says.
  std::string host = {};
  // Not encoded; "/" or "/bucket" or "/path/bucket". A key follows behind "/".
  std::string path = {};

  // The path of an object, or of the bucket where `key` is empty.
  [[nodiscard]] std::string PathOf(std::string_view key) const;
};

// "https://host:8080/a" into its parts; kInvalidArgument says what is wrong,
// without a context.
StatusOr<S3Address> ParseEndpoint(std::string_view endpoint);

// `options` have been checked; `region` is the one in force.
S3Address AddressOf(const S3SinkOptions& options, const std::string& region);

// Validates all options once, naming the bad one.
Status CheckS3Options(const S3SinkOptions& options);

}  // namespace hlsrec::sink

#endif  // HLSREC_SRC_SINK_S3_ADDRESS_H_
