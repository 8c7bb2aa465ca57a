// Points of some series, batch by batch: how whoever computes with many points reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/result.h"
#include "engine/store/points/block_columns.h"
#include "engine/store/points/block_statistics.h"

namespace timestore::points {

// Points of these series within [first_ns, last_ns]. Batches may stick out of that range; whoever reads cuts them.
struct Reading {
  std::span<const SeriesNumber> series = {};  // ascending
  int64_t first_ns = 0;
  int64_t last_ns = 0;
  bool is_descending = false;
};

// A stretch of one series.
struct BatchHead {
  SeriesNumber series = 0;
  Type type = Type::kFloat;
  size_t count = 0;  // 1 to kMaxBlockPoints
  int64_t first_ns = 0;
  int64_t last_ns = 0;
  const BlockStatistics* statistics = nullptr;  // of exactly these points; null: they must be decoded
};

// Batches of series in ascending order, and of each series in the order of its points (point.h). Descending, the last
// batch of the last series comes first; within a batch points always ascend. Nothing is decoded before it is asked for.
class BatchCursor {
 public:
  BatchCursor() = default;
  BatchCursor(const BatchCursor&) = delete;
  BatchCursor& operator=(const BatchCursor&) = delete;
  virtual ~BatchCursor() = default;

  // To the first batch, and then to the next. False: there is none.
  virtual Result<bool> next() = 0;

  // Then next() goes to another series.
  virtual void skip_series() = 0;

  // Of the present batch; they live until next().
  virtual const BatchHead& head() const = 0;
  virtual Result<const BlockColumns*> columns() = 0;
  virtual Result<const BlockIdentities*> identities() = 0;
};

}  // namespace timestore::points
