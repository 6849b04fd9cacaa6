#include "src/sink/s3_xml.h"

#include <pugixml.hpp>
#include <sstream>

#include "src/base/status_util.h"

namespace hlsrec::sink {
namespace {

// The root, whatever its namespace's prefix; null where it is no XML.
pugi::xml_node Parse(pugi::xml_document& document, const std::string& body,
                     std::string_view root) {
  // No entities are defined by a document: pugixml knows no DTDs.
  if (!document.load_buffer(body.data(), body.size())) return {};
  const pugi::xml_node node = document.document_element();
  return root == node.name() ? node : pugi::xml_node();
}

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// Amazon writes a space as `+`, others as %20; all write `+` as %2B.
std::string UrlDecode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high =
        text[i] == '%' && i + 2 < text.size() ? DigitOf(text[i + 1]) : -1;
    const int low = high >= 0 ? DigitOf(text[i + 2]) : -1;
    if (low >= 0) {
      decoded.push_back(static_cast<char>(high << 4 | low));
      i += 2;
    } else {
      decoded.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return decoded;
}

}  // namespace

std::optional<S3Error> ParseS3Error(const std::string& body) {
  pugi::xml_document document;
  const pugi::xml_node error = Parse(document, body, "Error");
  if (!error) return std::nullopt;
  return S3Error{.code = error.child_value("Code"),
                 .message = error.child_value("Message"),
                 .region = error.child_value("Region"),
                 .endpoint = error.child_value("Endpoint")};
}

StatusOr<S3ListPage> ParseS3List(const std::string& body) {
  pugi::xml_document document;
  const pugi::xml_node list = Parse(document, body, "ListBucketResult");
  if (!list) return DataLoss("the answer is no list");
  const bool encoded =
      std::string_view(list.child_value("EncodingType")) == "url";
  S3ListPage page;
  for (const pugi::xml_node& object : list.children("Contents")) {
    const std::string key = object.child_value("Key");
    page.objects.push_back(
        {.key = encoded ? UrlDecode(key) : key,
         .size_bytes = object.child("Size").text().as_ullong(),
         .etag = object.child_value("ETag")});
  }
  if (std::string_view(list.child_value("IsTruncated")) == "true") {
    page.continuation = list.child_value("NextContinuationToken");
    if (page.continuation.empty()) {
      return DataLoss("the list goes on, and does not say where");
    }
  }
  return page;
}

StatusOr<std::string> ParseUploadId(const std::string& body) {
  pugi::xml_document document;
  const pugi::xml_node result =
      Parse(document, body, "InitiateMultipartUploadResult");
  std::string id = result.child_value("UploadId");
  if (id.empty()) return DataLoss("the answer names no upload");
  return id;
}

Status CheckCompleted(const std::string& body) {
  pugi::xml_document document;
  if (Parse(document, body, "CompleteMultipartUploadResult")) return {};
  return DataLoss("the answer does not say that the upload is complete");
}

std::string CompletedEtag(const std::string& body) {
  pugi::xml_document document;
  return Parse(document, body, "CompleteMultipartUploadResult")
      .child_value("ETag");
}

std::string MakeCompletion(const std::vector<std::string>& etags) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("CompleteMultipartUpload");
  root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
  for (std::size_t i = 0; i < etags.size(); ++i) {
    pugi::xml_node part = root.append_child("Part");
    part.append_child("PartNumber").text() = static_cast<unsigned>(i + 1);
    part.append_child("ETag").text() = etags[i].c_str();
  }
  std::ostringstream text;
  document.save(text, "", pugi::format_raw);
  return text.str();
}

}  // namespace hlsrec::sink
