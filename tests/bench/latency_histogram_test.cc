#include "bench/ingest/latency_histogram.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace timestore::bench {
namespace {

// The dumb second implementation: keep everything, sort, and take the value at the rank.
std::uint64_t quantile_of_sorted(std::vector<std::uint64_t> values, std::uint64_t per_ten_thousand) {
  std::sort(values.begin(), values.end());
  std::size_t rank = 1;
  while (rank * 10000 < values.size() * per_ten_thousand) ++rank;
  return values[rank - 1];
}

RC_GTEST_PROP(LatencyHistogram, a_quantile_is_at_most_one_64th_above_the_true_one, ()) {
  // Bit widths are drawn evenly, so that every bucket size is met.
  const auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint64_t>>(
      rc::gen::mapcat(rc::gen::inRange(0, LatencyHistogram::kMaxBits), [](int bits) {
        return rc::gen::inRange<std::uint64_t>(std::uint64_t{1} << bits >> 1, std::uint64_t{1} << bits);
      })));
  LatencyHistogram histogram;
  for (const std::uint64_t value : values) histogram.record(value);
  for (const std::uint64_t per_ten_thousand : {0U, 1U, 5000U, 9000U, 9900U, 9990U, 10000U}) {
    const std::uint64_t exact = quantile_of_sorted(values, per_ten_thousand);
    const std::uint64_t found = histogram.quantile(per_ten_thousand);
    RC_ASSERT(found >= exact);
    RC_ASSERT(found <= exact + exact / 64);
  }
  RC_ASSERT(histogram.max() == *std::max_element(values.begin(), values.end()));
  RC_ASSERT(histogram.count() == values.size());
}

TEST(LatencyHistogram, small_values_are_exact) {
  LatencyHistogram histogram;
  for (std::uint64_t value = 0; value < 128; ++value) histogram.record(value);
  EXPECT_EQ(histogram.quantile(5000), 63U);
  EXPECT_EQ(histogram.quantile(10000), 127U);
}

TEST(LatencyHistogram, an_empty_one_answers_zero) {
  EXPECT_EQ(LatencyHistogram().quantile(9900), 0U);
  EXPECT_EQ(LatencyHistogram().max(), 0U);
}

TEST(LatencyHistogram, values_beyond_its_range_count_as_the_greatest) {
  LatencyHistogram histogram;
  histogram.record(~std::uint64_t{0});
  EXPECT_EQ(histogram.quantile(5000), LatencyHistogram::kMaxValue);
}

}  // namespace
}  // namespace timestore::bench
