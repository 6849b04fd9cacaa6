#ifndef HLSREC_SRC_SINK_S3_CLIENT_H_
#define HLSREC_SRC_SINK_S3_CLIENT_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/s3_sink.h"
#include "src/base/clock.h"
#include "src/base/mutex.h"
#include "src/net/credentials.h"
#include "src/net/sigv4.h"
#include "src/net/transfer.h"
#include "src/sink/s3_address.h"
#include "src/sink/s3_xml.h"

namespace hlsrec::sink {

// A request for a bucket, as it is meant.
struct S3Request {
  std::string method = "GET";
  std::string key = {};  // in the bucket; empty: the bucket's own
  net::QueryParameters query = {};
  std::vector<net::HttpHeader> headers = {};
  std::shared_ptr<const Body> body = {};
  std::string payload_hash = std::string(net::kEmptyPayloadHash);
  std::uint64_t max_response_bytes = std::uint64_t{1} << 20;
  std::string context = {};  // "s3: put KEY", for messages
};

// What came of one.
struct S3Answer {
  Status status = {};  // OK: 2xx, and no error in the body
  net::TransferResponse response = {};
  std::string error_code = {};  // "NoSuchKey"; empty: none was told
};

// Signs requests and sends them. What a store's refusal teaches (its region,
// its clock, another address, that keys have expired) is used for one more try,
// once for each kind, and kept for later requests where it lasts.
//
// Threads. Any; callbacks run on the transport's thread or the provider's, or
//     before Send() returns, under no lock.
// Lifetime. Shared with what is in flight, which keeps no runtime alive.
class S3Client : public std::enable_shared_from_this<S3Client> {
 public:
  using Done = std::function<void(S3Answer)>;

  // `options` have been checked.
  S3Client(const Clock& clock, std::weak_ptr<net::Transport> transport,
           const S3SinkOptions& options);

  void Send(S3Request request, Done done);
  // The URL of a request that needs no signature beside it.
  void Presign(const std::string& method, const std::string& key,
               std::chrono::seconds expires_after, Sink::GetDone done);

 private:
  // One request with its tries.
  struct Exchange {
    S3Request request;
    Done done;
    // As last tried.
    Credentials credentials = {};
    std::string region = {};
    S3Address address = {};
    std::chrono::seconds clock_offset{0};
    // What was learned on the way; each at most once.
    bool region_learned = false;
    bool clock_learned = false;
    bool credentials_renewed = false;
    std::optional<S3Address> redirected = {};
  };
  using ExchangePtr = std::shared_ptr<Exchange>;

  void Try(const ExchangePtr& exchange);
  void Transmit(const ExchangePtr& exchange);
  void OnAnswer(const ExchangePtr& exchange,
                StatusOr<net::TransferResponse> answer);
  // True: something was learned that is worth another try.
  bool Learn(Exchange& exchange, const net::TransferResponse& response,
             const S3Error& error);
  bool LearnClock(Exchange& exchange, const net::TransferResponse& response,
                  const S3Error& error);
  bool LearnRegion(Exchange& exchange, const net::TransferResponse& response,
                   const S3Error& error);
  bool LearnAddress(Exchange& exchange, const net::TransferResponse& response);
  [[nodiscard]] std::string Region();
  [[nodiscard]] std::chrono::seconds ClockOffset();

  const Clock& clock_;
  const std::weak_ptr<net::Transport> transport_;
  const S3SinkOptions options_;
  const std::shared_ptr<net::CredentialsCache> credentials_;
  const std::shared_ptr<const net::ConnectionOptions> connection_;
  Mutex mutex_;
  std::string region_ ABSL_GUARDED_BY(mutex_);
  // What to add to our clock to have the store's.
  std::chrono::seconds clock_offset_ ABSL_GUARDED_BY(mutex_){0};
};

// "Sun, 06 Nov 1994 08:49:37 GMT"; nothing where it is no such date.
std::optional<WallTime> ParseHttpDate(std::string_view text);

}  // namespace hlsrec::sink

#endif  // HLSREC_SRC_SINK_S3_CLIENT_H_
