// A walk: 1,000 devices, a point every 10 s, 2,000 steps; 2 million points in pieces, in memory.
#pragma once

#include <memory>

#include "bench/micro/piece_source.h"

namespace timestore::query {

struct WalkOptions {
  bool are_decimals = true;  // two digits behind the point, else all that a double has
  bool is_decoded = false;   // the columns stand in memory already
};
std::unique_ptr<PieceSource> made_walk(WalkOptions options);

}  // namespace timestore::query
