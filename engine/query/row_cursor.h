// Where an answer of rows goes on, as text that clients hand back and do not read.
//
// A cursor names a place between two rows, not a state of this server. So it stays good while points are written,
// replaced and removed: the next page begins with the first row behind that place. It carries a hash of the filters and
// the order, because the place means nothing among other rows.
#pragma once

#include <string>
#include <string_view>

#include "engine/query/query.h"
#include "engine/query/query_error.h"

namespace timestore::query {

std::string encode_cursor(const RowsQuery& query, const RowPlace& place);

// Refuses what encode_cursor() did not write, and what it wrote for other filters or another order.
Answer<RowPlace> decode_cursor(std::string_view cursor, const RowsQuery& query);

}  // namespace timestore::query
