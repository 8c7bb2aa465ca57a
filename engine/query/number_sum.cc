#include "engine/query/number_sum.h"

#include <array>

#include "engine/store/points/decimal.h"

namespace timestore::query {
namespace {

constexpr int64_t kFractionUnits = 1'000'000'000'000'000;  // 10^15: the unit of fractions in a DecimalSum

}  // namespace

void NumberSum::add(const Number& number, int64_t times) {
  if (number.is_float()) return add(number.as_double(), times);
  integers_ += number.whole() * times;
}

void NumberSum::add(double value, int64_t times) {
  if (const auto decimal = points::decimal_of(value)) {
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
  if (others_.is_empty() && integers_ == 0) return decimals_.rounded();
  return quotient(1);
}

double NumberSum::quotient(uint64_t divisor) const {
  const Int128 whole = integers_ + decimals_.whole();
  if (others_.is_empty()) {
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
