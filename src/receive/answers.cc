#include "src/receive/answers.h"

#include <chrono>
#include <string>
#include <utility>

#include "src/base/status_util.h"

namespace hlsrec::receive {
namespace {

constexpr std::chrono::seconds kRetryAfter{2};

class SizeOnly final : public Body {
 public:
  explicit SizeOnly(std::uint64_t size) : size_(size) {}
  std::uint64_t size() const override { return size_; }
  Status ReadAt(std::uint64_t, std::span<std::byte>) const override {
    return Unimplemented("body: its bytes are elsewhere");
  }

 private:
  const std::uint64_t size_;
};

}  // namespace

HttpResponse Plain(int status, std::string_view text) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"},
                      {"Cache-Control", "no-store"}},
          .body = MakeStringBody(fmt::format("{}\n", text))};
}

HttpResponse Later(const Status& status) {
  HttpResponse response = Plain(503, "not stored: try again later");
  const auto wait = std::chrono::ceil<std::chrono::seconds>(
      status.retry_after().value_or(kRetryAfter));
  response.headers.push_back({"Retry-After", std::to_string(wait.count())});
  return response;
}

HttpResponse ResponseOf(const Status& status, int success) {
  switch (status.code()) {
    case StatusCode::kOk:
      return {.status = success};
    case StatusCode::kConflict:
      return Plain(409, status.message());
    case StatusCode::kAlreadyExists:
      return Plain(412, "there is one already");
    case StatusCode::kInvalidArgument:
      return Plain(400, "can't be stored");
    default:
      return Later(status);
  }
}

std::shared_ptr<const Body> KeptWith(std::shared_ptr<void> kept,
                                     std::shared_ptr<const Body> body) {
  if (body == nullptr) return nullptr;
  struct Both {
    std::shared_ptr<void> kept;
    std::shared_ptr<const Body> body;
  };
  const Body* const part = body.get();
  return {std::make_shared<Both>(Both{std::move(kept), std::move(body)}), part};
}

std::shared_ptr<const Body> BodyOfSize(std::uint64_t size) {
  return std::make_shared<SizeOnly>(size);
}

}  // namespace hlsrec::receive
