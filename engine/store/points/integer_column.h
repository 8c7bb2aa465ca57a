// A column of 64-bit integers: times, sequence numbers, fields, and the mantissas and bit patterns of doubles.
//
// All arithmetic wraps around at 64 bits, so signed and unsigned numbers are the same words here, and differences of
// the largest and the smallest are nothing special.
//
//   constant     01  first
//   linear       02  first  difference                      x[i] = x[0] + i * difference
//   raw          03  8 bytes each, little-endian
//   differences  10 + order + 4 * (zigzag)  first  unit  centre  groups of n - 1 residuals (word_groups.h)
//
// first, difference and centre are zigzag varints; unit is a varint. In differences, x[i] = first + unit * y[i], y[0] =
// 0, where the unit is the greatest common divisor of all differences: milliseconds within nanoseconds, sixteenths of a
// degree, every tenth second with gaps. A residual r is stored as zigzag(r), or, where no r is negative, as it is:
//   order 0  y[i] = centre + r[i]
//   order 1  y[i] = y[i-1] + centre + r[i]
//   order 2  y[i] = y[i-1] + d[i], d[i] = d[i-1] + r[i], d[0] = centre
//
// The encoder takes constant or linear where they hold, else the cheapest order by up to 128 sampled residuals, and raw
// if that turns out larger. So no column is larger than 8 bytes a value and one.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "engine/base/result.h"
#include "engine/store/points/bytes.h"

namespace timestore::points {

// Appends the column to `out`. 1 to kMaxValues values.
void put_integers(std::string& out, std::span<const int64_t> values);
void put_unsigned(std::string& out, std::span<const uint64_t> values);

// As many values as there is room for in `values`, 1 to kMaxValues; after an error their contents are unspecified.
Result<void> take_integers(ByteReader& in, std::span<int64_t> values);
Result<void> take_unsigned(ByteReader& in, std::span<uint64_t> values);

}  // namespace timestore::points
