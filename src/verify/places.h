#ifndef HLSREC_SRC_VERIFY_PLACES_H_
#define HLSREC_SRC_VERIFY_PLACES_H_

#include <optional>
#include <string>
#include <string_view>

namespace hlsrec::verify {

// "a/b/" of "a/b/c"; empty where there is none.
std::string FolderOf(std::string_view key);

// A manifest's name: recording.json, ..._recording.json.
bool IsManifest(std::string_view key);

// Where objects are, whose manifest says that it is `told` and is `found`: the
// root may have moved, or the folder.
class Places {
 public:
  Places(std::string told, std::string found);
  // None where it lies outside of what moved.
  [[nodiscard]] std::optional<std::string> Find(const std::string& key) const;
  // Whether an object that is found there belongs to this recording's names:
  // below its manifest's folder, and where others may share that, by the name.
  [[nodiscard]] bool IsAmong(std::string_view found) const;
  [[nodiscard]] std::string folder() const { return FolderOf(found_); }

 private:
  std::string told_;
  std::string found_;
};

}  // namespace hlsrec::verify

#endif  // HLSREC_SRC_VERIFY_PLACES_H_
