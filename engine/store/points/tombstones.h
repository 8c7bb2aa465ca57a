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

// Some tombstones, which do not change. Of those of more than one place each begins with the log and spares nothing.
//
// Those of one place are sorted. The others are in a segment tree over the series: each stands at the few nodes that
// together are its series, and each node knows from what place in the log on something is left, stretch of time by
// stretch. So a point is looked up in O(log^2 n), however they overlap.
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
  struct Stretch {
    int64_t first_ns = 0;
    int64_t last_ns = 0;
    Seq behind_seq = 0;  // the greatest of the tombstones there
  };
  struct Node {
    std::vector<Stretch> stretches = {};  // by time, apart from each other
    Seq behind_seq = 0;                   // the greatest in this node and below it
  };

  static std::vector<Stretch> skyline(const std::vector<const Tombstone*>& tombstones);
  void add_wide(const std::vector<const Tombstone*>& wide);
  size_t leaf_of(SeriesNumber series) const;  // the last whose series begin there or before; behind the last: none
  bool reach_below(size_t node, size_t first_leaf, size_t leaves, const Extent& extent) const;

  std::vector<Tombstone> all_;
  std::vector<Tombstone> single_;         // of one place, by these
  std::vector<SeriesNumber> boundaries_;  // where leaves begin; the last: where the last one ends
  size_t leaves_ = 0;                     // of the tree, a power of two
  std::vector<Node> nodes_;               // the root is 1, what is below n is 2n and 2n + 1
};

}  // namespace timestore::points
