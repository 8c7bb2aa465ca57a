// Goes through all pages of a file once, in order, and says whether they are a whole file of ours.
//
// Every page must end with its checksum, but for those that hold nothing but zeros: a page that was freed before it was
// ever written is a hole in the file. Such a page must be on the file's list of free pages. So nothing that is lost or
// rotten passes, and a copy can be trusted as far as its original. It knows neither files nor where the pages come
// from.
//
// File format: https://www.sqlite.org/fileformat2.html
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <span>

#include "engine/base/hash.h"
#include "engine/base/result.h"

namespace timestore::store {

// Whether a page holds nothing but zeros.
[[nodiscard]] bool is_empty_page(std::span<const std::uint8_t> page);

class PageCensus {
 public:
  // The next page, of kPageBytes. The error says what is wrong with it.
  [[nodiscard]] Result<void> add(std::span<const std::uint8_t> page);

  std::uint64_t pages() const { return pages_; }
  std::uint64_t checksum() const { return checksums_.value(); }  // over the checksums of all pages so far
  bool has_empty_pages() const { return !empty_.empty(); }

  // At the end: whether all empty pages are free. `read` reads a page by its number, from 1, which was added before.
  using ReadPage = std::function<Result<void>(std::uint64_t number, std::span<std::uint8_t> into)>;
  [[nodiscard]] Result<void> check_empty_pages(const ReadPage& read) const;

 private:
  std::uint64_t pages_ = 0;
  Hasher checksums_;
  std::set<std::uint32_t> empty_;
  std::uint32_t first_trunk_ = 0;  // of the list of free pages; 0: there are none
};

}  // namespace timestore::store
