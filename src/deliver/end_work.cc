#include "src/deliver/end_work.h"

#include <utility>

#include "src/deliver/output.h"

namespace hlsrec::deliver {

void PutMade(Uploader& uploader, manifest::Object object, MadeBody made,
             std::function<void(StatusOr<manifest::Object>)> done) {
  PutRequest request{.key = object.key,
                     .body = std::move(made.body),
                     .if_exists = made.if_exists,
                     .content_type = std::string(made.content_type),
                     .last_version = true,
                     .sha256 = object.sha256};
  object.size = request.body->size();
  const auto etag = EtagOf(request);
  uploader.Put(
      std::move(request),
      [object = std::move(object), etag,
       done = std::move(done)](const Status& status) mutable {
        if (!status.ok()) return done(status);
        object.etag = *etag;
        done(std::move(object));
      },
      Uploader::Earlier::kMaybeStored);
}

}  // namespace hlsrec::deliver
