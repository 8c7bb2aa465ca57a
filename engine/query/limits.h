// What one query may cost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace timestore::query {

struct Limits {
  size_t groups = 100'000;
  uint64_t rows = 1'000'000;            // of an aggregate's answer
  size_t bytes = size_t{512} << 20;     // that an aggregate holds while it is computed
  size_t page_rows = 10'000;            // of one page
  size_t page_bytes = size_t{8} << 20;  // likewise; one row is never too large

  // Asked at every batch; false ends the query.
  std::function<bool()> goes_on = [] { return true; };
};

}  // namespace timestore::query
