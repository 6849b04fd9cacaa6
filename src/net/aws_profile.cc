#include "src/net/aws_profile.h"

#include <algorithm>

#include "src/base/file.h"
#include "src/base/status_util.h"
#include "src/net/header_text.h"

namespace hlsrec::net {
namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 20;

// "profile name" -> "name"; empty where the section is no profile.
std::string_view ProfileOf(std::string_view section, AwsFile file) {
  if (file == AwsFile::kCredentials || section == "default") return section;
  constexpr std::string_view kWord = "profile";
  if (!section.starts_with(kWord) || section.size() == kWord.size() ||
      (section[kWord.size()] != ' ' && section[kWord.size()] != '\t')) {
    return {};
  }
  return Trim(section.substr(kWord.size()));
}

std::string_view WithoutComment(std::string_view value) {
  for (std::size_t i = 1; i < value.size(); ++i) {
    // A sign inside a word is part of it: secrets are of any characters.
    if ((value[i] == '#' || value[i] == ';') &&
        (value[i - 1] == ' ' || value[i - 1] == '\t')) {
      return value.substr(0, i);
    }
  }
  return value;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

StatusOr<std::string> ReadIfThere(const std::string& path) {
  if (path.empty()) return std::string();
  StatusOr<std::string> text = PosixFileSystem().ReadFile(path, kMaxFileBytes);
  if (text.status().code() == StatusCode::kNotFound) return std::string();
  return text;
}

}  // namespace

AwsProfile ParseAwsProfile(std::string_view text, AwsFile file,
                           std::string_view name) {
  AwsProfile profile;
  bool ours = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view raw = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view line = Trim(raw);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      const std::size_t close = line.find(']');
      ours = close != std::string_view::npos &&
             ProfileOf(Trim(line.substr(1, close - 1)), file) == name;
      continue;
    }
    // Lines that begin with a space belong to a nested setting.
    if (!ours || raw.front() == ' ' || raw.front() == '\t') continue;
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    profile.insert_or_assign(
        Lower(Trim(line.substr(0, equals))),
        std::string(Trim(WithoutComment(line.substr(equals + 1)))));
  }
  return profile;
}

AwsFiles FindAwsFiles(const EnvironmentLookup& environment) {
  AwsFiles files;
  const std::string home = environment("HOME").value_or("");
  const auto path = [&](const char* variable, const char* usual) {
    std::string chosen = environment(variable).value_or("");
    if (chosen.starts_with("~/") && !home.empty()) {
      chosen = home + chosen.substr(1);
    }
    if (!chosen.empty() || home.empty()) return chosen;
    return home + usual;
  };
  files.credentials_path =
      path("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials");
  files.config_path = path("AWS_CONFIG_FILE", "/.aws/config");
  const std::string profile = environment("AWS_PROFILE").value_or("");
  if (!profile.empty()) {
    files.profile = profile;
    files.profile_named = true;
  }
  return files;
}

StatusOr<AwsProfile> ReadAwsProfile(const AwsFiles& files) {
  HLSREC_ASSIGN_OR_RETURN(const std::string credentials,
                          ReadIfThere(files.credentials_path));
  HLSREC_ASSIGN_OR_RETURN(const std::string config,
                          ReadIfThere(files.config_path));
  AwsProfile profile =
      ParseAwsProfile(credentials, AwsFile::kCredentials, files.profile);
  profile.merge(ParseAwsProfile(config, AwsFile::kConfig, files.profile));
  if (profile.empty() && files.profile_named) {
    return FailedPrecondition(
        "credentials: profile {}: is in neither {} nor {}", files.profile,
        files.credentials_path, files.config_path);
  }
  return profile;
}

}  // namespace hlsrec::net
