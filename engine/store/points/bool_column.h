// A column of booleans.
//
//   all false  01
//   all true   02
//   mixed      03  a bit each, from the least significant of each byte on; unused ones of the last byte are zero
#pragma once

#include <span>
#include <string>

#include "engine/base/result.h"
#include "engine/store/points/bytes.h"

namespace timestore::points {

// Appends the column to `out`. 1 to kMaxValues values.
void put_booleans(std::string& out, std::span<const bool> values);

// As many values as there is room for in `values`, 1 to kMaxValues; after an error their contents are unspecified.
Result<void> take_booleans(ByteReader& in, std::span<bool> values);

}  // namespace timestore::points
