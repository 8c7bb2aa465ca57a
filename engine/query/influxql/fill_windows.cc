#include <cmath>
#include <utility>

#include "engine/query/influxql/stage.h"

namespace timestore::query::influxql {
namespace {

using FillKind = QueryFill::Kind;

class FillWindows final : public Stage {
 public:
  FillWindows(FillOptions options, Stage& next) : options_(std::move(options)), next_(next) {
    const TimeBounds& bounds = options_.windows.bounds;
    const int64_t begin = options_.is_descending ? bounds.last_ns : bounds.first_ns;
    const int64_t end = options_.is_descending ? bounds.first_ns : bounds.last_ns;
    is_open_ = begin == kFirstTime;
    ends_open_ = options_.is_descending && end == kFirstTime;
    at_ns_ = is_open_ ? 0 : options_.windows.containing(begin).begin_ns;
    end_ns_ = ends_open_ ? kFirstTime : options_.windows.containing(end).begin_ns;
  }

  bool push(Sample&& sample) override {
    if (is_open_) at_ns_ = options_.windows.containing(sample.time_ns).begin_ns;
    is_open_ = false;
    has_any_ = true;
    const bool is_held = options_.fill.kind == FillKind::kLinear;
    while (is_before(at_ns_, sample.time_ns)) {
      if (!may_fill() || !next_.push(filled(is_held ? &sample : nullptr))) return false;
      if (!advance()) break;
    }
    last_ = sample;
    has_last_ = true;
    if (!next_.push(std::move(sample))) return false;
    advance();
    return true;
  }

  void finish() override {
    while (has_any_ && !is_over_ && !ends_open_ && !is_before(end_ns_, at_ns_)) {
      if (!may_fill() || !next_.push(filled(nullptr))) return;
      if (!advance()) break;
    }
    next_.finish();
  }

 private:
  bool is_before(int64_t left, int64_t right) const { return options_.is_descending ? left > right : left < right; }

  bool may_fill() {
    if (++filled_ <= options_.most) return true;
    options_.fault->say("more than " + std::to_string(options_.most) +
                        " intervals are empty; ask for a shorter range, larger intervals, fill(none), or a LIMIT");
    return false;
  }

  bool advance() {
    const int64_t next = options_.windows.next(at_ns_, options_.is_descending);
    is_over_ = !is_before(at_ns_, next);  // the last window of all times
    at_ns_ = next;
    return !is_over_;
  }

  Sample filled(const Sample* behind) const {
    Sample sample{.time_ns = at_ns_, .is_filled = true};
    switch (options_.fill.kind) {
      case FillKind::kNull:
        if (options_.is_count) sample.value = int64_t{0};
        break;
      case FillKind::kNumber:
        sample.value = fill_value(options_.fill.number, options_.type);
        break;
      case FillKind::kPrevious:
        if (has_last_) sample.value = last_.value;
        break;
      case FillKind::kLinear:
        if (has_last_ && behind != nullptr) sample.value = between(*behind);
        break;
      case FillKind::kNone:
        break;
    }
    return sample;
  }

  // By the numbers of the windows, as 1.x does.
  Value between(const Sample& behind) const {
    if (!is_numeric(last_.value) || !is_numeric(behind.value)) return {};
    const int64_t interval = options_.windows.interval_ns;
    const int64_t from = last_.time_ns / interval;
    const auto width = static_cast<double>(behind.time_ns / interval - from);
    const auto way = static_cast<double>(at_ns_ / interval - from);
    const double slope = (as_double(behind.value) - as_double(last_.value)) / width;
    return cast(slope * way + as_double(last_.value), data_type_of(last_.value));
  }

  FillOptions options_;
  Stage& next_;
  bool is_open_ = false;    // the first window is that of the first sample
  bool ends_open_ = false;  // the last window is that of the last sample
  bool has_any_ = false;
  bool is_over_ = false;
  uint64_t filled_ = 0;
  int64_t at_ns_ = 0;
  int64_t end_ns_ = 0;
  bool has_last_ = false;
  Sample last_;
};

}  // namespace

Value fill_value(double number, DataType type) {
  if (is_numeric(type)) return cast(number, type);
  if (type == DataType::kString) return std::string();
  return type == DataType::kBoolean ? Value(false) : Value(number);
}

std::unique_ptr<Stage> fill_stage(FillOptions options, Stage& next) {
  return std::make_unique<FillWindows>(std::move(options), next);
}

}  // namespace timestore::query::influxql
