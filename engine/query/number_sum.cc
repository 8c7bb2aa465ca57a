#include "engine/query/number_sum.h"

#include <array>
#include <bit>
#include <cmath>
#include <optional>

#include "engine/store/points/decimal.h"

namespace timestore::query {
namespace {

constexpr int64_t kFractionUnits = 1'000'000'000'000'000;  // 10^15: the unit of fractions in a DecimalSum
constexpr std::array<double, points::kMaxExponent + 1> kScales = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

// The decimal that this double is, with some exponent. A decimal of few digits is one of more digits too, as long as
// its mantissa has room. So the last exponent with room decides, or the one before, where rounding moved the bound.
std::optional<points::Decimal> any_decimal_of(double value) {
  constexpr auto kBound = static_cast<double>(points::kMantissaBound);
  unsigned exponent = points::kMaxExponent;
  while (exponent > 0 && !(std::fabs(value * kScales[exponent]) <= kBound)) --exponent;
  for (const unsigned digits : {exponent, exponent > 0 ? exponent - 1 : 0}) {
    const double mantissa = std::nearbyint(value * kScales[digits]);
    const bool has_room = -kBound <= mantissa && mantissa < kBound;
    const double quotient = has_room ? mantissa / kScales[digits] : -value;
    if (std::bit_cast<uint64_t>(quotient) != std::bit_cast<uint64_t>(value)) continue;
    return points::Decimal{static_cast<int64_t>(mantissa), digits};
  }
  return std::nullopt;
}

int bits_of(Unsigned128 number) {
  const auto high = static_cast<uint64_t>(number >> 64);
  return high != 0 ? 128 - std::countl_zero(high) : 64 - std::countl_zero(static_cast<uint64_t>(number));
}

// (whole + fraction / 10^15) / divisor, where 128 bits hold all that is needed.
std::optional<double> small_quotient(Int128 whole, int64_t fraction, uint64_t divisor) {
  constexpr Int128 kSmallWhole = Int128{1} << 74;
  constexpr int kDivisorBits = 20;
  if (whole <= -kSmallWhole || whole >= kSmallWhole || divisor >> kDivisorBits != 0) return std::nullopt;
  const Int128 units = whole * kFractionUnits + fraction;
  const Unsigned128 magnitude = units < 0 ? 0 - static_cast<Unsigned128>(units) : static_cast<Unsigned128>(units);
  if (magnitude == 0) return 0.0;
  // The quotient has 57 bits or more, and its last one says whether anything follows. So it is rounded once, by the
  // conversion: scaling is exact.
  const int shift = 127 - bits_of(magnitude);
  const Unsigned128 scaled = magnitude << shift;
  const Unsigned128 by = static_cast<Unsigned128>(kFractionUnits) * divisor;
  const Unsigned128 quotient = scaled / by;
  const Unsigned128 last = scaled - quotient * by != 0 ? 1 : 0;
  const double rounded = std::ldexp(static_cast<double>(quotient | last), -shift);
  return units < 0 ? -rounded : rounded;
}

}  // namespace

void NumberSum::add(const Number& number, int64_t times) {
  if (number.is_float()) return add(number.as_double(), times);
  integers_ += number.whole() * times;
}

void NumberSum::add(double value, int64_t times) {
  if (const auto decimal = any_decimal_of(value)) {
    decimals_ += points::DecimalSum(Int128{decimal->mantissa} * times, decimal->exponent);
  } else if (value != 0) {  // -0 is no decimal, and adds nothing
    others_.add_product(value, times);
  }
}

void NumberSum::add(const NumberSum& other) {
  integers_ += other.integers_;
  decimals_ += other.decimals_;
  others_.add(other.others_);
}

double NumberSum::rounded() const {
  if (others_.is_zero() && integers_ == 0) return decimals_.rounded();
  return quotient(1);
}

double NumberSum::quotient(uint64_t divisor) const {
  const Int128 whole = integers_ + decimals_.whole();
  if (others_.is_zero()) {
    if (const auto quick = small_quotient(whole, decimals_.fraction(), divisor)) return *quick;
    // whole * 10^15 + fraction, as a number of 10^-15.
    const BigNumber scaled = product(big_number(whole), big_number(kFractionUnits));
    const BigNumber units = difference(scaled, big_number(-Int128{decimals_.fraction()}));
    return nearest_double(units, std::array<uint64_t, 2>{static_cast<uint64_t>(kFractionUnits), divisor});
  }
  ExactSum sum = others_;
  sum.add(whole, 0);
  sum.add(static_cast<double>(decimals_.fraction()) / static_cast<double>(kFractionUnits));
  return nearest_double(sum.number(), std::array<uint64_t, 1>{divisor});
}

}  // namespace timestore::query
