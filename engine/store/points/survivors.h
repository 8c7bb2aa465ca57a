// What remains of points in their order: of line points with one series and time, the last.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/store/points/point.h"

namespace timestore::points {

class Survivors {
 public:
  using Sink = std::function<void(const Point&)>;
  explicit Survivors(Sink sink) : sink_(std::move(sink)) {}

  // In the order of segments. The texts are needed until it returns.
  void add(const Point& point) {
    if (line_ && !replaces(point, *line_)) sink_(*line_);
    line_.reset();
    point.is_line ? hold(point) : sink_(point);
  }

  // Nothing more comes.
  void finish() {
    if (line_) sink_(*line_);
    line_.reset();
  }

 private:
  void hold(const Point& point) {
    text_ = point.text;
    attributes_ = point.attributes;
    line_ = point;
    line_->text = text_;
    line_->attributes = attributes_;
  }

  Sink sink_;
  std::optional<Point> line_;  // the last one, with its texts: the next may replace it
  std::string text_, attributes_;
};

}  // namespace timestore::points
