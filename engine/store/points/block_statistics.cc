#include "engine/store/points/block_statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

#include "engine/store/points/column.h"

namespace timestore::points {
namespace {

__extension__ typedef unsigned __int128 Unsigned128;

constexpr uint8_t kNoDecimals = 0x10;

Unsigned128 zigzag_wide(Int128 number) {
  return (static_cast<Unsigned128>(number) << 1) ^ static_cast<Unsigned128>(number < 0 ? -1 : 0);
}

Int128 unzigzag_wide(Unsigned128 code) { return static_cast<Int128>((code >> 1) ^ (0 - (code & 1))); }

void put_wide_varint(std::string& out, Unsigned128 number) {
  for (; number >= 0x80; number >>= 7) put_byte(out, static_cast<unsigned>(number & 0x7f) | 0x80);
  put_byte(out, static_cast<unsigned>(number));
}

// Of up to 126 bits: no block sums up to more.
std::optional<Unsigned128> take_wide_varint(ByteReader& in) {
  Unsigned128 number = 0;
  for (unsigned shift = 0; shift < 126; shift += 7) {
    const auto bits = in.byte();
    if (!bits) return std::nullopt;
    number |= static_cast<Unsigned128>(*bits & 0x7f) << shift;
    if (*bits < 0x80) return number;
  }
  return std::nullopt;
}

tl::unexpected<Error> contradiction() { return fail("the statistics of a block contradict themselves"); }

template <typename Integer>
bool is_possible(const IntegerStatistics<Integer>& found, size_t count) {
  return found.min <= found.max && found.sum >= Int128{found.min} * static_cast<Int128>(count) &&
         found.sum <= Int128{found.max} * static_cast<Int128>(count);
}

Result<IntegerStatistics<int64_t>> take_signed(ByteReader& in, size_t count) {
  const auto min = in.varint();
  const auto spread = in.varint();
  const auto sum = take_wide_varint(in);
  if (!min || !spread || !sum) return cut_off();
  const uint64_t least = unzigzag(*min);
  const IntegerStatistics<int64_t> found{
      .min = static_cast<int64_t>(least), .max = static_cast<int64_t>(least + *spread), .sum = unzigzag_wide(*sum)};
  if (!is_possible(found, count)) return contradiction();
  return found;
}

Result<IntegerStatistics<uint64_t>> take_unsigned_statistics(ByteReader& in, size_t count) {
  const auto min = in.varint();
  const auto spread = in.varint();
  const auto sum = take_wide_varint(in);
  if (!min || !spread || !sum) return cut_off();
  const IntegerStatistics<uint64_t> found{.min = *min, .max = *min + *spread, .sum = static_cast<Int128>(*sum)};
  if (!is_possible(found, count)) return contradiction();
  return found;
}

Result<DoubleStatistics> take_decimals(ByteReader& in, unsigned exponent, size_t count) {
  const auto found = take_signed(in, count);
  if (!found) return tl::unexpected(found.error());
  if (found->min < -kMantissaBound || found->max >= kMantissaBound) return contradiction();
  return DoubleStatistics{.numbers = count,
                          .min = to_double({found->min, exponent}),
                          .max = to_double({found->max, exponent}),
                          .sum = DecimalSum(found->sum, exponent),
                          .exponent = exponent};
}

Result<DoubleStatistics> take_doubles_without_sum(ByteReader& in, size_t count) {
  const auto numbers = in.varint();
  const auto words = in.take(2 * sizeof(uint64_t));
  if (!numbers || !words) return cut_off();
  const auto min = std::bit_cast<double>(load_word(words->data()));
  const auto max = std::bit_cast<double>(load_word(words->data() + sizeof(uint64_t)));
  if (*numbers > count || (*numbers > 0 && !(min <= max))) return contradiction();
  return DoubleStatistics{.numbers = *numbers, .min = min, .max = max, .sum = std::nullopt};
}

Result<DoubleStatistics> take_double_statistics(ByteReader& in, size_t count) {
  const auto form = in.byte();
  if (!form) return cut_off();
  if (*form <= kMaxExponent) return take_decimals(in, *form, count);
  if (*form == kNoDecimals) return take_doubles_without_sum(in, count);
  return fail("the statistics of a block have the unknown form " + std::to_string(*form));
}

void put_word(std::string& out, double value) {
  char bytes[sizeof(uint64_t)];
  store_word(bytes, std::bit_cast<uint64_t>(value));
  out.append(bytes, sizeof bytes);
}

template <typename Statistics>
Result<BlockStatistics> widened(Result<Statistics> found) {
  return found.map([](auto statistics) { return BlockStatistics(statistics); });
}

}  // namespace

void put_statistics(std::string& out, std::span<const int64_t> values) {
  const auto found = statistics_of(values);
  put_varint(out, zigzag(static_cast<uint64_t>(found.min)));
  put_varint(out, static_cast<uint64_t>(found.max) - static_cast<uint64_t>(found.min));
  put_wide_varint(out, zigzag_wide(found.sum));
}

void put_statistics(std::string& out, std::span<const uint64_t> values) {
  const auto found = statistics_of(values);
  put_varint(out, found.min);
  put_varint(out, found.max - found.min);
  put_wide_varint(out, static_cast<Unsigned128>(found.sum));
}

void put_statistics(std::string& out, std::span<const bool> values) { put_varint(out, statistics_of(values).trues); }

void put_statistics(std::string& out, std::span<const double> values, const Decimals& decimals) {
  if (decimals.are_found && decimals.exceptions.empty()) {
    put_byte(out, decimals.exponent);
    return put_statistics(out, std::span<const int64_t>(decimals.mantissas).first(values.size()));
  }
  const DoubleStatistics found = statistics_of(values, decimals);
  put_byte(out, kNoDecimals);
  put_varint(out, found.numbers);
  put_word(out, found.numbers > 0 ? found.min : 0);
  put_word(out, found.numbers > 0 ? found.max : 0);
}

Result<BlockStatistics> take_statistics(ByteReader& in, Type type, size_t count) {
  switch (type) {
    case Type::kFloat:
      return widened(take_double_statistics(in, count));
    case Type::kInteger:
      return widened(take_signed(in, count));
    case Type::kUnsigned:
      return widened(take_unsigned_statistics(in, count));
    case Type::kBoolean: {
      const auto trues = in.varint();
      if (!trues) return cut_off();
      if (*trues > count) return contradiction();
      return BooleanStatistics{.min = *trues == count, .max = *trues != 0, .trues = *trues};
    }
    case Type::kString:
      return BlockStatistics();
  }
  return fail("a block has an unknown type");
}

}  // namespace timestore::points
