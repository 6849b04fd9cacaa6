#ifndef HLSREC_TESTS_CLI_SERVING_H_
#define HLSREC_TESTS_CLI_SERVING_H_

#include <signal.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/inputs/child_process.h"

namespace hlsrec::testing {

// The keys of the store in tests/s3, for `env`.
inline const Words& StoreKeys() {
  static const Words& keys = *new Words{"AWS_ACCESS_KEY_ID=test:tester",
                                        "AWS_SECRET_ACCESS_KEY=testing",
                                        "AWS_EC2_METADATA_DISABLED=true"};
  return keys;
}

// `hlsrec serve` that has said where it is.
class Serving {
 public:
  explicit Serving(const Words& arguments) {
    Words words = {"env"};
    words.insert(words.end(), StoreKeys().begin(), StoreKeys().end());
    Words serve = {"serve", "--bind", "127.0.0.1:0", "--json"};
    serve.insert(serve.end(), arguments.begin(), arguments.end());
    for (const std::string& word : Hlsrec(serve)) words.push_back(word);
    process_ = std::make_unique<ChildProcess>(words);
    const std::string line = process_->ReadLine();
    INFO(line);
    url_ = nlohmann::json::parse(line).at("url");
  }
  [[nodiscard]] std::string Url(const std::string& path) const {
    return url_ + path;
  }
  int End() {
    process_->Signal(SIGINT);
    return process_->Wait();
  }

 private:
  std::unique_ptr<ChildProcess> process_;
  std::string url_;
};

}  // namespace hlsrec::testing

#endif  // HLSREC_TESTS_CLI_SERVING_H_
