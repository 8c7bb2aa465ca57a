// Numbers that the benchmarks draw.
#pragma once

#include <cmath>

#include "engine/base/prng.h"

namespace timestore {

// In [0, 1).
inline double draw_uniform(Prng& prng) { return static_cast<double>(prng.next() >> 11) * 0x1p-53; }

// Of mean 0 and deviation 1.
inline double draw_normal(Prng& prng) {
  return std::sqrt(-2 * std::log(1 - draw_uniform(prng))) * std::cos(6.283185307179586 * draw_uniform(prng));
}

}  // namespace timestore
