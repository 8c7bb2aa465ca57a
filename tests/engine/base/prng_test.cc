#include "engine/base/prng.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace timestore {
namespace {

// From the reference implementation.
TEST(Prng, the_generator_is_xoshiro256_starstar) {
  Prng prng(0);
  prng.state = {1, 2, 3, 4};
  for (const uint64_t expected : {uint64_t{11520}, uint64_t{0}, uint64_t{1509978240}, uint64_t{1215971899390074240},
                                  uint64_t{1216172134540287360}}) {
    EXPECT_EQ(prng.next(), expected);
  }
}

TEST(Prng, the_seed_is_spread_by_splitmix64) {
  EXPECT_EQ(Prng(0).state,
            (std::array<uint64_t, 4>{0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f, 0xf88bb8a8724c81ec}));
}

TEST(Prng, a_copy_goes_the_same_way) {
  Prng prng(7);
  prng.next();
  Prng copy = prng;
  EXPECT_EQ(copy, prng);
  EXPECT_EQ(copy.next(), prng.next());
  copy.next();
  EXPECT_FALSE(copy == prng);
}

RC_GTEST_PROP(Prng, no_number_reaches_its_bound, (uint64_t seed)) {
  const uint64_t bound = *rc::gen::resize(rc::kNominalSize, rc::gen::nonZero<uint64_t>());
  Prng prng(seed);
  for (int draw = 0; draw < 20; ++draw) RC_ASSERT(prng.below(bound) < bound);
}

// With this bound, plain remainders would fall below half of it twice as often as above.
TEST(Prng, small_remainders_are_not_favoured) {
  constexpr uint64_t kBound = (uint64_t{1} << 63) + (uint64_t{1} << 62);
  Prng prng(1);
  int in_lower_third = 0;
  for (int draw = 0; draw < 30'000; ++draw) in_lower_third += prng.below(kBound) < kBound / 3 ? 1 : 0;
  EXPECT_NEAR(in_lower_third, 10'000, 400);
}

TEST(Prng, every_small_number_comes_equally_often) {
  Prng prng(2);
  std::array<int, 10> counts{};
  for (int draw = 0; draw < 100'000; ++draw) ++counts[prng.below(counts.size())];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 400);
}

TEST(Prng, chances_are_kept_at_their_ends_and_between) {
  Prng prng(3);
  int hits = 0;
  for (int draw = 0; draw < 10'000; ++draw) {
    EXPECT_FALSE(prng.chance(0, 5));
    EXPECT_TRUE(prng.chance(5, 5));
    hits += prng.chance(1, 4) ? 1 : 0;
  }
  EXPECT_NEAR(hits, 2'500, 200);
}

TEST(PrngDeathTest, a_bound_of_zero_is_a_bug) { EXPECT_DEATH(Prng(0).below(0), "no number is below zero"); }

}  // namespace
}  // namespace timestore
