#include "tests/sink/fake_s3.h"

#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>
#include <utility>

#include "src/base/hash.h"
#include "src/sink/s3_client.h"

namespace hlsrec {
namespace {

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string Decode(const std::string& text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      decoded.push_back(
          static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16)));
      i += 2;
    } else {
      decoded.push_back(text[i]);
    }
  }
  return decoded;
}

std::string HashOf(const std::string& text) {
  return Sha256Hex(
      {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::string HttpDate() {
  const auto now = SystemClock().Wall();
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::string time = net::SigV4Time(now);
  const std::string months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  return fmt::format("Sat, {} {} {} {}:{}:{} GMT", time.substr(6, 2),
                     months.substr((unsigned(date.month()) - 1) * 3, 3),
                     time.substr(0, 4), time.substr(9, 2), time.substr(11, 2),
                     time.substr(13, 2));
}

FakeS3::Reply Error(int status, std::string code, std::string more = {}) {
  return {.status = status,
          .error_code = code,
          .body = "<?xml version='1.0' encoding='UTF-8'?>\n<Error><Code>" +
                  code + "</Code><Message>of the store</Message>" + more +
                  "</Error>",
          .headers = {}};
}

// "Credential=a/b, SignedHeaders=c" -> what is behind NAME=.
std::string Field(const std::string& text, const std::string& name) {
  const std::size_t at = text.find(name + "=");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 1;
  return text.substr(begin, text.find(',', begin) - begin);
}

}  // namespace

FakeS3::FakeS3(Options options)
    : options_(std::move(options)),
      credentials_{.access_key_id = "KEY", .secret_access_key = "SECRET"},
      pool_(SystemClock(), "fake-s3", 1) {}

FakeS3::~FakeS3() { pool_.Stop(); }

void FakeS3::Start(net::TransferRequest request, Done done) {
  pool_.Post([this, request = std::move(request), done = std::move(done)] {
    done(Answer(request));
  });
}

StatusOr<net::TransferResponse> FakeS3::Answer(
    const net::TransferRequest& request) {
  const Status reset(StatusCode::kUnavailable, "connection reset");
  Reply reply;
  {
    MutexLock lock(mutex_);
    requests_.push_back(request);
    const bool fails = fail_at_ > 0 && --fail_at_ == 0;
    if (fails && fault_ == Fault::kRefuse) return reset;
    if (fails && (fault_ == Fault::kInternal || fault_ == Fault::kLateError)) {
      // What is asked for has a length: it can't turn into an error.
      const bool late = fault_ == Fault::kLateError && request.method != "GET";
      reply = Error(late ? 200 : 500, "InternalError");
    } else {
      std::optional<Reply> other;
      if (intercept_) other = intercept_(request);
      reply = other ? *std::move(other) : Serve(request);
      if (fails) return reset;
    }
  }
  if (reply.body.size() > request.max_response_bytes) {
    return Status(StatusCode::kResourceExhausted, "too long");
  }
  net::TransferResponse response{.status = reply.status,
                                 .headers = std::move(reply.headers),
                                 .body = std::move(reply.body)};
  response.headers.push_back({"Date", HttpDate()});
  return response;
}

FakeS3::Reply FakeS3::Serve(const net::TransferRequest& request) {
  Parsed parsed;
  std::string rest = request.url.substr(request.url.find("://") + 3);
  const std::size_t query = std::min(rest.find('?'), rest.size());
  for (std::size_t at = query; at < rest.size();) {
    const std::size_t end = std::min(rest.find('&', at + 1), rest.size());
    const std::string one = rest.substr(at + 1, end - at - 1);
    const std::size_t equals = one.find('=');
    parsed.query[Decode(one.substr(0, equals))] =
        Decode(one.substr(equals + 1));
    at = end;
  }
  rest.resize(query);
  const std::size_t slash = rest.find('/');
  parsed.host = rest.substr(0, slash);
  parsed.path = Decode(rest.substr(slash));
  for (const net::HttpHeader& header : request.headers) {
    parsed.headers[Lower(header.name)] = header.value;
  }
  if (request.body != nullptr) {
    auto body = ReadBody(*request.body, std::uint64_t{1} << 30);
    // A body that can't be read never becomes an object.
    if (!body.ok()) return Error(400, "IncompleteBody");
    parsed.body = *std::move(body);
  }
  if (Reply wrong = CheckSignature(request, parsed); wrong.status != 200) {
    return wrong;
  }
  const std::string root = "/" + options_.bucket;
  if (parsed.path != root && !parsed.path.starts_with(root + "/")) {
    return Error(404, "NoSuchBucket");
  }
  parsed.key =
      parsed.path.substr(std::min(root.size() + 1, parsed.path.size()));
  if (request.method == "PUT") return Put(parsed);
  if (request.method == "POST") return Post(parsed);
  if (request.method == "GET") {
    return parsed.key.empty() ? List(parsed) : Get(parsed);
  }
  if (request.method == "DELETE") {
    if (parsed.query.contains("uploadId")) {
      uploads_.erase(parsed.query["uploadId"]);
    } else {
      objects_.erase(parsed.key);
    }
    return {.status = 204};
  }
  return Error(405, "MethodNotAllowed");
}

FakeS3::Reply FakeS3::CheckSignature(const net::TransferRequest& request,
                                     const Parsed& parsed) {
  const auto header = [&](const std::string& name) {
    const auto found = parsed.headers.find(name);
    return found == parsed.headers.end() ? std::string() : found->second;
  };
  const std::string authorization = header("authorization");
  const std::string credential =
      Field(authorization, "AWS4-HMAC-SHA256 Credential");
  const std::string signed_names = Field(authorization, "SignedHeaders") + ";";
  const std::size_t scope = credential.find('/');
  if (scope == std::string::npos) return Error(403, "AccessDenied");
  if (credential.substr(0, scope) != credentials_.access_key_id) {
    return Error(403, "InvalidAccessKeyId");
  }
  const std::string region = credential.substr(
      scope + 10, credential.find('/', scope + 10) - scope - 10);
  if (region != options_.region) {
    if (options_.tells_region_in_body) {
      return Error(400, "AuthorizationHeaderMalformed",
                   "<Region>" + options_.region + "</Region>");
    }
    Reply reply = Error(301, "PermanentRedirect");
    reply.headers.push_back({"x-amz-bucket-region", options_.region});
    return reply;
  }
  if (header("x-amz-security-token") != credentials_.session_token) {
    return Error(403, "InvalidToken");
  }
  net::SigV4Request expected{.method = request.method,
                             .host = parsed.host,
                             .path = parsed.path,
                             .payload_hash = header("x-amz-content-sha256")};
  expected.query.assign(parsed.query.begin(), parsed.query.end());
  for (const net::HttpHeader& each : request.headers) {
    const std::string name = Lower(each.name);
    // All that counts must be signed.
    if (name == "authorization") continue;
    if (signed_names.find(name + ";") == std::string::npos) {
      return Error(403, "AccessDenied");
    }
    if (name != "x-amz-date" && name != "x-amz-security-token") {
      expected.headers.push_back(each);
    }
  }
  WallTime time = SystemClock().Wall();
  for (int i = -7200; i < 7200 && net::SigV4Time(time) != header("x-amz-date");
       ++i) {
    time = SystemClock().Wall() + std::chrono::seconds(i);
  }
  if (net::SigV4Time(time) != header("x-amz-date") ||
      std::chrono::abs(time - SystemClock().Wall()) >
          std::chrono::minutes(15)) {
    return Error(403, "RequestTimeTooSkewed");
  }
  if (expired_) return Error(400, "ExpiredToken");
  if (net::SignRequest(expected, credentials_, {.region = region, .time = time})
          .back()
          .value != authorization) {
    return Error(403, "SignatureDoesNotMatch");
  }
  if (HashOf(parsed.body) != expected.payload_hash) {
    return Error(400, "XAmzContentSHA256Mismatch");
  }
  return {};
}

FakeS3::Reply FakeS3::Put(const Parsed& parsed) {
  const std::string etag = "\"" + HashOf(parsed.body).substr(0, 32) + "\"";
  if (parsed.query.contains("partNumber")) {
    const auto upload = uploads_.find(parsed.query.at("uploadId"));
    if (upload == uploads_.end()) return Error(404, "NoSuchUpload");
    upload->second.parts[std::stoi(parsed.query.at("partNumber"))] =
        parsed.body;
    return {.headers = {{"ETag", etag}}};
  }
  if (parsed.headers.contains("if-none-match")) {
    if (!options_.conditional_puts) return Error(501, "NotImplemented");
    if (objects_.contains(parsed.key)) return Error(412, "PreconditionFailed");
  }
  objects_[parsed.key] = {.bytes = parsed.body, .headers = parsed.headers};
  return {.headers = {{"ETag", etag}}};
}

FakeS3::Reply FakeS3::Get(const Parsed& parsed) {
  const auto object = objects_.find(parsed.key);
  if (object == objects_.end()) return Error(404, "NoSuchKey");
  if (parsed.headers.contains("range")) {
    if (object->second.bytes.empty()) return Error(416, "InvalidRange");
    return {.status = 206, .body = object->second.bytes.substr(0, 1)};
  }
  return {.body = object->second.bytes};
}

FakeS3::Reply FakeS3::List(const Parsed& parsed) {
  const auto value = [&](const char* name) {
    const auto found = parsed.query.find(name);
    return found == parsed.query.end() ? std::string() : found->second;
  };
  if (value("list-type") != "2") return Error(400, "InvalidArgument");
  const std::string prefix = value("prefix");
  std::string contents;
  int count = 0;
  std::string next;
  for (const auto& [key, object] : objects_) {
    if (!key.starts_with(prefix) || key <= value("continuation-token"))
      continue;
    if (count++ == options_.keys_per_page) break;
    contents += fmt::format("<Contents><Key>{}</Key><Size>{}</Size></Contents>",
                            net::UriEncode(key, net::UriPart::kQuery),
                            object.bytes.size());
    next = key;
  }
  const bool more = count > options_.keys_per_page;
  std::string body =
      "<ListBucketResult "
      "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<EncodingType>url</EncodingType>" +
      contents;
  body += more ? "<IsTruncated>true</IsTruncated><NextContinuationToken>" +
                     next + "</NextContinuationToken>"
               : "<IsTruncated>false</IsTruncated>";
  return {.body = body + "</ListBucketResult>"};
}

FakeS3::Reply FakeS3::Post(const Parsed& parsed) {
  if (parsed.query.contains("uploads")) {
    const std::string id = fmt::format("up/{}+=", next_upload_++);
    uploads_[id] = {.key = parsed.key, .headers = parsed.headers};
    return {.body = "<InitiateMultipartUploadResult><UploadId>" + id +
                    "</UploadId></InitiateMultipartUploadResult>"};
  }
  return Complete(parsed, parsed.query.at("uploadId"));
}

FakeS3::Reply FakeS3::Complete(const Parsed& parsed, const std::string& id) {
  const auto upload = uploads_.find(id);
  if (upload == uploads_.end()) return Error(404, "NoSuchUpload");
  if (parsed.headers.contains("if-none-match") &&
      objects_.contains(parsed.key)) {
    return Error(412, "PreconditionFailed");
  }
  pugi::xml_document document;
  if (!document.load_string(parsed.body.c_str())) {
    return Error(400, "MalformedXML");
  }
  std::string whole;
  for (const auto& part :
       document.child("CompleteMultipartUpload").children("Part")) {
    const int number = part.child("PartNumber").text().as_int();
    const std::string& bytes = upload->second.parts[number];
    if ("\"" + HashOf(bytes).substr(0, 32) + "\"" !=
        part.child("ETag").text().get()) {
      return Error(400, "InvalidPart");
    }
    whole += bytes;
  }
  objects_[parsed.key] = {.bytes = whole, .headers = upload->second.headers};
  uploads_.erase(upload);
  return {.body =
              "<CompleteMultipartUploadResult "
              "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>"};
}

void FakeS3::FailCall(int call, Fault fault) {
  MutexLock lock(mutex_);
  fail_at_ = call;
  fault_ = fault;
}
void FakeS3::Intercept(
    std::function<std::optional<Reply>(const net::TransferRequest&)>
        intercept) {
  MutexLock lock(mutex_);
  intercept_ = std::move(intercept);
}
void FakeS3::SetCredentials(Credentials credentials) {
  MutexLock lock(mutex_);
  credentials_ = std::move(credentials);
  expired_ = false;
}
void FakeS3::ExpireCredentials() {
  MutexLock lock(mutex_);
  expired_ = true;
}
std::map<std::string, FakeS3::Object> FakeS3::objects() {
  MutexLock lock(mutex_);
  return objects_;
}
int FakeS3::open_uploads() {
  MutexLock lock(mutex_);
  return static_cast<int>(uploads_.size());
}
int FakeS3::calls() {
  MutexLock lock(mutex_);
  return static_cast<int>(requests_.size());
}
std::vector<net::TransferRequest> FakeS3::requests() {
  MutexLock lock(mutex_);
  return requests_;
}

}  // namespace hlsrec
