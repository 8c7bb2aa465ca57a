// Which of the points that a file or memory holds are there: the one place that says so, for readers, for whoever
// applies, and for merges. What is hidden is gone for good, whether or not its bytes have been removed yet.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "engine/series/retention.h"
#include "engine/store/points/point.h"
#include "engine/store/points/tombstones.h"
#include "engine/store/segments/kept.h"
#include "engine/store/segments/segment_scan.h"

namespace timestore::store {

using SharedTombstones = std::shared_ptr<const points::Tombstones>;  // null: none

class Visibility {
 public:
  Visibility() = default;
  explicit Visibility(const Retention& retention, SharedTombstones sealed = nullptr, SharedTombstones fresh = nullptr)
      : retention_(retention), sealed_(std::move(sealed)), fresh_(std::move(fresh)) {}

  bool shows(const points::Point& point) const {
    return !retention_.hides(point.time_ns) && !(sealed_ && sealed_->cover(point)) && !(fresh_ && fresh_->cover(point));
  }

  // Whether anything can be there at that time.
  bool reaches(std::int64_t time_ns) const { return !retention_.hides(time_ns); }

  // The same scan without the times at which nothing can be there; what remains is still to be asked for one by one.
  segments::Scan narrowed(segments::Scan scan) const {
    scan.from = std::max(scan.from, retention_.edge_ns);
    return scan;
  }

  // As those know it who read and write segments; it must outlive their use of that.
  segments::Kept kept() const;

  const Retention& retention() const { return retention_; }

 private:
  Retention retention_;
  SharedTombstones sealed_;  // of the file, and behind them
  SharedTombstones fresh_;
};

}  // namespace timestore::store
