#ifndef HLSREC_CREDENTIALS_H_
#define HLSREC_CREDENTIALS_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/status.h"

// Who we are to a store that speaks S3. Nothing here is ever printed.
namespace hlsrec {

class Runtime;

struct Credentials {
  std::string access_key_id = {};
  std::string secret_access_key = {};
  // Of temporary credentials; empty: they are lasting ones.
  std::string session_token = {};
  std::optional<std::chrono::system_clock::time_point> expires = {};
};

// Where credentials come from. A sink keeps what it got, asks again five
// minutes before it expires or when the store says that it has, and asks once
// for all requests that wait.
//
// Threads. Fetch() from any thread, one call at a time per sink. The callback
//     runs exactly once, on any thread, possibly before the call returns.
// Blocking. Fetch() must not block.
// Errors. kNotFound: there are none here, ask the next; anything else is told
//     to whoever needs them. Messages name no secrets.
class HLSREC_EXPORT CredentialsProvider {
 public:
  using Done = std::function<void(StatusOr<Credentials>)>;
  virtual ~CredentialsProvider();
  virtual void Fetch(Done done) = 0;
};

// Always these.
HLSREC_EXPORT std::shared_ptr<CredentialsProvider> FixedCredentials(
    Credentials credentials);

// The first that has some; those after it are asked only where one before it
// says kNotFound.
HLSREC_EXPORT std::shared_ptr<CredentialsProvider> FirstCredentials(
    std::vector<std::shared_ptr<CredentialsProvider>> providers);

// The value of an environment variable; nothing where it is not set. hlsrec
// reads no environment by itself: a program that wants its own hands this in.
// Called from any thread.
using EnvironmentLookup =
    std::function<std::optional<std::string>(const std::string& name)>;

// What AWS's own tools look at, in their order: the environment
// (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), the files
// ~/.aws/credentials and ~/.aws/config (AWS_SHARED_CREDENTIALS_FILE,
// AWS_CONFIG_FILE, AWS_PROFILE), the container's service
// (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, with
// AWS_CONTAINER_AUTHORIZATION_TOKEN or _TOKEN_FILE) and the instance's
// (AWS_EC2_METADATA_DISABLED, AWS_EC2_METADATA_SERVICE_ENDPOINT). All are read
// anew each time, so that rotated keys are picked up.
//
// Errors. kFailedPrecondition where a profile wants what is not supported here:
//     roles, sign-on, a process to run.
HLSREC_EXPORT std::shared_ptr<CredentialsProvider> AwsCredentials(
    const std::shared_ptr<Runtime>& runtime,
    const EnvironmentLookup& environment);

// The region that AWS's own tools would use: AWS_REGION, AWS_DEFAULT_REGION or
// the profile's; empty where none is set.
//
// Blocking. Reads the files.
HLSREC_EXPORT std::string AwsRegion(const EnvironmentLookup& environment);

}  // namespace hlsrec

#endif  // HLSREC_CREDENTIALS_H_
