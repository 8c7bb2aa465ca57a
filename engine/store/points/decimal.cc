#include "engine/store/points/decimal.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/base/check.h"

namespace timestore::points {
namespace {

constexpr std::array<double, kMaxExponent + 1> kPowers = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                          1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

// 1.5 * 2^52. Whole numbers from -2^51 to below 2^51, added to it, keep its sign and exponent and change the low bits
// as an integer would; anything else is rounded to such a number by the addition itself, ties to even. So doubles
// become integers, and come back, two at a time on every x86.
constexpr double kShift = 6755399441055744.0;
constexpr uint64_t kShiftBits = std::bit_cast<uint64_t>(kShift);
constexpr uint64_t kShiftTop = kShiftBits >> 52;

// Zero bits exactly if `value` is a decimal of this power with the mantissa that is given back.
struct Attempt {
  uint64_t mantissa;
  uint64_t wrong_bits;
};

inline Attempt attempt(double value, double power) {
  const double shifted = value * power + kShift;
  const double quotient = (shifted - kShift) / power;
  const auto bits = std::bit_cast<uint64_t>(shifted);
  return {
      .mantissa = bits - kShiftBits,
      .wrong_bits = ((bits >> 52) ^ kShiftTop) | (std::bit_cast<uint64_t>(quotient) ^ std::bit_cast<uint64_t>(value))};
}

constexpr size_t kSample = 32;
constexpr size_t kHopeless = 8;  // so many of a sample that are finite and no decimals: no more are tried
constexpr uint64_t kExceptionBits = 72;

// The exponent that is cheapest for the values of a sample; 3.3 bits a digit.
std::optional<unsigned> choose_exponent(std::span<const double> values) {
  std::array<uint64_t, kMaxExponent + 1> of{};
  const size_t size = std::min(kSample, values.size());
  size_t decimals = 0;
  size_t others = 0;
  for (size_t i = 0; i < size && others < kHopeless; ++i) {
    const double value = values[i * values.size() / size];
    if (const auto decimal = decimal_of(value)) {
      ++of[decimal->exponent];
      ++decimals;
    } else if (std::isfinite(value) && value != 0) {
      ++others;
    }
  }
  if (decimals == 0 || others >= std::min(kHopeless, size)) return std::nullopt;
  unsigned best = 0;
  uint64_t least_bits = ~uint64_t{0};
  uint64_t exceptions = decimals;
  for (unsigned exponent = 0; exponent <= kMaxExponent; ++exponent) {
    exceptions -= of[exponent];
    const uint64_t bits = decimals * exponent * 10 / 3 + exceptions * kExceptionBits;
    if (bits >= least_bits) continue;
    least_bits = bits;
    best = exponent;
  }
  return best;
}

void list_exceptions(std::span<const double> values, Decimals& decimals) {
  const double power = kPowers[decimals.exponent];
  size_t first = values.size();
  for (size_t i = 0; i < values.size(); ++i) {
    if (attempt(values[i], power).wrong_bits == 0) {
      first = std::min(first, i);
    } else {
      decimals.exceptions.push_back(i);
      if (i > 0) decimals.mantissas[i] = decimals.mantissas[i - 1];
    }
  }
  std::fill_n(decimals.mantissas.begin(), first, first < values.size() ? decimals.mantissas[first] : 0);
}

}  // namespace

double to_double(const Decimal& decimal) { return static_cast<double>(decimal.mantissa) / kPowers[decimal.exponent]; }

std::optional<Decimal> decimal_of(double value) {
  for (unsigned exponent = 0; exponent <= kMaxExponent; ++exponent) {
    const Attempt tried = attempt(value, kPowers[exponent]);
    if (tried.wrong_bits == 0) return Decimal{static_cast<int64_t>(tried.mantissa), exponent};
    if (!(std::fabs(value * kPowers[exponent]) < static_cast<double>(kMantissaBound))) break;
  }
  return std::nullopt;
}

Decimals::Decimals(std::span<const double> values) {
  TIMESTORE_CHECK(!values.empty() && values.size() <= kMaxValues, "a column has 1 to kMaxValues values");
  const auto chosen = choose_exponent(values);
  if (!chosen) return;
  are_found = true;
  exponent = *chosen;
  const double power = kPowers[exponent];
  uint64_t wrong_bits = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const Attempt tried = attempt(values[i], power);
    mantissas[i] = static_cast<int64_t>(tried.mantissa);
    wrong_bits |= tried.wrong_bits;
  }
  if (wrong_bits != 0) list_exceptions(values, *this);
}

bool to_doubles(std::span<const int64_t> mantissas, unsigned exponent, std::span<double> values) {
  const double power = kPowers[exponent];
  uint64_t beyond = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const uint64_t bits = static_cast<uint64_t>(mantissas[i]) + kShiftBits;
    beyond |= (bits >> 52) ^ kShiftTop;
    values[i] = (std::bit_cast<double>(bits) - kShift) / power;
  }
  return beyond == 0;
}

}  // namespace timestore::points
