#include <algorithm>

#include "hlsrec/http_server.h"
#include "src/net/header_text.h"

namespace hlsrec {

HttpBodyReader::~HttpBodyReader() = default;
HttpHandler::~HttpHandler() = default;
HttpServer::~HttpServer() = default;

std::string_view HttpRequest::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view HttpRequest::query() const {
  const std::size_t mark = target.find('?');
  if (mark == std::string::npos) return {};
  return std::string_view(target).substr(mark + 1);
}

std::string_view HttpRequest::Header(std::string_view name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const HttpField& field) {
        return net::EqualsIgnoringCase(field.name, name);
      });
  return found == headers.end() ? std::string_view() : found->value;
}

}  // namespace hlsrec
