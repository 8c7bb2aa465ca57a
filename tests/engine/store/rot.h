// Bits that flip on a disk.
#pragma once

#include <gmock/gmock.h>

#include <cstddef>
#include <string>
#include <vector>

#include "engine/store/sqlite/page_checksums.h"

namespace timestore::store {

inline constexpr std::size_t kPage = kPageBytes;

// Places in every part of every page: some hundred bytes apart, and each byte of the checksums.
inline std::vector<std::size_t> sample_of(const std::string& file) {
  std::vector<std::size_t> offsets;
  for (std::size_t offset = 0; offset < file.size(); ++offset) {
    const std::size_t in_page = offset % kPage;
    if (offset % 149 == 0 || in_page < 8 || in_page >= kPage - kPageChecksumBytes) offsets.push_back(offset);
  }
  return offsets;
}

inline std::string flipped(std::string bytes, std::size_t offset, std::size_t bit) {
  bytes[offset] = static_cast<char>(bytes[offset] ^ 1 << bit % 8);
  return bytes;
}

// The sentence for a bit that flipped at `offset`. In the file's header it may also be one about what the file is.
inline testing::Matcher<std::string> names_damage_at(const std::string& path, std::size_t offset) {
  const std::string page = "page " + std::to_string(offset / kPage + 1) + " of the file fails its checksum";
  constexpr std::size_t kHeaderBytes = 100;
  if (offset >= kHeaderBytes) return testing::AllOf(testing::HasSubstr(path), testing::HasSubstr(page));
  return testing::AllOf(testing::HasSubstr(path),
                        testing::AnyOf(testing::HasSubstr(page), testing::HasSubstr("The file is damaged"),
                                       testing::HasSubstr("the header of the file is damaged")));
}

}  // namespace timestore::store
