// What of the points in a file or in memory is there, and what is gone although its bytes may be left. Whoever reads or
// writes segments is told; who decides is store/series/visibility.h.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>

#include "engine/store/points/point.h"
#include "engine/store/points/tombstones.h"

namespace timestore::segments {

struct Kept {
  std::function<bool(const points::Point&)> point = [](const points::Point&) { return true; };
  std::int64_t first_time = std::numeric_limits<std::int64_t>::min();  // no point before it is
  // Whether any point in there may be gone whose time is not before that. Empty: none is.
  std::function<bool(const points::Extent&)> is_pierced = {};

  bool pierces(const points::Extent& extent) const { return is_pierced && is_pierced(extent); }
};

}  // namespace timestore::segments
