// The pieces of a segment as they stand in the file.
#pragma once

#include "engine/base/result.h"
#include "engine/store/points/merge.h"
#include "engine/store/segments/merge_plan.h"
#include "engine/store/segments/place.h"
#include "engine/store/sqlite/sqlite.h"

namespace timestore::segments {

// Points within [begin, end), which are both of `partition`.
struct Stretch {
  Partition partition = 0;
  Place begin = {};
  Place end = {};
};

// What of [begin, end) is of this partition.
Stretch stretch_of(Partition partition, Place begin, Place end);

// Of a statement that select_pieces() has prepared: the pieces of one segment that may hold points of the stretch. The
// statement must live until the source is not used any more, and serves one source at a time.
[[nodiscard]] Result<store::Statement> select_pieces(store::Database& database);
points::PieceSource pieces_of(store::Statement& select, SegmentId segment, const Stretch& stretch);

// Exactly the points of the stretch.
points::Wanted wanted_of(const Stretch& stretch);

}  // namespace timestore::segments
