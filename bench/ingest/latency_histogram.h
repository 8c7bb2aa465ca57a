// Counts of latencies in buckets that grow with the value, as in HdrHistogram: bounded memory however long the run,
// and every quantile within 1/64 above the true one. Values of 2^40 ns (18 minutes) and more count as 2^40 - 1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace timestore::bench {

class LatencyHistogram {
 public:
  static constexpr int kExactBits = 7;  // values below 2^7 have a bucket each; above, 2^6 buckets for each doubling
  static constexpr int kMaxBits = 40;
  static constexpr std::uint64_t kMaxValue = (std::uint64_t{1} << kMaxBits) - 1;

  void record(std::uint64_t nanoseconds);

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }

  // The smallest bucket bound that at least per_ten_thousand of 10,000 values do not exceed (9990 is the 99.9th
  // percentile), and never more than max(). 0 when nothing was recorded.
  std::uint64_t quantile(std::uint64_t per_ten_thousand) const;

 private:
  static constexpr std::size_t kBucketsPerDoubling = std::size_t{1} << (kExactBits - 1);
  static constexpr std::size_t kBuckets = (kMaxBits - kExactBits + 2) * kBucketsPerDoubling;

  static std::size_t bucket_of(std::uint64_t value);
  static std::uint64_t upper_bound_of(std::size_t bucket);

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace timestore::bench
