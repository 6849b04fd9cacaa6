#ifndef HLSREC_SRC_NET_CURL_TRANSFER_H_
#define HLSREC_SRC_NET_CURL_TRANSFER_H_

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "src/net/curl_handles.h"
#include "src/net/transfer.h"

namespace hlsrec::net {

// One request as libcurl performs it: the easy handle with its callbacks.
//
// Threads. One. Lifetime. Stays where it is: libcurl points to it.
// Blocking. Bodies are read on the loop's thread. They are in memory, or were
//     just written to the spool and are in the page cache; a spool disk that
//     stalls holds all recordings of the runtime up in any case.
class CurlTransfer {
 public:
  CurlTransfer(TransferRequest request, Transport::Done done);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  // Once, before the handle is used.
  Status SetUp();
  [[nodiscard]] CURL* easy() const { return easy_.get(); }
  // What it came to, when libcurl is through with it.
  StatusOr<TransferResponse> Conclude(CURLcode code);
  [[nodiscard]] const std::string& url() const { return request_.url; }
  // "put: https://host/path"
  [[nodiscard]] std::string Context() const;
  Transport::Done TakeDone() { return std::move(done_); }

 private:
  Status SetHeaders();
  CURLcode SetConnection();
  CURLcode SetBody();

  static std::size_t OnRead(char* out, std::size_t size, std::size_t count,
                            void* user);
  static int OnSeek(void* user, curl_off_t offset, int origin);
  static int BeforeRequest(void* user, char* peer, char* local, int peer_port,
                           int local_port);
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count,
                              void* user);
  static std::size_t OnBody(char* data, std::size_t size, std::size_t count,
                            void* user);

  const TransferRequest request_;
  Transport::Done done_;
  CurlEasyPtr easy_;
  CurlListPtr headers_;
  std::array<char, CURL_ERROR_SIZE> detail_{};
  bool begun_ = false;
  std::uint64_t sent_ = 0;
  // Why one of the callbacks ended it.
  Status failure_ = {};
  TransferResponse response_ = {};
};

}  // namespace hlsrec::net

#endif  // HLSREC_SRC_NET_CURL_TRANSFER_H_
