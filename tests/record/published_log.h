#ifndef HLSREC_TESTS_RECORD_PUBLISHED_LOG_H_
#define HLSREC_TESTS_RECORD_PUBLISHED_LOG_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hlsrec {

// What a store was made to hold, one object after the other: judged by that
// alone, never by what the writer believes.
struct PublishedObject {
  std::string path = {};
  std::string bytes = {};
};
using PublishedLog = std::vector<PublishedObject>;

// At no time was anything listed that was not stored, and nothing but playlists
// ever changed.
void CheckOrder(const PublishedLog& log);

// What is there in the end.
std::map<std::string, std::string> Newest(const PublishedLog& log);

// The pictures of a playlist's segments, in its order; those of gaps are left
// out. It is required to be ended, and without faults.
std::vector<std::int64_t> ListedPictures(
    const std::map<std::string, std::string>& objects, const std::string& path);

}  // namespace hlsrec

#endif  // HLSREC_TESTS_RECORD_PUBLISHED_LOG_H_
