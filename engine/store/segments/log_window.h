// The next points in the order of the log, out of pieces that are in another order.
//
// One pass over all pieces that may have any of them gives a window: the points with the least seqs behind a given one,
// as many as are wanted. Its memory is bounded by twice that number. A store that is read from its beginning to its end
// is decoded about once for each window that a partition's points fill, since partitions follow each other in the log
// as they do in time, mostly.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "engine/store/points/point.h"

namespace timestore::segments {

class LogWindow {
 public:
  LogWindow(points::Seq last, std::size_t max_points) : last_(last), max_points_(max_points) {}

  // Whether anything of [first, last] can have a place in it.
  bool wants(points::Seq first, points::Seq last) const { return last > last_ && first < bound_; }

  // Copies the texts.
  void add(const points::Point& point);

  // Nothing is added any more.
  void close();

  // These require that it is closed. Its points, in their order; their texts live as long as the window, wherever it
  // is moved to.
  std::size_t size() const { return held_.size(); }
  const points::Point& operator[](std::size_t at) const { return held_[at].point; }
  bool is_all() const { return bound_ == std::numeric_limits<points::Seq>::max(); }  // nothing is behind them

 private:
  struct Held {
    points::Point point;
    std::unique_ptr<const std::string> texts;  // what there is; at a place of its own
  };
  void cut();

  points::Seq last_;
  std::size_t max_points_;
  points::Seq bound_ = std::numeric_limits<points::Seq>::max();  // what is not before it has no place
  std::vector<Held> held_;
};

}  // namespace timestore::segments
