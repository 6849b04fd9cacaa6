#ifndef HLSREC_TOOLS_HLSREC_UPLOADS_H_
#define HLSREC_TOOLS_HLSREC_UPLOADS_H_

#include <memory>
#include <string>

#include "hlsrec/upload_receiver.h"
#include "tools/hlsrec/http_delivery.h"
#include "tools/hlsrec/s3_delivery.h"

namespace CLI {
class App;
}

namespace hlsrec::tools {

// What `hlsrec serve` takes from encoders, as it was typed.
struct Uploads {
  std::string target;  // empty: nothing
  std::string token_file;
  std::string path = "/hls-upload/";
  std::string max_size = "256M";
  std::string patience = "20s";
  std::string missing = "gap";
  std::string delete_on_end;
  std::string buffer = "/tmp";
  bool no_sync = false;
};

// The flags, in a group of their own.
void AddUploads(CLI::App& app, Uploads& uploads);

// Null where nothing is taken; what goes wrong is told on standard error.
// `http` and `s3` say how to get to the target.
//
// Errors. kInvalidArgument names the flag, others those of the target.
StatusOr<std::shared_ptr<UploadReceiver>> OpenUploads(
    const std::shared_ptr<Runtime>& runtime, const Uploads& uploads,
    const HttpDelivery& http, const S3Delivery& s3);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_UPLOADS_H_
