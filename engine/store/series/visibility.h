// Which of the points that a file or memory holds are there: the one place that says so, for readers, for whoever
// applies, and for merges. What is hidden is gone for good, whether or not its bytes have been removed yet.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/series/retention.h"
#include "engine/store/points/point.h"
#include "engine/store/segments/segment_scan.h"

namespace timestore::store {

class Visibility {
 public:
  Visibility() = default;
  explicit Visibility(const Retention& retention) : retention_(retention) {}

  bool shows(const points::Point& point) const { return shows(point.time_ns); }
  bool shows(std::int64_t time_ns) const { return !retention_.hides(time_ns); }

  // The same scan without the times at which nothing can be there; what remains is still to be asked for one by one.
  segments::Scan narrowed(segments::Scan scan) const {
    scan.from = std::max(scan.from, retention_.edge_ns);
    return scan;
  }

  const Retention& retention() const { return retention_; }

 private:
  Retention retention_;
};

}  // namespace timestore::store
