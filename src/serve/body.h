#ifndef HLSREC_SRC_SERVE_BODY_H_
#define HLSREC_SRC_SERVE_BODY_H_

#include <memory>
#include <string>
#include <string_view>

#include "hlsrec/http_server.h"
#include "hlsrec/sink.h"

// Bodies that the server can send without reading them first.
namespace hlsrec::serve {

// An open file, as long as it was when it was opened.
class DescriptorBody final : public Body {
 public:
  // Takes `descriptor`, and closes it.
  DescriptorBody(int descriptor, std::uint64_t size)
      : descriptor_(descriptor), size_(size) {}
  ~DescriptorBody() override;
  DescriptorBody(const DescriptorBody&) = delete;
  DescriptorBody& operator=(const DescriptorBody&) = delete;

  [[nodiscard]] std::uint64_t size() const override { return size_; }
  [[nodiscard]] Status ReadAt(std::uint64_t offset,
                              std::span<std::byte> out) const override;
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
  const std::uint64_t size_;
};

class TextBody final : public Body {
 public:
  explicit TextBody(std::string text)
      : TextBody(std::make_shared<const std::string>(std::move(text))) {}
  explicit TextBody(std::shared_ptr<const std::string> text)
      : text_(std::move(text)) {}
  [[nodiscard]] std::uint64_t size() const override { return text_->size(); }
  [[nodiscard]] Status ReadAt(std::uint64_t offset,
                              std::span<std::byte> out) const override;
  [[nodiscard]] std::string_view text() const { return *text_; }

 private:
  const std::shared_ptr<const std::string> text_;
};

std::shared_ptr<const Body> MakeText(std::string text);

// A status and a line that says why, as text/plain; nothing of the request is
// quoted in it.
HttpResponse PlainResponse(int status, std::string_view text);

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_BODY_H_
