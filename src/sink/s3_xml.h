#ifndef HLSREC_SRC_SINK_S3_XML_H_
#define HLSREC_SRC_SINK_S3_XML_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/sink.h"

// What S3 says in XML, as values.
namespace hlsrec::sink {

struct S3Error {
  std::string code = {};  // "NoSuchKey"
  std::string message = {};
  std::string region = {};    // the right one, in some
  std::string endpoint = {};  // the right one, in PermanentRedirect
};

// Nothing where `body` is no <Error>.
std::optional<S3Error> ParseS3Error(const std::string& body);

struct S3ListPage {
  std::vector<ObjectInfo> objects = {};
  std::string continuation = {};  // empty: the last page
};

// kDataLoss where it is no list.
StatusOr<S3ListPage> ParseS3List(const std::string& body);

// The id of a CreateMultipartUpload's answer.
StatusOr<std::string> ParseUploadId(const std::string& body);

// kDataLoss where it does not say that an upload is complete.
Status CheckCompleted(const std::string& body);
// The ETag that such an answer tells; empty: none.
std::string CompletedEtag(const std::string& body);

// The body of a CompleteMultipartUpload; part numbers from 1.
std::string MakeCompletion(const std::vector<std::string>& etags);

}  // namespace hlsrec::sink

#endif  // HLSREC_SRC_SINK_S3_XML_H_
