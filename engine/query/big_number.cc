#include "engine/query/big_number.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "engine/base/check.h"

namespace timestore::query {
namespace {

constexpr int kLimbBits = 64;
constexpr int kMantissaBits = 53;
constexpr int kLeastExponent = -1022;  // of a double that has all its bits

void strip(std::vector<uint64_t>& limbs) {
  while (!limbs.empty() && limbs.back() == 0) limbs.pop_back();
}

// The remainder.
uint64_t divide(std::vector<uint64_t>& limbs, uint64_t divisor) {
  uint64_t rest = 0;
  for (size_t at = limbs.size(); at-- > 0;) {
    const Unsigned128 part = static_cast<Unsigned128>(rest) << kLimbBits | limbs[at];
    limbs[at] = static_cast<uint64_t>(part / divisor);
    rest = static_cast<uint64_t>(part % divisor);
  }
  return rest;
}

std::strong_ordering compared(const std::vector<uint64_t>& left, const std::vector<uint64_t>& right) {
  for (size_t at = std::max(left.size(), right.size()); at-- > 0;) {
    const uint64_t one = at < left.size() ? left[at] : 0;
    const uint64_t other = at < right.size() ? right[at] : 0;
    if (one != other) return one <=> other;
  }
  return std::strong_ordering::equal;
}

std::vector<uint64_t> added(const std::vector<uint64_t>& left, const std::vector<uint64_t>& right) {
  std::vector<uint64_t> sum(std::max(left.size(), right.size()) + 1);
  uint64_t carry = 0;
  for (size_t at = 0; at < sum.size(); ++at) {
    const Unsigned128 part =
        static_cast<Unsigned128>(at < left.size() ? left[at] : 0) + (at < right.size() ? right[at] : 0) + carry;
    sum[at] = static_cast<uint64_t>(part);
    carry = static_cast<uint64_t>(part >> kLimbBits);
  }
  return sum;
}

// Requires that the left one is not less.
std::vector<uint64_t> subtracted(const std::vector<uint64_t>& left, const std::vector<uint64_t>& right) {
  std::vector<uint64_t> rest = left;
  bool borrow = false;
  for (size_t at = 0; at < rest.size(); ++at) {
    const uint64_t taken = at < right.size() ? right[at] : 0;
    const bool borrows = rest[at] < taken || (rest[at] == taken && borrow);
    rest[at] -= taken + (borrow ? 1 : 0);
    borrow = borrows;
  }
  return rest;
}

// The limbs for a lesser exponent.
std::vector<uint64_t> shifted(const BigNumber& number, int exponent) {
  const auto bits = static_cast<unsigned>(number.exponent - exponent);
  std::vector<uint64_t> limbs(bits / kLimbBits);
  const unsigned shift = bits % kLimbBits;
  uint64_t carry = 0;
  for (const uint64_t limb : number.limbs) {
    limbs.push_back(limb << shift | carry);
    carry = shift == 0 ? 0 : limb >> (kLimbBits - shift);
  }
  limbs.push_back(carry);
  return limbs;
}

// Of limbs * 2^exponent and a little more, if there is a rest.
double rounded(std::vector<uint64_t> limbs, int exponent, bool has_rest) {
  strip(limbs);
  if (limbs.empty()) return 0;
  const int zeros = std::countl_zero(limbs.back());
  uint64_t top = limbs.back() << zeros;
  if (limbs.size() > 1) {
    const uint64_t second = limbs[limbs.size() - 2];
    if (zeros > 0) top |= second >> (kLimbBits - zeros);
    has_rest |= second << zeros != 0;
    for (size_t at = 0; at + 2 < limbs.size(); ++at) has_rest |= limbs[at] != 0;
  }
  const int leading = exponent + static_cast<int>(limbs.size()) * kLimbBits - zeros - 1;  // of the first bit
  const int kept = std::min(kMantissaBits, kMantissaBits - (kLeastExponent - leading));
  if (kept < 0) return 0;
  const int dropped = kLimbBits - kept;
  uint64_t mantissa = dropped == kLimbBits ? 0 : top >> dropped;
  const bool half = (top >> (dropped - 1) & 1) != 0;
  const bool more = has_rest || (top & ((uint64_t{1} << (dropped - 1)) - 1)) != 0;
  if (half && (more || (mantissa & 1) != 0)) ++mantissa;
  return std::ldexp(static_cast<double>(mantissa), leading - (kLimbBits - 1) + dropped);
}

}  // namespace

bool BigNumber::is_zero() const {
  return std::all_of(limbs.begin(), limbs.end(), [](uint64_t limb) { return limb == 0; });
}

BigNumber big_number(Int128 number) {
  const bool is_negative = number < 0;
  const Unsigned128 magnitude = is_negative ? 0 - static_cast<Unsigned128>(number) : static_cast<Unsigned128>(number);
  return {.is_negative = is_negative,
          .limbs = {static_cast<uint64_t>(magnitude), static_cast<uint64_t>(magnitude >> kLimbBits)}};
}

BigNumber product(const BigNumber& left, const BigNumber& right) {
  BigNumber result{.is_negative = left.is_negative != right.is_negative,
                   .limbs = std::vector<uint64_t>(left.limbs.size() + right.limbs.size()),
                   .exponent = left.exponent + right.exponent};
  for (size_t i = 0; i < left.limbs.size(); ++i) {
    uint64_t carry = 0;
    for (size_t j = 0; j < right.limbs.size(); ++j) {
      const Unsigned128 part = static_cast<Unsigned128>(left.limbs[i]) * right.limbs[j] + result.limbs[i + j] + carry;
      result.limbs[i + j] = static_cast<uint64_t>(part);
      carry = static_cast<uint64_t>(part >> kLimbBits);
    }
    result.limbs[i + right.limbs.size()] = carry;
  }
  return result;
}

BigNumber difference(const BigNumber& left, const BigNumber& right) {
  const int exponent = std::min(left.exponent, right.exponent);
  const std::vector<uint64_t> one = shifted(left, exponent);
  const std::vector<uint64_t> other = shifted(right, exponent);
  if (left.is_negative != right.is_negative) return {left.is_negative, added(one, other), exponent};
  if (compared(one, other) >= 0) return {left.is_negative, subtracted(one, other), exponent};
  return {!left.is_negative, subtracted(other, one), exponent};
}

double nearest_double(const BigNumber& number, std::span<const uint64_t> divisors) {
  // A limb more for each divisor, and one more still: so the quotient has 64 bits at least.
  const size_t extra = divisors.empty() ? 0 : divisors.size() + 1;
  std::vector<uint64_t> limbs(extra);
  limbs.insert(limbs.end(), number.limbs.begin(), number.limbs.end());
  bool has_rest = false;
  for (const uint64_t divisor : divisors) {
    TIMESTORE_CHECK(divisor != 0, "nothing is divided by zero");
    has_rest |= divide(limbs, divisor) != 0;
  }
  const double magnitude = rounded(std::move(limbs), number.exponent - static_cast<int>(extra) * kLimbBits, has_rest);
  return number.is_negative ? -magnitude : magnitude;
}

}  // namespace timestore::query
