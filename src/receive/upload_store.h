#ifndef HLSREC_SRC_RECEIVE_UPLOAD_STORE_H_
#define HLSREC_SRC_RECEIVE_UPLOAD_STORE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hlsrec/sink.h"
#include "hlsrec/upload_receiver.h"
#include "src/base/clock.h"
#include "src/base/executor.h"
#include "src/deliver/key_writer.h"
#include "src/receive/listed.h"

namespace hlsrec::receive {

// Knows what of the uploads is stored, and stores a playlist when all it names
// is. What it knows has a bound: of lists that have ended, or are quiet, it
// forgets what they name, and reads it again before it removes what they may
// name (upload_memory.cc).
//
// Threads. Everything on the strand given. Lifetime. Held by its calls.
class UploadStore : public std::enable_shared_from_this<UploadStore> {
 public:
  // kConflict: a playlist names what is not there, or what is to be removed is
  // named by one. Others as the sink says.
  using Done = std::function<void(Status)>;

  UploadStore(std::shared_ptr<Strand> strand, const Clock& clock,
              const UploadReceiverOptions& options);

  // An object's body begins to come; each ends with one of the two behind it.
  void Begin(const std::string& key);
  void BreakOff(const std::string& key);
  void PutObject(PutRequest request, Done done);

  // kInvalidArgument: it is no playlist. Reads the body.
  void PutList(PutRequest request, Done done);
  void Remove(const std::string& key, Done done);
  // The stream that is named so has ended: "a/cam1".
  void EndStream(const std::string& base);

  [[nodiscard]] std::uint64_t gaps() const { return gaps_; }
  // Versions that came behind a newer one. Threads. Any.
  [[nodiscard]] std::uint64_t overtaken() const { return overtaken_; }
  // Names in memory: of objects, of what lists name, and of lists that were
  // forgotten. Threads. Any.
  [[nodiscard]] std::size_t remembered() const { return remembered_; }

 private:
  struct Object {
    enum class State { kUnknown, kLooking, kStored, kMissing, kFailed };
    State state = State::kUnknown;
    bool gave_up = false;  // its sender was told 503
    [[nodiscard]] State StateWhereMissing() const {
      return gave_up ? State::kFailed : State::kMissing;
    }
    int coming = 0;    // bodies that come or are being stored
    int removing = 0;  // nobody knows whether it is there until they are over
    int listed = 0;    // by lists that are stored, or may be
    bool brought = false;  // once, whoever did
    // Brought once more: the newest version of all lists by then.
    std::uint64_t again = 0;
    std::uint64_t look = 0;  // the answer that kLooking waits for
    void Found(bool there) {
      state = there ? State::kStored : StateWhereMissing();
      brought = brought || there;
    }
    [[nodiscard]] bool WaitsFor(std::uint64_t answer) const {
      return state == State::kLooking && look == answer;
    }
    [[nodiscard]] bool Idle() const {
      return coming == 0 && removing == 0 && listed == 0;
    }
  };
  // What a version of a media playlist says.
  struct Covered {
    std::uint64_t version = 0;
    std::uint64_t first = 0;
    std::uint64_t end = 0;
    bool ended = false;
    SteadyTime came = {};
    bool may_be_stored = false;  // nobody knows
  };
  // A version that waits for what it names.
  struct Held {
    PutRequest request;
    std::string text;
    Listed listed;
    std::vector<Done> waiting;
  };
  struct List {
    std::optional<Held> held = {};
    int writing = 0;
    std::uint64_t version = 0;  // never used twice; 0: never put
    // Readers may soon see another version than they do now.
    [[nodiscard]] bool Changes() const { return held || writing > 0; }
    // By the newest version that was not refused, and by that which is stored.
    std::optional<Covered> newest = {};
    std::optional<Covered> stored = {};
    // Told what comes of the version that replaces theirs.
    std::vector<std::pair<std::uint64_t, Done>> overtaken = {};
    bool multivariant = false;
    bool removed = false;  // nothing of it is stored, a newer version waits
    bool ended = false;
    SteadyTime touched = {};  // when it was last put, read or removed
    // Held by who needs it to be known now.
    std::shared_ptr<void> pin = std::make_shared<char>();
    // Named by what is stored, or may be.
    std::set<std::string> current = {};
    // Named, and not stored: until when it is waited for.
    std::map<std::string, SteadyTime> wanted = {};
    // Shown as gaps: a version may not change what another one said.
    std::set<std::string> gaps = {};
    // Named by any version, and not removed since, where delete_on_end wants to
    // know.
    std::set<std::string> ever = {};
    bool left_told = false;  // that there are too many of those

    [[nodiscard]] std::size_t names() const {
      return current.size() + gaps.size() + ever.size();
    }
  };
  // A list that is stored, and not known: all it names is from `first` to
  // `last`.
  struct Forgotten {
    std::string first;
    std::string last;
    std::uint64_t version = 0;
    std::uint64_t order = 0;  // never used twice
  };
  // What the sink is asked for.
  struct PendingRemove {
    std::string key;
    Done done;
  };
  struct Verdict {
    bool wait = false;
    std::string refused = {};  // the key that is not there
    std::vector<const Reference*> gaps = {};
    SteadyTime until = SteadyTime::max();
  };

  static Object::State StateOfUnconfirmed(StatusCode code);
  static bool IsList(const std::string& key);
  void Changed();
  [[nodiscard]] bool IsOvertaken(const List& list, const Listed& listed) const;
  static void FollowNewest(const std::string& key, List& list, Done done);
  void Evaluate(const std::string& key);
  Verdict Judge(List& list);
  void LookForUnknown(const Listed& listed);
  void Look(const std::string& key, std::uint64_t look);
  void OnLook(const std::string& key, std::uint64_t look, const Status& status);
  void OnListing(const std::vector<std::string>& asked, std::uint64_t look,
                 const StatusOr<std::vector<ObjectInfo>>& found);
  void Publish(const std::string& key, Held held, const Verdict& verdict);
  void OnPublished(const std::string& key, std::uint64_t version,
                   const std::optional<Covered>& covered,
                   const std::set<std::string>& named, const Status& status);
  void Name(List& list, const std::set<std::string>& named);
  void Forget(const std::string& key);
  void RetryRemoves();
  void RemoveUnlisted(PendingRemove remove);
  void RemoveNow(const std::string& key, Done done);
  void DropList(const std::string& key);
  void ForgetNamed(const std::string& key);
  void Tell(UploadEvent::Kind kind, const std::string& key,
            const std::string& message);

  // Delete on end, upload_end.cc. Versions after `since` are a stream that
  // goes on.
  void ReadLists(const std::string& base, std::uint64_t since,
                 std::vector<std::string> keys);
  [[nodiscard]] std::set<std::string> ListsOf(const std::string& base) const;
  [[nodiscard]] std::vector<std::string> ForgottenOf(
      const std::string& base) const;
  void RemoveStream(const std::string& base, std::uint64_t since);
  void RemoveLists(const std::string& base, std::uint64_t since);
  void ForgetList(const std::string& key, std::uint64_t version);
  void RemoveObjects(const std::set<std::string>& keys);
  void RemoveUnnamed(const std::set<std::string>& keys);

  // What is forgotten, and read again; upload_memory.cc.
  void Trim();
  void TrimEver(const std::string& key, List& list);
  [[nodiscard]] std::vector<std::string> Forgettable() const;
  void ForgetStored(const std::string& key);
  void LetGoOf(const std::string& name);
  [[nodiscard]] std::optional<std::string> ForgottenNaming(
      const std::set<std::string>& keys) const;
  // Of all lists that may name one of `keys` is known what they name, until
  // `next` returns; or its status says why not.
  void Recall(const std::set<std::string>& keys, const Done& next,
              const std::vector<std::shared_ptr<void>>& pinned = {});
  void TakeRead(const std::string& key, StatusOr<std::string> text,
                std::uint64_t order, std::vector<std::shared_ptr<void>>& pinned,
                Status& failed);
  void Restore(const std::string& key, const Listed& listed);
  StatusOr<Listed> ReadStored(const std::string& key,
                              StatusOr<std::string> text) const;

  const std::shared_ptr<Strand> strand_;
  const Clock& clock_;
  const UploadReceiverOptions options_;
  const std::shared_ptr<deliver::KeyWriter> writer_;
  std::unordered_map<std::string, Object> objects_;
  std::size_t sweep_at_;
  std::map<std::string, List> lists_;
  std::uint64_t last_version_ = 0;
  std::uint64_t last_look_ = 0;
  std::map<std::string, Forgotten> forgotten_;
  std::uint64_t last_forgotten_ = 0;
  std::atomic<std::size_t> remembered_ = 0;
  std::vector<PendingRemove> removes_;
  std::uint64_t gaps_ = 0;
  std::atomic<std::uint64_t> overtaken_ = 0;
};

}  // namespace hlsrec::receive

#endif  // HLSREC_SRC_RECEIVE_UPLOAD_STORE_H_
