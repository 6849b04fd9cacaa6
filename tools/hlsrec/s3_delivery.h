#ifndef HLSREC_TOOLS_HLSREC_S3_DELIVERY_H_
#define HLSREC_TOOLS_HLSREC_S3_DELIVERY_H_

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/s3_sink.h"
#include "tools/hlsrec/http_delivery.h"

namespace CLI {
class App;
}

namespace hlsrec::tools {

// How to read from and write to buckets, as it was typed. Secrets are in files
// and in AWS's variables.
struct S3Delivery {
  std::vector<std::string> storage_files;  // 100ms' JSON form
  std::vector<std::string> metadata;       // "name=value", of every object
  std::vector<std::string> tags;           // likewise
};

// Whose they are, for who reads alone; in this group of the help.
void AddS3Access(CLI::App& app, S3Delivery& s3,
                 const std::string& group = "Buckets");
void AddS3Delivery(CLI::App& app, S3Delivery& s3);
// What objects are told to be, where some are put.
void AddS3Objects(CLI::App& app, S3Delivery& s3);

// "s3://...".
bool IsS3Url(std::string_view output);

// An s3:// URL without its parameters, and these with their `?`; of other
// outputs all is the path.
struct SplitOutput {
  std::string path = {};
  std::string parameters = {};
};
SplitOutput SplitParameters(const std::string& output);

// The buckets that the files describe, as outputs. kInvalidArgument names the
// file.
StatusOr<std::vector<std::string>> StorageOutputs(const S3Delivery& s3);

// Credentials are those of the file that describes this very place, else what
// AWS's own tools would use. `http` says how to get there.
StatusOr<std::shared_ptr<S3Sink>> OpenS3Output(
    const std::shared_ptr<Runtime>& runtime, const S3Delivery& s3,
    const HttpDelivery& http, const std::string& url);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_S3_DELIVERY_H_
