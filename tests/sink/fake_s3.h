#ifndef HLSREC_TESTS_SINK_FAKE_S3_H_
#define HLSREC_TESTS_SINK_FAKE_S3_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "src/base/clock.h"
#include "src/base/executor.h"
#include "src/base/mutex.h"
#include "src/net/sigv4.h"
#include "src/net/transfer.h"

namespace hlsrec {

// A store that speaks S3, in memory, behind a transport: one bucket, strict
// about signatures, regions, clocks and hashes as the real ones are.
//
// Threads. Any; answers come from a thread of its own.
class FakeS3 final : public net::Transport {
 public:
  struct Options {
    std::string bucket = "bucket";
    std::string region = "us-east-1";
    bool conditional_puts = true;
    bool tells_region_in_body = true;  // else in x-amz-bucket-region
    int keys_per_page = 1000;
  };
  struct Object {
    std::string bytes = {};
    std::map<std::string, std::string> headers = {};  // names in lower case
  };
  struct Reply {
    int status = 200;
    std::string error_code = {};
    std::string body = {};
    std::vector<net::HttpHeader> headers = {};
  };
  enum class Fault {
    kRefuse,     // no connection
    kLoseReply,  // done, but nobody is told
    kInternal,   // 500 InternalError
    kLateError,  // 200, and <Error> in the body
  };

  explicit FakeS3(Options options);
  ~FakeS3() override;

  void Start(net::TransferRequest request, Done done) override;

  // The `call`th request from now, from 1, goes wrong.
  void FailCall(int call, Fault fault);
  // Asked before each request; nothing: what a store says.
  void Intercept(
      std::function<std::optional<Reply>(const net::TransferRequest&)>
          intercept);
  // Valid ones; the first are key "KEY", secret "SECRET".
  void SetCredentials(Credentials credentials);
  void ExpireCredentials();

  [[nodiscard]] std::map<std::string, Object> objects();
  [[nodiscard]] int open_uploads();
  [[nodiscard]] int calls();
  [[nodiscard]] std::vector<net::TransferRequest> requests();

 private:
  struct Upload {
    std::string key = {};
    std::map<std::string, std::string> headers = {};
    std::map<int, std::string> parts = {};
  };
  struct Parsed {
    std::string host = {};
    std::string path = {};  // decoded
    std::string key = {};   // empty: the bucket
    std::map<std::string, std::string> query = {};
    std::map<std::string, std::string> headers = {};
    std::string body = {};
  };

  StatusOr<net::TransferResponse> Answer(const net::TransferRequest& request);
  Reply Serve(const net::TransferRequest& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Reply CheckSignature(const net::TransferRequest& request,
                       const Parsed& parsed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Reply Put(const Parsed& parsed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Reply Get(const Parsed& parsed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Reply List(const Parsed& parsed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Reply Post(const Parsed& parsed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Reply Complete(const Parsed& parsed, const std::string& id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  Mutex mutex_;
  std::map<std::string, Object> objects_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Upload> uploads_ ABSL_GUARDED_BY(mutex_);
  std::vector<net::TransferRequest> requests_ ABSL_GUARDED_BY(mutex_);
  int next_upload_ ABSL_GUARDED_BY(mutex_) = 1;
  int fail_at_ ABSL_GUARDED_BY(mutex_) = 0;
  Fault fault_ ABSL_GUARDED_BY(mutex_) = Fault::kRefuse;
  Credentials credentials_ ABSL_GUARDED_BY(mutex_);
  bool expired_ ABSL_GUARDED_BY(mutex_) = false;
  std::function<std::optional<Reply>(const net::TransferRequest&)> intercept_
      ABSL_GUARDED_BY(mutex_);
  ThreadPool pool_;  // last: its thread uses all the others
};

}  // namespace hlsrec

#endif  // HLSREC_TESTS_SINK_FAKE_S3_H_
