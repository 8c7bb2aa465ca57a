// What was deleted: points of some series within a range of times and of the log.
//
// A tombstone hides what stands before it in the log, and nothing that comes later. It is needed for as long as the
// bytes of such a point are anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/store/points/point.h"

namespace timestore::points {

struct Tombstone {
  SeriesNumber first_series = 0;
  SeriesNumber last_series = 0;
  int64_t first_ns = 0;
  int64_t last_ns = 0;
  Seq first_seq = 0;
  Seq behind_seq = 0;           // the first that it leaves alone
  bool spares_entries = false;  // it is one of a line's point: an entry of that series and time is another
  bool operator==(const Tombstone&) const = default;
};

[[nodiscard]] bool covers(const Tombstone& tombstone, const Point& point);

// Where points may be: of these series, within these times, from that place in the log on.
struct Extent {
  SeriesNumber first_series = 0;
  SeriesNumber last_series = 0;
  int64_t first_ns = 0;
  int64_t last_ns = 0;
  Seq first_seq = 0;
};

// Some tombstones, which do not change.
class Tombstones {
 public:
  Tombstones() = default;
  explicit Tombstones(std::vector<Tombstone> tombstones);

  bool is_empty() const { return all_.empty(); }
  size_t size() const { return all_.size(); }
  const std::vector<Tombstone>& all() const { return all_; }  // in the order in which they were given

  bool cover(const Point& point) const;
  // Whether any point in there may be covered.
  bool reach(const Extent& extent) const;

 private:
  // Of those that begin with a series or before, the last series that any of them reaches.
  struct Reaching {
    Tombstone tombstone;
    SeriesNumber last_series = 0;
  };

  std::vector<Tombstone> all_;
  std::vector<Tombstone> single_;  // of one series and one time, by these
  std::vector<Reaching> wide_;     // the others, by their first series
};

}  // namespace timestore::points
