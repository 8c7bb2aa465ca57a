#include "engine/base/checked.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>

namespace timestore {
namespace {

// The oracle computes in wider integers.
RC_GTEST_PROP(Checked, sums_are_right_or_refused, (int32_t left, int32_t right)) {
  const int64_t sum = int64_t{left} + right;
  const bool fits = sum >= INT32_MIN && sum <= INT32_MAX;
  RC_ASSERT(checked_add(left, right) == (fits ? std::optional(static_cast<int32_t>(sum)) : std::nullopt));
}

RC_GTEST_PROP(Checked, products_are_right_or_refused, (int32_t left, int32_t right)) {
  const int64_t product = int64_t{left} * right;
  const bool fits = product >= INT32_MIN && product <= INT32_MAX;
  RC_ASSERT(checked_mul(left, right) == (fits ? std::optional(static_cast<int32_t>(product)) : std::nullopt));
}

TEST(Checked, the_edges_hold) {
  EXPECT_EQ(checked_add<int64_t>(INT64_MAX, 0), INT64_MAX);
  EXPECT_EQ(checked_add<int64_t>(INT64_MAX, 1), std::nullopt);
  EXPECT_EQ(checked_add<uint64_t>(UINT64_MAX, 1), std::nullopt);
  EXPECT_EQ(checked_mul<int64_t>(INT64_MIN, -1), std::nullopt);
  EXPECT_EQ(checked_mul<uint64_t>(uint64_t{1} << 32, uint64_t{1} << 32), std::nullopt);
}

}  // namespace
}  // namespace timestore
