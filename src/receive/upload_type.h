#ifndef HLSREC_SRC_RECEIVE_UPLOAD_TYPE_H_
#define HLSREC_SRC_RECEIVE_UPLOAD_TYPE_H_

#include <string_view>

#include "hlsrec/sink.h"

namespace hlsrec::receive {

// What may be uploaded, by its extension.
struct UploadType {
  std::string_view extension;     // without the dot
  std::string_view content_type;  // as it is stored
  ObjectKind kind = ObjectKind::kSegment;
};

// Null: not here. Static storage.
const UploadType* FindUploadType(std::string_view extension);

// Whether a request's Content-Type goes with it: none, the type's own or
// another name of it, or one that says nothing ("application/octet-stream").
bool Accepts(const UploadType& type, std::string_view content_type);

// A web page's form, or curl -d, which takes line ends out of what it sends.
bool IsForm(std::string_view content_type);

}  // namespace hlsrec::receive

#endif  // HLSREC_SRC_RECEIVE_UPLOAD_TYPE_H_
