#ifndef HLSREC_SRC_PAGE_ASSETS_H_
#define HLSREC_SRC_PAGE_ASSETS_H_

#include <span>
#include <string_view>

namespace hlsrec::page {

// A file of the page, as gzip. Static storage.
struct Asset {
  std::string_view name;  // "page.js"
  std::span<const unsigned char> bytes;
};

// Written by embed.cmake.
std::span<const Asset> Assets();

}  // namespace hlsrec::page

#endif  // HLSREC_SRC_PAGE_ASSETS_H_
