#include "src/notify/signature.h"

#include "src/base/base64.h"
#include "src/base/bytes.h"
#include "src/base/hash.h"
#include "src/base/status_util.h"

namespace hlsrec::notify {
namespace {

constexpr std::string_view kPrefix = "whsec_";

}  // namespace

StatusOr<SignatureHeaders> Sign(std::string_view secret, std::string_view id,
                                WallTime now, std::string_view body) {
  std::string key(secret);
  if (secret.starts_with(kPrefix)) {
    const auto decoded = FromBase64(secret.substr(kPrefix.size()));
    if (!decoded) return InvalidArgument("secret: whsec_: is not base64");
    key = *decoded;
  }
  if (key.empty()) return InvalidArgument("secret: is empty");
  SignatureHeaders headers;
  headers.timestamp = fmt::format(
      "{}",
      std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count());
  const std::string text = fmt::format("{}.{}.{}", id, headers.timestamp, body);
  const Bytes mac = HmacSha256(AsBytes(key), AsBytes(text));
  headers.signature = "v1," + Base64(AsText(mac));
  return headers;
}

}  // namespace hlsrec::notify
