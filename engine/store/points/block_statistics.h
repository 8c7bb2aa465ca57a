// A block's statistics (statistics.h) as bytes in its directory.
//
//   integer    zigzag varint of min  varint of max - min  zigzag varint of the sum, up to 128 bits
//   unsigned   varint of min         varint of max - min  varint of the sum, up to 128 bits
//   boolean    varint: how many are true
//   double     00 + e  zigzag varint of min  varint of max - min  zigzag varint of the sum: all are mantissas of
//                      decimals with e digits behind the point
//              10      varint: how many are numbers  8 bytes of min  8 bytes of max: the others, without a sum
//   string     nothing
#pragma once

#include <span>
#include <string>
#include <variant>

#include "engine/base/result.h"
#include "engine/store/points/bytes.h"
#include "engine/store/points/point.h"
#include "engine/store/points/statistics.h"

namespace timestore::points {

// Of strings: nothing.
using BlockStatistics = std::variant<std::monostate, DoubleStatistics, IntegerStatistics<int64_t>,
                                     IntegerStatistics<uint64_t>, BooleanStatistics>;

// Appends what describes these values.
void put_statistics(std::string& out, std::span<const int64_t> values);
void put_statistics(std::string& out, std::span<const uint64_t> values);
void put_statistics(std::string& out, std::span<const bool> values);
void put_statistics(std::string& out, std::span<const double> values, const Decimals& decimals);

// Of so many values. What contradicts itself (a max below the min, a sum that so many values cannot have) is refused.
Result<BlockStatistics> take_statistics(ByteReader& in, Type type, size_t count);

}  // namespace timestore::points
