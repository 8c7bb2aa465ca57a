#include "bench/ingest/latency_histogram.h"

#include <algorithm>
#include <bit>

namespace timestore::bench {

// A value of more than kExactBits bits keeps its kExactBits leading ones: (value >> shift) lies in the upper half of
// the exact range, so each shift owns the next kBucketsPerDoubling buckets.
std::size_t LatencyHistogram::bucket_of(std::uint64_t value) {
  const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - kExactBits);
  return static_cast<std::size_t>(shift) * kBucketsPerDoubling + static_cast<std::size_t>(value >> shift);
}

std::uint64_t LatencyHistogram::upper_bound_of(std::size_t bucket) {
  if (bucket < 2 * kBucketsPerDoubling) return bucket;
  const std::size_t shift = bucket / kBucketsPerDoubling - 1;
  const std::uint64_t leading = bucket - shift * kBucketsPerDoubling;
  return ((leading + 1) << shift) - 1;
}

void LatencyHistogram::record(std::uint64_t nanoseconds) {
  const std::uint64_t value = std::min(nanoseconds, kMaxValue);
  ++counts_[bucket_of(value)];
  ++count_;
  max_ = std::max(max_, value);
}

std::uint64_t LatencyHistogram::quantile(std::uint64_t per_ten_thousand) const {
  const std::uint64_t rank = (count_ * per_ten_thousand + 9999) / 10000;
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += counts_[bucket];
    if (seen > 0 && seen >= rank) return std::min(upper_bound_of(bucket), max_);
  }
  return max_;
}

}  // namespace timestore::bench
