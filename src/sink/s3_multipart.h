#ifndef HLSREC_SRC_SINK_S3_MULTIPART_H_
#define HLSREC_SRC_SINK_S3_MULTIPART_H_

#include <memory>
#include <string>

#include "src/base/executor.h"
#include "src/sink/s3_client.h"

namespace hlsrec::sink {

// A large object.
struct S3LargeObject {
  std::string key = {};
  std::shared_ptr<const Body> body = {};
  std::uint64_t part_bytes = 0;
  // Of the object, sent when the upload begins.
  std::vector<net::HttpHeader> headers = {};
  // Sent when it ends: If-None-Match.
  std::vector<net::HttpHeader> completion_headers = {};
  std::string context = {};
};

// Uploads it, part after part, and takes the parts away again where that fails.
// What was stored is seen when all of it is.
//
// Threads. Any; parts are hashed on `io`, which may block.
void UploadInParts(std::shared_ptr<S3Client> client,
                   std::shared_ptr<Executor> io, S3LargeObject object,
                   S3Client::Done done);

// SHA-256 of `size` bytes from `offset`, as hex. Reads in blocks.
StatusOr<std::string> HashBody(const Body& body, std::uint64_t offset,
                               std::uint64_t size);

}  // namespace hlsrec::sink

#endif  // HLSREC_SRC_SINK_S3_MULTIPART_H_
