#include "engine/store/points/bool_column.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/store/points/column.h"

namespace timestore::points {
namespace {

enum Encoding : uint8_t { kAllFalse = 1, kAllTrue = 2, kMixed = 3 };

}  // namespace

void put_booleans(std::string& out, std::span<const bool> values) {
  TIMESTORE_CHECK(!values.empty() && values.size() <= kMaxValues, "a column has 1 to kMaxValues values");
  const auto trues = static_cast<size_t>(std::count(values.begin(), values.end(), true));
  if (trues == 0 || trues == values.size()) return put_byte(out, trues == 0 ? kAllFalse : kAllTrue);
  put_byte(out, kMixed);
  for (size_t at = 0; at < values.size(); at += 8) {
    unsigned bits = 0;
    for (size_t i = at; i < std::min(at + 8, values.size()); ++i) bits |= unsigned{values[i]} << (i - at);
    put_byte(out, bits);
  }
}

Result<void> take_booleans(ByteReader& in, std::span<bool> values) {
  TIMESTORE_CHECK(!values.empty() && values.size() <= kMaxValues, "a column has 1 to kMaxValues values");
  const auto encoding = in.byte();
  if (!encoding) return cut_off();
  if (*encoding == kAllFalse || *encoding == kAllTrue) {
    std::fill(values.begin(), values.end(), *encoding == kAllTrue);
    return {};
  }
  if (*encoding != kMixed) return fail("a column of booleans has the unknown encoding " + std::to_string(*encoding));
  const auto bytes = in.take((values.size() + 7) / 8);
  if (!bytes) return cut_off();
  const auto bits_at = [&](size_t at) { return static_cast<unsigned>(static_cast<uint8_t>((*bytes)[at])); };
  for (size_t i = 0; i < values.size(); ++i) values[i] = (bits_at(i / 8) >> (i % 8) & 1) != 0;
  const size_t used = values.size() % 8;
  if (used != 0 && bits_at(bytes->size() - 1) >> used != 0)
    return fail("a column of booleans is longer than its count");
  return {};
}

}  // namespace timestore::points
