#include "engine/store/points/common_unit.h"

#include <algorithm>
#include <numeric>

namespace timestore::points {

uint64_t common_unit(std::span<const uint64_t> values) {
  // A few differences, far apart, show at once where it is 1, as it usually is.
  uint64_t unit = 0;
  const size_t stride = std::max<size_t>(1, values.size() / 16);
  for (size_t i = 1; i < values.size() && unit != 1; i += stride) {
    unit = std::gcd(unit, magnitude(values[i] - values[i - 1]));
  }
  size_t at = 1;
  for (; unit == 0 && at < values.size(); ++at) unit = magnitude(values[at] - values[at - 1]);
  while (unit > 1 && at < values.size()) {
    const Unit candidate(unit);
    while (at < values.size() && candidate.divides(values[at] - values[at - 1])) ++at;
    if (at == values.size()) break;
    unit = std::gcd(unit, magnitude(values[at] - values[at - 1]));
    ++at;
  }
  return unit;
}

}  // namespace timestore::points
