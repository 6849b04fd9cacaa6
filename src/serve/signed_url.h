#ifndef HLSREC_SRC_SERVE_SIGNED_URL_H_
#define HLSREC_SRC_SERVE_SIGNED_URL_H_

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "hlsrec/status.h"
#include "src/base/clock.h"

// What hlsrec/access.h calls signed URLs. Pure.
namespace hlsrec::serve {

inline constexpr std::array<std::string_view, 3> kSignatureParameters = {
    "expires", "below", "signature"};

// Of a query, as it was written but for what no URI can hold; empty where it
// has no signature.
std::string SignatureOf(std::string_view query);

// "expires=1700000000&below=%2Fcam1%2F&signature=..."
std::string MakeSignature(std::string_view key, std::string_view below,
                          std::chrono::sys_seconds expires);

// For how long `query` yet allows `path` ("/cam1/a.ts", decoded).
// kPermissionDenied says why it does not; kNotFound where there is no
// signature.
StatusOr<std::chrono::seconds> CheckSignature(std::string_view key,
                                              std::string_view path,
                                              std::string_view query,
                                              WallTime now);

// In the same time whatever they are.
bool SameSecret(std::string_view a, std::string_view b);

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_SIGNED_URL_H_
