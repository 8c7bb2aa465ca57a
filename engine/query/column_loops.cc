#include "engine/query/column_loops.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "engine/store/points/decimal.h"

namespace timestore::query {
namespace {

constexpr size_t kLoopLanes = 8;                       // independent, since a minimum waits for the one before it
constexpr double kMantissaShift = 6755399441055744.0;  // 1.5 * 2^52: points/decimal.cc says why
constexpr std::array<double, points::kMaxExponent + 1> kPowersOfTen = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                                       1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

bool has_zero(std::span<const uint64_t> bits, bool is_negative) {
  const uint64_t zero = std::bit_cast<uint64_t>(is_negative ? -0.0 : 0.0);
  return std::find(bits.begin(), bits.end(), zero) != bits.end();
}

}  // namespace

int64_t sum_of_mantissas(std::span<const uint64_t> bits, unsigned exponent) {
  // The quotient that a decimal is lies so near to it that the product is rounded to its mantissa.
  const double power = kPowersOfTen[exponent];
  uint64_t sum = 0;
  for (const uint64_t word : bits) sum += std::bit_cast<uint64_t>(std::bit_cast<double>(word) * power + kMantissaShift);
  return static_cast<int64_t>(sum - bits.size() * std::bit_cast<uint64_t>(kMantissaShift));
}

DoubleExtremes extremes_of_doubles(std::span<const uint64_t> bits) {
  std::array<double, kLoopLanes> least;
  std::array<double, kLoopLanes> greatest;
  least.fill(std::bit_cast<double>(bits[0]));
  greatest = least;
  const auto consider = [&](size_t lane, uint64_t word) {
    const auto value = std::bit_cast<double>(word);
    least[lane] = value < least[lane] ? value : least[lane];
    greatest[lane] = value > greatest[lane] ? value : greatest[lane];
  };
  size_t at = 0;
  for (; at + kLoopLanes <= bits.size(); at += kLoopLanes) {
    for (size_t lane = 0; lane < kLoopLanes; ++lane) consider(lane, bits[at + lane]);
  }
  for (; at < bits.size(); ++at) consider(0, bits[at]);
  DoubleExtremes found{*std::min_element(least.begin(), least.end()),
                       *std::max_element(greatest.begin(), greatest.end())};
  if (found.min == 0) found.min = has_zero(bits, true) ? -0.0 : 0.0;
  if (found.max == 0) found.max = has_zero(bits, false) ? 0.0 : -0.0;
  return found;
}

bool are_finite(std::span<const uint64_t> bits) {
  constexpr uint64_t kExponentBits = uint64_t{0x7ff} << 52;
  uint64_t infinite = 0;
  for (const uint64_t word : bits) infinite |= ((word & kExponentBits) + (uint64_t{1} << 52)) >> 63;  // carries, or not
  return infinite == 0;
}

}  // namespace timestore::query
