#include <cmath>
#include <deque>
#include <utility>

#include "engine/query/influxql/stage.h"

namespace timestore::query::influxql {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

// Integers of 64 bits wrap around, as in 1.x.
Value difference(const Value& left, const Value& right) {
  if (const auto* number = std::get_if<int64_t>(&left)) {
    const auto other = static_cast<uint64_t>(std::get<int64_t>(right));
    return static_cast<int64_t>(static_cast<uint64_t>(*number) - other);
  }
  if (const auto* number = std::get_if<uint64_t>(&left)) return *number - std::get<uint64_t>(right);
  return as_double(left) - as_double(right);
}

// derivative, difference, elapsed: of two neighbours.
class Neighbours final : public Stage {
 public:
  Neighbours(const Call& call, const Plan& plan, Stage& next) : next_(next), is_descending_(plan.is_descending) {
    is_derivative_ = call.name.ends_with("derivative");
    is_elapsed_ = call.name == "elapsed";
    drops_negative_ = call.name.starts_with("non_negative");
    const int64_t derivative_unit = plan.has_interval() && call.inner ? plan.windows.interval_ns : kSecondNs;
    unit_ns_ = call.unit_ns.value_or(is_derivative_ ? derivative_unit : 1);
  }

  bool push(Sample&& sample) override {
    if (is_null(sample.value)) return true;
    if (!has_last_) {
      last_ = std::move(sample);
      has_last_ = true;
      return true;
    }
    if (!is_elapsed_ && sample.time_ns == last_.time_ns) return true;
    const Value change = is_elapsed_ ? Value() : difference(sample.value, last_.value);
    const int64_t elapsed = time_between(last_.time_ns, sample.time_ns);
    Sample result{.time_ns = sample.time_ns};
    last_ = std::move(sample);
    if (drops_negative_ && as_double(change) < 0) return true;
    if (is_elapsed_) {
      result.value = elapsed / unit_ns_;
    } else if (is_derivative_) {
      const auto units = static_cast<double>(is_descending_ ? -elapsed : elapsed) / static_cast<double>(unit_ns_);
      result.value = as_double(change) / units;
    } else {
      result.value = change;
    }
    return next_.push(std::move(result));
  }

  void finish() override { next_.finish(); }

 private:
  Stage& next_;
  bool is_descending_;
  bool is_derivative_ = false;
  bool is_elapsed_ = false;
  bool drops_negative_ = false;
  int64_t unit_ns_ = 1;
  bool has_last_ = false;
  Sample last_;
};

class CumulativeSum final : public Stage {
 public:
  explicit CumulativeSum(Stage& next) : next_(next) {}

  bool push(Sample&& sample) override {
    if (is_null(sample.value)) return true;
    if (is_null(sum_)) {
      sum_ = sample.value;
    } else if (const auto* number = std::get_if<int64_t>(&sample.value)) {
      sum_ = static_cast<int64_t>(static_cast<uint64_t>(std::get<int64_t>(sum_)) + static_cast<uint64_t>(*number));
    } else if (const auto* natural = std::get_if<uint64_t>(&sample.value)) {
      sum_ = std::get<uint64_t>(sum_) + *natural;
    } else {
      sum_ = as_double(sum_) + as_double(sample.value);
    }
    return next_.push({.time_ns = sample.time_ns, .value = sum_});
  }

  void finish() override { next_.finish(); }

 private:
  Stage& next_;
  Value sum_;
};

class MovingAverage final : public Stage {
 public:
  MovingAverage(int64_t count, Stage& next) : count_(static_cast<size_t>(count)), next_(next) {}

  bool push(Sample&& sample) override {
    if (is_null(sample.value)) return true;
    const double value = as_double(sample.value);
    if (values_.size() == count_) {
      sum_ -= values_.front();
      values_.pop_front();
    }
    values_.push_back(value);
    sum_ += value;
    if (values_.size() < count_) return true;
    return next_.push({.time_ns = sample.time_ns, .value = sum_ / static_cast<double>(count_)});
  }

  void finish() override { next_.finish(); }

 private:
  size_t count_;
  Stage& next_;
  std::deque<double> values_;
  double sum_ = 0;
};

// Trapezoids, cut at edges of windows by interpolation. Descending, the same from behind: a window then reaches down to
// its beginning, and holds its end.
class Integral final : public Stage {
 public:
  Integral(const Call& call, const Plan& plan, Stage& next)
      : next_(next),
        windows_(plan.windows),
        is_descending_(plan.is_descending),
        has_interval_(plan.has_interval()),
        unit_(static_cast<double>(call.unit_ns.value_or(kSecondNs))) {}

  bool push(Sample&& sample) override {
    if (is_null(sample.value)) return true;
    const double value = as_double(sample.value);
    const int64_t time = sample.time_ns;
    if (!has_last_) {
      has_last_ = true;
      enter(time);
    } else if (time != last_time_) {
      const bool is_beyond = has_interval_ && (is_descending_ ? time <= end_ : time >= end_);
      if (is_beyond && !leave(time, value)) return false;
      add(time, value);
    }
    last_time_ = time;
    last_value_ = value;
    return true;
  }

  void finish() override {
    if (has_last_ && (!has_interval_ || last_time_ != begin_)) {
      if (!tell()) return;
    }
    next_.finish();
  }

 private:
  void enter(int64_t time) {
    const Window window = windows_.containing(is_descending_ && has_interval_ ? time - 1 : time);
    label_ = window.begin_ns;
    begin_ = is_descending_ ? window.end_ns : window.begin_ns;
    end_ = is_descending_ ? window.begin_ns : window.end_ns;
  }

  void add(int64_t time, double value) {
    const int64_t elapsed = is_descending_ ? time_between(time, last_time_) : time_between(last_time_, time);
    sum_ += 0.5 * (value + last_value_) * (static_cast<double>(elapsed) / unit_);
  }

  bool leave(int64_t time, double value) {
    if (last_time_ != end_) {
      const double slope = (value - last_value_) / static_cast<double>(time_between(last_time_, time));
      const double at_edge = slope * static_cast<double>(time_between(last_time_, end_)) + last_value_;
      add(end_, at_edge);
      last_value_ = at_edge;
      last_time_ = end_;
    }
    if (!tell()) return false;
    enter(time);
    sum_ = 0;
    return true;
  }

  bool tell() { return next_.push({.time_ns = label_ == kFirstTime ? 0 : label_, .value = sum_}); }

  Stage& next_;
  Windows windows_;
  bool is_descending_;
  bool has_interval_;
  double unit_;
  bool has_last_ = false;
  int64_t last_time_ = 0;
  double last_value_ = 0;
  int64_t label_ = 0;  // of the window
  int64_t begin_ = 0;  // its edges, in the order of reading
  int64_t end_ = 0;
  double sum_ = 0;
};

}  // namespace

std::unique_ptr<Stage> transform_stage(const Call& call, const Plan& plan, Stage& next) {
  if (call.name == "cumulative_sum") return std::make_unique<CumulativeSum>(next);
  if (call.name == "moving_average") return std::make_unique<MovingAverage>(call.count, next);
  return std::make_unique<Neighbours>(call, plan, next);
}

std::unique_ptr<Stage> integral_stage(const Call& call, const Plan& plan, Stage& next) {
  return std::make_unique<Integral>(call, plan, next);
}

}  // namespace timestore::query::influxql
