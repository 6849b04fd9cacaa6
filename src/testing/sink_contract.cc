#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "hlsrec/testing.h"
#include "src/base/mutex.h"
#include "src/base/runtime_core.h"

namespace hlsrec::testing {
namespace {

// A body that can't be read to its end: what a truncated spool file is.
class BrokenBody final : public Body {
 public:
  std::uint64_t size() const override { return 100000; }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset + out.size() > 50000) {
      return {StatusCode::kDataLoss, "body: ends early"};
    }
    return {};
  }
};

class Contract {
 public:
  Contract(Sink& sink, const std::string& prefix)
      : sink_(sink), prefix_(prefix) {}

  std::vector<std::string> Run() {
    StoresAndReads();
    ReplacesAndRefuses();
    ListsAndRemoves();
    KeepsBadOut();
    for (const std::string& key : made_) {
      Remove(key).Ignore("tidying up");
    }
    return std::move(broken_);
  }

 private:
  template <typename T>
  struct Answer {
    Latch latch;
    std::optional<T> value;
  };

  void Expect(bool kept, std::string promise) {
    if (!kept) broken_.push_back(std::move(promise));
  }

  Status Put(const std::string& key, std::shared_ptr<const Body> body,
             IfExists if_exists = IfExists::kReplace) {
    const auto answer = std::make_shared<Answer<Status>>();
    made_.push_back(key);
    sink_.Put({.key = key,
               .body = std::move(body),
               .kind = ObjectKind::kOther,
               .if_exists = if_exists,
               .content_type = "application/octet-stream"},
              [answer](Status status) {
                answer->value = std::move(status);
                answer->latch.Open();
              });
    answer->latch.Wait();
    return *answer->value;
  }
  StatusOr<std::string> Get(const std::string& key,
                            std::uint64_t max_bytes = 1 << 24) {
    const auto answer = std::make_shared<Answer<StatusOr<std::string>>>();
    sink_.Get(key, max_bytes, [answer](StatusOr<std::string> bytes) {
      answer->value = std::move(bytes);
      answer->latch.Open();
    });
    answer->latch.Wait();
    return *answer->value;
  }
  Status Remove(const std::string& key) {
    const auto answer = std::make_shared<Answer<Status>>();
    sink_.Remove(key, [answer](Status status) {
      answer->value = std::move(status);
      answer->latch.Open();
    });
    answer->latch.Wait();
    return *answer->value;
  }
  std::vector<ObjectInfo> List(const std::string& prefix) {
    const auto answer =
        std::make_shared<Answer<StatusOr<std::vector<ObjectInfo>>>>();
    sink_.List(prefix, [answer](StatusOr<std::vector<ObjectInfo>> objects) {
      answer->value = std::move(objects);
      answer->latch.Open();
    });
    answer->latch.Wait();
    can_list_ = answer->value->status().code() != StatusCode::kUnimplemented;
    Expect(answer->value->ok() || !can_list_, "list: fails: " + prefix);
    return answer->value->ok() ? **answer->value : std::vector<ObjectInfo>();
  }

  void StoresAndReads() {
    for (const std::string name :
         {"plain.ts", "deep/er/x.ts", "space a.ts", "plus+eq=.ts",
          "per%20cent.ts", "uni\u00e9\u4e2d.ts", "tilde~!*'().ts"}) {
      const std::string key = prefix_ + name;
      const std::string bytes = "bytes of " + name;
      Expect(Put(key, MakeStringBody(bytes)).ok(), "put: fails: " + key);
      const auto read = Get(key);
      Expect(read.ok() && *read == bytes, "get: differs from put: " + key);
    }
    std::string large(3 << 20, '\0');
    for (std::size_t i = 0; i < large.size(); ++i) {
      large[i] = static_cast<char>(i * 2654435761U >> 13);
    }
    Expect(Put(prefix_ + "large.ts", MakeStringBody(large)).ok(),
           "put: fails: 3 MiB");
    const auto read = Get(prefix_ + "large.ts");
    Expect(read.ok() && *read == large, "get: differs from put: 3 MiB");
    Expect(Get(prefix_ + "large.ts", 1000).status().code() ==
               StatusCode::kResourceExhausted,
           "get: gives more than max_bytes");
    Expect(Put(prefix_ + "empty.ts", MakeStringBody("")).ok(),
           "put: fails: an empty body");
    Expect(Get(prefix_ + "missing.ts").status().code() == StatusCode::kNotFound,
           "get: a missing object is not kNotFound");
  }

  void ReplacesAndRefuses() {
    const std::string key = prefix_ + "replace.m3u8";
    // A store may look at what it is given.
    const std::string first = "#EXTM3U\n";
    const std::string second = "#EXTM3U\n# two, longer\n";
    const std::string third = "#EXTM3U\n#3\n";
    Expect(Put(key, MakeStringBody(first)).ok(), "put: fails");
    Expect(Put(key, MakeStringBody(second)).ok(),
           "put: kReplace fails on an existing key");
    auto read = Get(key);
    Expect(read.ok() && *read == second, "put: kReplace keeps the old");
    Expect(Put(key, MakeStringBody(third), IfExists::kFail).code() ==
               StatusCode::kAlreadyExists,
           "put: kFail on an existing key is not kAlreadyExists");
    read = Get(key);
    Expect(read.ok() && *read == second,
           "put: kFail changed an existing object");
    Expect(Put(prefix_ + "fresh.ts", MakeStringBody("x"), IfExists::kFail).ok(),
           "put: kFail fails on a free key");
    Expect(!Put(key, std::make_shared<BrokenBody>()).ok(),
           "put: a body that can't be read is reported as stored");
    read = Get(key);
    Expect(read.ok() && *read == second,
           "put: a failed put changed the object");
  }

  void ListsAndRemoves() {
    for (const char* name : {"list/b.ts", "list/a.ts", "list/c/d.ts"}) {
      Expect(Put(prefix_ + name, MakeStringBody("12345")).ok(), "put: fails");
    }
    const auto listed = List(prefix_ + "list/");
    if (can_list_) ExpectListed(listed);
    Expect(Remove(prefix_ + "list/a.ts").ok(), "remove: fails");
    Expect(Get(prefix_ + "list/a.ts").status().code() == StatusCode::kNotFound,
           "remove: the object is still there");
    Expect(Remove(prefix_ + "list/a.ts").ok(),
           "remove: a missing object is an error");
    for (const char* name : {"list/b.ts", "list/c/d.ts"}) {
      Expect(Get(prefix_ + name).ok(), "remove: took others along");
    }
    Expect(!can_list_ || List(prefix_ + "list/").size() == 2,
           "remove: what is gone is listed");
  }

  void ExpectListed(const std::vector<ObjectInfo>& listed) {
    Expect(listed.size() == 3 && listed[0].key == prefix_ + "list/a.ts" &&
               listed[1].key == prefix_ + "list/b.ts" &&
               listed[2].key == prefix_ + "list/c/d.ts" &&
               listed[0].size_bytes == 5,
           "list: does not give what was put, in key order");
    Expect(List(prefix_ + "list/a").size() == 1,
           "list: a prefix is not a folder");
    Expect(List(prefix_ + "nothing/").empty(),
           "list: an unused prefix is not empty");
  }

  void KeepsBadOut() {
    for (const std::string& key :
         {std::string("../out.ts"), std::string("a/../../out.ts"),
          std::string("/abs.ts"), std::string("a//b.ts"), std::string(""),
          std::string("nul\0.ts", 7), std::string("back\\slash.ts")}) {
      const Status status = Put(key, MakeStringBody("x"));
      Expect(status.code() == StatusCode::kInvalidArgument,
             "put: a bad key is not kInvalidArgument: " + key);
      made_.pop_back();
    }
  }

  Sink& sink_;
  const std::string prefix_;
  bool can_list_ = true;
  std::vector<std::string> made_;
  std::vector<std::string> broken_;
};

}  // namespace

std::vector<std::string> CheckSinkContract(Sink& sink,
                                           const std::string& prefix) {
  return Contract(sink, prefix).Run();
}

}  // namespace hlsrec::testing
