#ifndef HLSREC_SRC_SERVE_QUERY_H_
#define HLSREC_SRC_SERVE_QUERY_H_

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What stands behind a target's `?`: "a=1&b=%20". Pure.
namespace hlsrec::serve {

// The first parameter of this name, decoded; nothing where there is none, or
// its escapes are broken.
std::optional<std::string> QueryValue(std::string_view query,
                                      std::string_view name);

// The parameters of these names alone, or all but them, as they were written.
std::string KeepOfQuery(std::string_view query,
                        std::initializer_list<std::string_view> names);
std::string DropOfQuery(std::string_view query,
                        const std::vector<std::string>& names);

// One behind the other, with `&` where both are something.
std::string JoinQueries(std::string_view first, std::string_view second);

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_QUERY_H_
