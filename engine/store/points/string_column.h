// A column of strings of any bytes.
//
//   plain       01  integer column of their sizes  their bytes, one after the other
//   dictionary  02  how many different ones: varint, less one  integer column of the sizes of these  their bytes
//                   integer column of which of these each value is
//
// Different strings are listed in the order in which they first occur. Whichever is smaller is taken.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/store/points/bytes.h"

namespace timestore::points {

// Appends the column to `out`. 1 to kMaxValues values.
void put_strings(std::string& out, std::span<const std::string_view> values);

// As many values as there is room for in `values`, 1 to kMaxValues; after an error their contents are unspecified. They
// point into the bytes that are read: nothing is copied, so a dictionary expands nothing.
Result<void> take_strings(ByteReader& in, std::span<std::string_view> values);

}  // namespace timestore::points
