#ifndef HLSREC_SRC_NET_CREDENTIALS_H_
#define HLSREC_SRC_NET_CREDENTIALS_H_

#include <memory>
#include <string>
#include <vector>

#include "hlsrec/credentials.h"
#include "src/base/clock.h"
#include "src/base/executor.h"
#include "src/base/mutex.h"
#include "src/net/transfer.h"

namespace hlsrec::net {

// AWS_ACCESS_KEY_ID and its companions.
std::shared_ptr<CredentialsProvider> EnvironmentCredentials(
    EnvironmentLookup environment);

// The profile's keys. The files are read on `io`, which may block.
std::shared_ptr<CredentialsProvider> ProfileCredentials(
    EnvironmentLookup environment, std::shared_ptr<Executor> io);

// The container's service, where the environment names one.
std::shared_ptr<CredentialsProvider> ContainerCredentials(
    EnvironmentLookup environment, std::weak_ptr<Transport> transport,
    std::shared_ptr<Executor> io);

// The instance's service: a token first (IMDSv2), then the role's keys.
std::shared_ptr<CredentialsProvider> InstanceCredentials(
    EnvironmentLookup environment, std::weak_ptr<Transport> transport);

// Keeps what a provider gave until it is about to expire.
//
// Threads. Any; callbacks run under no lock.
class CredentialsCache : public std::enable_shared_from_this<CredentialsCache> {
 public:
  CredentialsCache(const Clock& clock,
                   std::shared_ptr<CredentialsProvider> provider)
      : clock_(clock), provider_(std::move(provider)) {}

  // Those we have, or new ones: asked for once, whoever waits.
  void Get(const CredentialsProvider::Done& done);
  // The store says they have expired: the next Get() asks anew, unless others
  // than `used` have come meanwhile.
  void Expire(const Credentials& used);

 private:
  void OnFetched(StatusOr<Credentials> fetched);

  const Clock& clock_;
  const std::shared_ptr<CredentialsProvider> provider_;
  Mutex mutex_;
  std::optional<Credentials> kept_ ABSL_GUARDED_BY(mutex_);
  bool fetching_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<CredentialsProvider::Done> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hlsrec::net

#endif  // HLSREC_SRC_NET_CREDENTIALS_H_
