#ifndef HLSREC_SRC_NET_AWS_PROFILE_H_
#define HLSREC_SRC_NET_AWS_PROFILE_H_

#include <map>
#include <string>
#include <string_view>

#include "hlsrec/credentials.h"
#include "hlsrec/status.h"

// The files of AWS's own tools.
//
// Source. "Configuration and credential file settings" in the AWS CLI's user
//     guide.
namespace hlsrec::net {

// Keys in lower case.
using AwsProfile = std::map<std::string, std::string>;

enum class AwsFile {
  kCredentials,  // [name]
  kConfig,       // [default] and [profile name]
};

// The settings of one profile; empty where it is not there. Sections and lines
// that are not understood are passed over, as AWS's tools do.
AwsProfile ParseAwsProfile(std::string_view text, AwsFile file,
                           std::string_view name);

// Where the two files are, and which profile counts.
struct AwsFiles {
  std::string credentials_path = {};  // empty: none
  std::string config_path = {};
  std::string profile = "default";
  // AWS_PROFILE says so: it must be there.
  bool profile_named = false;
};
AwsFiles FindAwsFiles(const EnvironmentLookup& environment);

// Both files' settings of the profile, the credentials file's first; files that
// are not there count as empty.
StatusOr<AwsProfile> ReadAwsProfile(const AwsFiles& files);

}  // namespace hlsrec::net

#endif  // HLSREC_SRC_NET_AWS_PROFILE_H_
