#include "engine/store/points/double_column.h"

#include <array>
#include <bit>
#include <cstring>

#include "engine/base/check.h"
#include "engine/store/points/integer_column.h"

namespace timestore::points {
namespace {

constexpr unsigned kWithExceptions = 0x10;  // added to the exponent
constexpr unsigned kBits = 0x40;

static_assert(kMaxExponent < kWithExceptions);

void put_decimals(std::string& out, std::span<const double> values, const Decimals& decimals) {
  const std::span<const uint64_t> exceptions = decimals.exceptions;
  put_byte(out, decimals.exponent + (exceptions.empty() ? 0 : kWithExceptions));
  put_integers(out, std::span(decimals.mantissas).first(values.size()));
  if (exceptions.empty()) return;
  put_varint(out, exceptions.size());
  put_unsigned(out, exceptions);
  std::array<uint64_t, kMaxValues> bits;
  for (size_t i = 0; i < exceptions.size(); ++i) bits[i] = std::bit_cast<uint64_t>(values[exceptions[i]]);
  put_unsigned(out, std::span(bits).first(exceptions.size()));
}

void put_bits(std::string& out, std::span<const double> values) {
  put_byte(out, kBits);
  std::array<uint64_t, kMaxValues> bits;
  std::memcpy(bits.data(), values.data(), values.size_bytes());
  put_unsigned(out, std::span(bits).first(values.size()));
}

Result<void> take_exceptions(ByteReader& in, std::span<double> values) {
  const auto count = in.varint();
  if (!count) return cut_off();
  if (*count == 0 || *count > values.size()) return fail("a column of doubles has an impossible number of exceptions");
  std::array<uint64_t, kMaxValues> positions;
  std::array<uint64_t, kMaxValues> bits;
  if (auto taken = take_unsigned(in, std::span(positions).first(*count)); !taken) return taken;
  if (auto taken = take_unsigned(in, std::span(bits).first(*count)); !taken) return taken;
  for (size_t i = 0; i < *count; ++i) {
    if (positions[i] >= values.size()) return fail("an exception of a column of doubles stands outside of it");
    values[positions[i]] = std::bit_cast<double>(bits[i]);
  }
  return {};
}

Result<void> take_decimals(ByteReader& in, unsigned form, std::span<double> values) {
  std::array<int64_t, kMaxValues> room;
  const auto mantissas = std::span(room).first(values.size());
  if (auto taken = take_integers(in, mantissas); !taken) return taken;
  if (!to_doubles(mantissas, form % kWithExceptions, values)) {
    return fail("a column of doubles has a mantissa that is out of bounds");
  }
  return form < kWithExceptions ? Result<void>() : take_exceptions(in, values);
}

Result<void> take_bits(ByteReader& in, std::span<double> values) {
  std::array<uint64_t, kMaxValues> room;
  const auto bits = std::span(room).first(values.size());
  if (auto taken = take_unsigned(in, bits); !taken) return taken;
  std::memcpy(values.data(), bits.data(), bits.size_bytes());
  return {};
}

}  // namespace

void put_doubles(std::string& out, std::span<const double> values, const Decimals& decimals) {
  TIMESTORE_CHECK(!values.empty() && values.size() <= kMaxValues, "a column has 1 to kMaxValues values");
  if (!decimals.are_found) return put_bits(out, values);
  const size_t start = out.size();
  put_decimals(out, values, decimals);
  if (decimals.exceptions.size() <= values.size() / 16 && out.size() - start <= 8 * values.size()) return;
  std::string bits;
  put_bits(bits, values);
  if (bits.size() < out.size() - start) out.replace(start, std::string::npos, bits);
}

Result<void> take_doubles(ByteReader& in, std::span<double> values) {
  TIMESTORE_CHECK(!values.empty() && values.size() <= kMaxValues, "a column has 1 to kMaxValues values");
  const auto form = in.byte();
  if (!form) return cut_off();
  if (*form < 2 * kWithExceptions && *form % kWithExceptions <= kMaxExponent) return take_decimals(in, *form, values);
  if (*form == kBits) return take_bits(in, values);
  return fail("a column of doubles has the unknown encoding " + std::to_string(*form));
}

}  // namespace timestore::points
