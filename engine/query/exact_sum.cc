#include "engine/query/exact_sum.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/base/check.h"

namespace timestore::query {
namespace {

constexpr uint64_t kDigitMask = 0xffffffff;
constexpr uint32_t kAdditionsBeforeCarry = 1u << 29;  // each changes a digit by less than 2^32

}  // namespace

Parts parts_of(double value) {
  const auto bits = std::bit_cast<uint64_t>(value);
  const auto field = static_cast<int>(bits >> 52 & 0x7ff);
  const auto fraction = static_cast<int64_t>(bits & ((uint64_t{1} << 52) - 1));
  const int64_t significand = field == 0 ? fraction : fraction | int64_t{1} << 52;
  return {.significand = bits >> 63 != 0 ? -significand : significand, .exponent = std::max(field, 1) - 1075};
}

// The digits [first, first + count), which exist from then on.
int64_t* ExactSum::digits_from(int first, int count) {
  if (digits_.empty()) first_ = first;
  if (first < first_) {
    digits_.insert(digits_.begin(), static_cast<size_t>(first_ - first), 0);
    first_ = first;
  }
  const auto size = static_cast<size_t>(first + count - first_);
  if (size > digits_.size()) digits_.resize(size);
  return digits_.data() + (first - first_);
}

// All digits but the last get values of 32 bits, and the last one's magnitude stays small.
void ExactSum::carry() {
  added_ = 0;
  for (size_t at = 0; at < digits_.size(); ++at) {
    const int64_t over = digits_[at] >> kDigitBits;
    const bool is_last = at + 1 == digits_.size();
    if (is_last && (over == 0 || over == -1)) break;  // it keeps its sign
    digits_[at] &= static_cast<int64_t>(kDigitMask);
    if (is_last) {
      digits_.push_back(over);
    } else {
      digits_[at + 1] += over;
    }
  }
}

void ExactSum::add(double value) {
  const Parts parts = parts_of(value);
  if (parts.significand == 0) return;
  const auto position = static_cast<unsigned>(parts.exponent - kLowestExponent);
  const unsigned shift = position % kDigitBits;
  const bool is_negative = parts.significand < 0;
  const auto magnitude = static_cast<Unsigned128>(is_negative ? -parts.significand : parts.significand) << shift;
  int64_t* digits = digits_from(static_cast<int>(position / kDigitBits), 3);
  const int64_t sign = is_negative ? -1 : 1;
  digits[0] += sign * static_cast<int64_t>(static_cast<uint64_t>(magnitude) & kDigitMask);
  digits[1] += sign * static_cast<int64_t>(static_cast<uint64_t>(magnitude) >> kDigitBits);
  digits[2] += sign * static_cast<int64_t>(magnitude >> (2 * kDigitBits));
  if (++added_ == kAdditionsBeforeCarry) carry();
}

void ExactSum::add(Int128 number, int exponent) {
  TIMESTORE_CHECK(kLowestExponent <= exponent && exponent <= kHighestExponent, "no double leads there");
  if (number == 0) return;
  const auto position = static_cast<unsigned>(exponent - kLowestExponent);
  const unsigned shift = position % kDigitBits;
  const bool is_negative = number < 0;
  const Unsigned128 magnitude = is_negative ? 0 - static_cast<Unsigned128>(number) : static_cast<Unsigned128>(number);
  const Unsigned128 low = magnitude << shift;
  const auto high = shift == 0 ? 0 : static_cast<int64_t>(magnitude >> (128 - shift));
  const int count = high != 0 ? 5 : 4;
  int64_t* digits = digits_from(static_cast<int>(position / kDigitBits), count);
  const int64_t sign = is_negative ? -1 : 1;
  for (int at = 0; at < 4; ++at) {
    digits[at] += sign * static_cast<int64_t>(static_cast<uint64_t>(low >> (at * kDigitBits)) & kDigitMask);
  }
  if (high != 0) digits[4] += sign * high;
  if (++added_ == kAdditionsBeforeCarry) carry();
}

void ExactSum::add_product(double value, Int128 number) {
  const Parts parts = parts_of(value);
  add(number * parts.significand, parts.exponent);
}

void ExactSum::add_square(double value) {
  const Parts parts = parts_of(value);
  add(static_cast<Int128>(parts.significand) * parts.significand, 2 * parts.exponent);
}

void ExactSum::add(const ExactSum& other) {
  if (other.digits_.empty()) return;
  ExactSum carried = other;
  carried.carry();
  carry();
  const int64_t* from = carried.digits_.data();
  int64_t* to = digits_from(carried.first_, static_cast<int>(carried.digits_.size()));
  for (size_t at = 0; at < carried.digits_.size(); ++at) to[at] += from[at];
  ++added_;
}

BigNumber ExactSum::number() const {
  if (digits_.empty()) return {};
  ExactSum carried = *this;
  carried.carry();
  const bool is_negative = carried.digits_.back() < 0;
  if (is_negative) {
    for (int64_t& digit : carried.digits_) digit = -digit;
    carried.carry();
  }
  BigNumber number{.is_negative = is_negative, .exponent = kLowestExponent + carried.first_ * kDigitBits};
  for (size_t at = 0; at < carried.digits_.size(); at += 2) {
    const auto low = static_cast<uint64_t>(carried.digits_[at]);
    const auto high = at + 1 < carried.digits_.size() ? static_cast<uint64_t>(carried.digits_[at + 1]) : 0;
    number.limbs.push_back(high << kDigitBits | low);
  }
  return number;
}

}  // namespace timestore::query
