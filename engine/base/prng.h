// A small pseudo-random generator that is a plain value.
//
// It is copied, compared and hashed with the state that owns it, and gives the same numbers on every machine and with
// every compiler; the standard library's distributions do not. The generator is xoshiro256** and its seeding splitmix64
// (Blackman and Vigna, prng.di.unimi.it). It is not for secrets.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "engine/base/check.h"

namespace timestore {

struct Prng {
  std::array<uint64_t, 4> state{};

  explicit Prng(uint64_t seed) {
    for (uint64_t& word : state) {
      seed += 0x9e3779b97f4a7c15;
      uint64_t mixed = seed;
      mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
      mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
      word = mixed ^ (mixed >> 31);
    }
  }

  bool operator==(const Prng&) const = default;

  uint64_t next() {
    const uint64_t result = std::rotl(state[1] * 5, 7) * 9;
    const uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = std::rotl(state[3], 45);
    return result;
  }

  // Uniform in [0, bound). The lowest 2^64 mod bound numbers are drawn again: they would favour the small remainders.
  uint64_t below(uint64_t bound) {
    TIMESTORE_CHECK(bound > 0, "no number is below zero");
    const uint64_t first_fair = (0 - bound) % bound;
    uint64_t number = next();
    while (number < first_fair) number = next();
    return number % bound;
  }

  // True in `numerator` of `denominator` cases. Draws even when the answer is certain, so that a changed probability
  // does not shift every later choice.
  bool chance(uint64_t numerator, uint64_t denominator) {
    TIMESTORE_CHECK(numerator <= denominator, "a probability is at most one");
    return below(denominator) < numerator;
  }
};

}  // namespace timestore
