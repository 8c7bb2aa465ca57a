// A column of doubles, kept bit for bit: NaNs with their payloads, -0, denormals and infinities included.
//
//   decimal   00 + e       integer column of mantissas                                    (decimal.h)
//             10 + e (hex) integer column of mantissas  how many exceptions: varint
//                          integer column of their positions  integer column of their bits
//   bits      40 (hex)     integer column of the bits as integers
//
// Integer columns (integer_column.h) do the rest, in both: constant values, steps, slopes, differences, common units,
// outliers, raw words. In particular, differences of bits replace the usual XOR of neighbours: |a - b| never has more
// bits than a ^ b and as many trailing zeros, and does not jump where a mantissa carries.
//
// The encoder takes decimals where at most one value in 16 is an exception and they are smaller than the doubles. Else
// it encodes both, and takes the smaller: no column is larger than 8 bytes a value and two.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "engine/base/result.h"
#include "engine/store/points/bytes.h"
#include "engine/store/points/decimal.h"

namespace timestore::points {

// Appends the column to `out`. 1 to kMaxValues values; `decimals` is Decimals(values).
void put_doubles(std::string& out, std::span<const double> values, const Decimals& decimals);

inline void put_doubles(std::string& out, std::span<const double> values) {
  put_doubles(out, values, Decimals(values));
}

// As many values as there is room for in `values`, 1 to kMaxValues; after an error their contents are unspecified.
Result<void> take_doubles(ByteReader& in, std::span<double> values);

}  // namespace timestore::points
