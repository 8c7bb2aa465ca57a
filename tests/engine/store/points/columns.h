// The words of these tests: columns in and out, golden bytes, and values of every kind.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/store/points/double_column.h"
#include "engine/store/points/integer_column.h"

namespace timestore::points {

using Words = std::vector<uint64_t>;

inline std::string hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<uint8_t>(byte) / 16];
    text += kDigits[static_cast<uint8_t>(byte) % 16];
  }
  return text;
}

inline std::string encoded(const Words& values) {
  std::string out;
  put_unsigned(out, values);
  return out;
}

inline std::string encoded(const std::vector<double>& values) {
  std::string out;
  put_doubles(out, values);
  return out;
}

inline Words bits_of(const std::vector<double>& values) {
  Words bits;
  for (const double value : values) bits.push_back(std::bit_cast<uint64_t>(value));
  return bits;
}

// What `bytes` decode to; nothing where they are refused, or where anything is left.
inline std::optional<Words> words_in(std::string_view bytes, size_t count) {
  Words values(count);
  ByteReader in(bytes);
  if (!take_unsigned(in, values) || !in.left().empty()) return std::nullopt;
  return values;
}

inline std::optional<Words> double_bits_in(std::string_view bytes, size_t count) {
  std::vector<double> values(count);
  ByteReader in(bytes);
  if (!take_doubles(in, values) || !in.left().empty()) return std::nullopt;
  return bits_of(values);
}

inline void expect_kept(const std::vector<double>& values) {
  const std::string bytes = encoded(values);
  EXPECT_EQ(double_bits_in(bytes, values.size()), bits_of(values));
  EXPECT_LE(bytes.size(), 2 + 8 * values.size());
}

inline void expect_kept(const Words& values) {
  const std::string bytes = encoded(values);
  EXPECT_EQ(words_in(bytes, values.size()), values);
  EXPECT_LE(bytes.size(), 1 + 8 * values.size());
}

// A word of any width, the extremes and their neighbours included.
inline uint64_t any_word(Prng& prng) {
  const uint64_t word = prng.next() >> prng.below(64);
  switch (prng.below(8)) {
    case 0:
      return word & 3;
    case 1:
      return 0 - (word & 3);
    case 2:
      return (uint64_t{1} << 63) + (word & 3) - 2;
    case 3:
      return 0 - word;
    default:
      return word;
  }
}

// A column of integers: noise of some width on some base, slope and unit, with some outliers; or words of any kind.
inline Words any_integers(Prng& prng, size_t count) {
  const uint64_t base = any_word(prng);
  const uint64_t slope = prng.chance(1, 2) ? 0 : any_word(prng);
  const uint64_t curve = prng.chance(3, 4) ? 0 : any_word(prng);
  const uint64_t unit = prng.chance(1, 2) ? 1 : any_word(prng);
  const unsigned narrowing = static_cast<unsigned>(prng.below(65));
  const uint64_t outliers = prng.chance(1, 2) ? 0 : prng.below(20);
  const bool is_walk = prng.chance(1, 2);
  Words values;
  uint64_t walked = 0;
  for (size_t i = 0; i < count; ++i) {
    uint64_t noise = narrowing == 64 ? 0 : prng.next() >> narrowing;
    if (prng.chance(1, 2)) noise = 0 - noise;
    walked = is_walk ? walked + noise : noise;
    values.push_back(prng.chance(outliers, 100) ? any_word(prng) : base + i * slope + i * i * curve + walked * unit);
  }
  return values;
}

// Special values, bit patterns, floats, whole numbers, decimals.
inline double any_double(Prng& prng) {
  constexpr double kSpecial[] = {0.0,
                                 -0.0,
                                 1.0,
                                 -1.0,
                                 0.1,
                                 1e15,
                                 1e-15,
                                 1e22,
                                 1e300,
                                 std::numeric_limits<double>::infinity(),
                                 -std::numeric_limits<double>::infinity(),
                                 std::numeric_limits<double>::quiet_NaN(),
                                 std::numeric_limits<double>::denorm_min(),
                                 std::numeric_limits<double>::max(),
                                 std::numeric_limits<double>::lowest(),
                                 std::numeric_limits<double>::min(),
                                 2251799813685247.0,
                                 2251799813685248.0,
                                 -2251799813685248.0,
                                 -2251799813685249.0,
                                 4503599627370496.0,
                                 9007199254740993.0,
                                 0.30000000000000004};
  switch (prng.below(6)) {
    case 0:
      return kSpecial[prng.below(std::size(kSpecial))];
    case 1:
      return std::bit_cast<double>(prng.next());
    case 2:  // a NaN, quiet or signalling, with a payload
      return std::bit_cast<double>((prng.next() & 0x800fffffffffffff) | 0x7ff0000000000000);
    case 3:
      return static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(prng.next() >> 32)));
    case 4:
      return static_cast<double>(static_cast<int64_t>(any_word(prng)));
    default:
      return static_cast<double>(static_cast<int64_t>(prng.below(2'000'001)) - 1'000'000) /
             std::pow(10.0, static_cast<double>(prng.below(8)));
  }
}

// A column of doubles: decimals of one kind, all of any kind, or the first with some of the second.
inline std::vector<double> any_doubles(Prng& prng, size_t count) {
  const double power = std::pow(10.0, static_cast<double>(prng.below(17)));
  const uint64_t range = 1 + (prng.next() >> (10 + prng.below(54)));
  const uint64_t others = prng.chance(1, 3) ? 0 : prng.below(101);
  std::vector<double> values;
  for (size_t i = 0; i < count; ++i) {
    const double decimal = (static_cast<double>(prng.below(range)) - static_cast<double>(range / 2)) / power;
    values.push_back(prng.chance(others, 100) ? any_double(prng) : decimal);
  }
  return values;
}

inline size_t any_count(Prng& prng) {
  switch (prng.below(4)) {
    case 0:
      return 1 + prng.below(4);
    case 1:
      return 120 + prng.below(20);
    case 2:
      return 1 + prng.below(kMaxValues);
    default:
      return 1 + prng.below(600);
  }
}

}  // namespace timestore::points
