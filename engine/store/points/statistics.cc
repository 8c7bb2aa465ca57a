#include "engine/store/points/statistics.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "engine/base/check.h"

namespace timestore::points {
namespace {

__extension__ typedef unsigned __int128 Unsigned128;

constexpr int64_t kFractions = 1'000'000'000'000'000;  // 10^kMaxExponent

template <typename Integer>
IntegerStatistics<Integer> statistics_of_integers(std::span<const Integer> values) {
  TIMESTORE_CHECK(!values.empty(), "statistics are of values");
  IntegerStatistics<Integer> found{.min = values[0], .max = values[0]};
  for (const Integer value : values) {
    found.min = std::min(found.min, value);
    found.max = std::max(found.max, value);
    found.sum += value;
  }
  return found;
}

unsigned leading_zeros(Unsigned128 number) {
  const auto high = static_cast<uint64_t>(number >> 64);
  const auto low = static_cast<uint64_t>(number);
  return static_cast<unsigned>(high != 0 ? std::countl_zero(high) : 64 + std::countl_zero(low));
}

// The sum of the mantissas: 2^11 of them fit in 64 bits.
Int128 sum_of(std::span<const int64_t> mantissas) {
  Int128 sum = 0;
  for (size_t at = 0; at < mantissas.size(); at += 1024) {
    int64_t part = 0;
    for (const int64_t mantissa : mantissas.subspan(at, std::min<size_t>(1024, mantissas.size() - at)))
      part += mantissa;
    sum += part;
  }
  return sum;
}

bool holds_zero(std::span<const double> values, bool negative) {
  return std::any_of(values.begin(), values.end(),
                     [&](double value) { return value == 0 && std::signbit(value) == negative; });
}

}  // namespace

DecimalSum::DecimalSum(Int128 mantissa, unsigned exponent) {
  int64_t scale = 1;
  for (unsigned digit = 0; digit < exponent; ++digit) scale *= 10;
  whole_ = mantissa / scale;
  auto rest = static_cast<int64_t>(mantissa % scale);
  if (rest < 0) {
    --whole_;
    rest += scale;
  }
  fraction_ = rest * (kFractions / scale);
}

DecimalSum& DecimalSum::operator+=(const DecimalSum& other) {
  whole_ += other.whole_;
  fraction_ += other.fraction_;
  if (fraction_ >= kFractions) {
    ++whole_;
    fraction_ -= kFractions;
  }
  return *this;
}

double DecimalSum::rounded() const {
  const bool is_negative = whole_ < 0;
  const bool borrows = is_negative && fraction_ != 0;
  const auto whole = static_cast<Unsigned128>(is_negative ? -(whole_ + (borrows ? 1 : 0)) : whole_);
  const auto fraction = static_cast<uint64_t>(borrows ? kFractions - fraction_ : fraction_);
  // Some 55 bits or more of the quotient, the last of which says whether anything follows. Then it is rounded by its
  // conversion to a double, and only there: scaling is exact.
  Unsigned128 bits;
  int scale;
  if ((whole >> 76) != 0) {
    bits = (whole << 1) | (fraction != 0 ? 1u : 0u);
    scale = -1;
  } else {
    Unsigned128 number = whole * static_cast<uint64_t>(kFractions) + fraction;
    if (number == 0) return 0;
    scale = -static_cast<int>(leading_zeros(number));
    number <<= -scale;
    bits = number / static_cast<uint64_t>(kFractions);
    if (number % static_cast<uint64_t>(kFractions) != 0) bits |= 1;
  }
  const double magnitude = std::ldexp(static_cast<double>(bits), scale);
  return is_negative ? -magnitude : magnitude;
}

IntegerStatistics<int64_t> statistics_of(std::span<const int64_t> values) { return statistics_of_integers(values); }

IntegerStatistics<uint64_t> statistics_of(std::span<const uint64_t> values) { return statistics_of_integers(values); }

BooleanStatistics statistics_of(std::span<const bool> values) {
  const auto trues = static_cast<size_t>(std::count(values.begin(), values.end(), true));
  return {.min = trues == values.size(), .max = trues != 0, .trues = trues};
}

DoubleStatistics statistics_of(std::span<const double> values, const Decimals& decimals) {
  constexpr size_t kLanes = 4;  // independent, since a minimum waits for the one before it
  std::array<double, kLanes> least;
  std::array<double, kLanes> greatest;
  std::array<size_t, kLanes> numbers{};
  least.fill(std::numeric_limits<double>::infinity());
  greatest.fill(-std::numeric_limits<double>::infinity());
  const auto consider = [&](size_t lane, double value) {  // comparisons with a NaN are false
    least[lane] = value < least[lane] ? value : least[lane];
    greatest[lane] = value > greatest[lane] ? value : greatest[lane];
    numbers[lane] += value == value ? 1 : 0;
  };
  size_t at = 0;
  for (; at + kLanes <= values.size(); at += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) consider(lane, values[at + lane]);
  }
  for (; at < values.size(); ++at) consider(0, values[at]);

  DoubleStatistics found;
  for (const size_t count : numbers) found.numbers += count;
  found.min = *std::min_element(least.begin(), least.end());
  found.max = *std::max_element(greatest.begin(), greatest.end());
  if (found.min == 0) found.min = holds_zero(values, true) ? -0.0 : 0.0;
  if (found.max == 0) found.max = holds_zero(values, false) ? 0.0 : -0.0;
  if (decimals.are_found && decimals.exceptions.empty()) {
    found.sum = DecimalSum(sum_of(std::span(decimals.mantissas).first(values.size())), decimals.exponent);
    found.exponent = decimals.exponent;
  }
  return found;
}

}  // namespace timestore::points
