#include "src/net/transfer.h"

#include <strings.h>

namespace hlsrec::net {

std::string_view TransferResponse::Header(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (header.name.size() == name.size() &&
        ::strncasecmp(header.name.data(), name.data(), name.size()) == 0) {
      return header.value;
    }
  }
  return {};
}

}  // namespace hlsrec::net
