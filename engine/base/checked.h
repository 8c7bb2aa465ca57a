// Integer arithmetic that says when the true result does not fit, for numbers that come from outside.
#pragma once

#include <concepts>
#include <optional>

namespace timestore {

template <std::integral Integer>
constexpr std::optional<Integer> checked_add(Integer left, Integer right) {
  Integer sum{};
  if (__builtin_add_overflow(left, right, &sum)) return std::nullopt;
  return sum;
}

template <std::integral Integer>
constexpr std::optional<Integer> checked_mul(Integer left, Integer right) {
  Integer product{};
  if (__builtin_mul_overflow(left, right, &product)) return std::nullopt;
  return product;
}

}  // namespace timestore
