#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "engine/query/influxql/stage.h"

namespace timestore::query::influxql {
namespace {

using Samples = std::vector<Sample>;

bool less_by_value(const Sample& left, const Sample& right) { return is_less(left.value, right.value); }

Samples one(Value value) {
  Samples samples(1);
  samples[0].value = std::move(value);
  return samples;
}

// Selected, so with its time.
Samples picked(const Sample& sample) { return {sample}; }

Samples extreme(const Samples& samples, bool is_max) {
  const Sample* best = &samples[0];
  for (const Sample& sample : samples) {
    const bool is_better = is_max ? is_less(best->value, sample.value) : is_less(sample.value, best->value);
    const bool is_equal = !is_less(best->value, sample.value) && !is_less(sample.value, best->value);
    if (is_better || (is_equal && sample.time_ns < best->time_ns)) best = &sample;
  }
  return picked(*best);
}

// Of equal times the greater value.
Samples end(const Samples& samples, bool is_last) {
  const Sample* best = &samples[0];
  for (const Sample& sample : samples) {
    const bool is_beyond = is_last ? sample.time_ns > best->time_ns : sample.time_ns < best->time_ns;
    if (is_beyond || (sample.time_ns == best->time_ns && is_less(best->value, sample.value))) best = &sample;
  }
  return picked(*best);
}

Samples median(Samples& samples) {
  std::stable_sort(samples.begin(), samples.end(), less_by_value);
  const size_t middle = samples.size() / 2;
  const double high = as_double(samples[middle].value);
  if (samples.size() % 2 == 1) return one(high);
  const double low = as_double(samples[middle - 1].value);
  return one(low + (high - low) / 2);
}

// The rule of 1.x, which counts a value from its second occurrence on, but for the first value.
Samples mode(Samples& samples) {
  if (samples.size() == 1) return one(samples[0].value);
  std::stable_sort(samples.begin(), samples.end(), less_by_value);
  size_t most = 0;
  size_t count = 0;
  const Sample* current = &samples[0];
  Value best = samples[0].value;
  int64_t best_time = samples[0].time_ns;
  int64_t current_time = samples[0].time_ns;
  for (const Sample& sample : samples) {
    if (less_by_value(*current, sample)) {
      count = 1;
      current = &sample;
      current_time = sample.time_ns;
      continue;
    }
    ++count;
    if (most > count || (most == count && current_time > best_time)) continue;
    most = count;
    best = sample.value;
    best_time = sample.time_ns;
  }
  return one(best);
}

Samples mode_of_booleans(const Samples& samples) {
  const auto count =
      std::count_if(samples.begin(), samples.end(), [](const Sample& sample) { return std::get<bool>(sample.value); });
  const auto others = static_cast<std::ptrdiff_t>(samples.size()) - count;
  return one(count >= others);
}

Samples spread(const Samples& samples) {
  const auto [least, greatest] = std::minmax_element(samples.begin(), samples.end(), less_by_value);
  if (const auto* low = std::get_if<int64_t>(&least->value)) {
    const auto high = static_cast<uint64_t>(std::get<int64_t>(greatest->value));
    return one(static_cast<int64_t>(high - static_cast<uint64_t>(*low)));
  }
  if (const auto* low = std::get_if<uint64_t>(&least->value)) return one(std::get<uint64_t>(greatest->value) - *low);
  return one(as_double(greatest->value) - as_double(least->value));
}

Samples stddev(const Samples& samples) {
  if (samples.size() < 2) return one({});
  double mean = 0;
  double count = 0;
  for (const Sample& sample : samples) mean += (as_double(sample.value) - mean) / ++count;
  double variance = 0;
  for (const Sample& sample : samples) {
    const double distance = as_double(sample.value) - mean;
    variance += distance * distance;
  }
  return one(std::sqrt(variance / (count - 1)));
}

// By nearest rank.
Samples percentile(Samples& samples, double percent) {
  const auto count = static_cast<double>(samples.size());
  const double rank = std::floor(count * percent / 100 + 0.5) - 1;
  if (!(rank >= 0 && rank < count)) return {};
  std::stable_sort(samples.begin(), samples.end(), less_by_value);
  return picked(samples[static_cast<size_t>(rank)]);
}

Samples distinct(const Samples& samples) {
  std::vector<const Sample*> order;
  for (const Sample& sample : samples) order.push_back(&sample);
  std::stable_sort(order.begin(), order.end(),
                   [](const Sample* left, const Sample* right) { return less_by_value(*left, *right); });
  std::vector<const Sample*> firsts;
  for (const Sample* sample : order) {
    if (firsts.empty() || less_by_value(*firsts.back(), *sample)) firsts.push_back(sample);
  }
  std::sort(firsts.begin(), firsts.end());  // as they came
  Samples values;
  for (const Sample* first : firsts) values.push_back({.value = first->value});
  return values;
}

// The n greatest (least), of each combination of keys only the greatest; of equal ones the earlier. By time.
Samples top(const ReduceOptions& options, const Samples& samples) {
  const bool is_top = options.call->name == "top";
  const auto is_better = [&](const Sample& left, const Sample& right) {
    if (less_by_value(left, right)) return !is_top;
    if (less_by_value(right, left)) return is_top;
    return left.time_ns < right.time_ns;
  };
  Samples candidates;
  if (options.keys.empty()) {
    candidates = samples;
  } else {
    std::map<std::vector<Value>, const Sample*> best;
    for (const Sample& sample : samples) {
      std::vector<Value> key;
      for (const size_t place : options.keys) key.push_back(sample.others[place]);
      const Sample*& known = best[std::move(key)];
      if (known == nullptr || is_better(sample, *known)) known = &sample;
    }
    for (const auto& [key, sample] : best) candidates.push_back(*sample);
  }
  std::stable_sort(candidates.begin(), candidates.end(), is_better);
  const auto wanted = static_cast<size_t>(options.call->count);
  if (candidates.size() > wanted) candidates.resize(wanted);
  std::stable_sort(candidates.begin(), candidates.end(), [&](const Sample& left, const Sample& right) {
    return options.is_descending ? left.time_ns > right.time_ns : left.time_ns < right.time_ns;
  });
  return candidates;
}

// Functions that need no list of values.
class Running {
 public:
  explicit Running(const std::string& name)
      : is_sum_(name == "sum"), is_mean_(name == "mean"), is_count_(name == "count") {}

  bool takes() const { return is_sum_ || is_mean_ || is_count_; }

  void add(const Value& value) {
    ++count_;
    if (is_count_) return;
    if (const auto* number = std::get_if<int64_t>(&value)) {
      whole_ += *number;
    } else if (const auto* natural = std::get_if<uint64_t>(&value)) {
      whole_ += *natural;
      is_natural_ = true;
    } else {
      sum_ += as_double(value);
      is_float_ = true;
    }
  }

  // Nothing: it is no integer of 64 bits.
  std::optional<Value> result() const {
    if (is_count_) return Value(count_);
    if (is_mean_) return Value((is_float_ ? sum_ : static_cast<double>(whole_)) / static_cast<double>(count_));
    if (is_float_) return Value(sum_);
    if (is_natural_) {
      return whole_ <= Int128{UINT64_MAX} ? std::optional(Value(static_cast<uint64_t>(whole_))) : std::nullopt;
    }
    if (whole_ < Int128{INT64_MIN} || whole_ > Int128{INT64_MAX}) return std::nullopt;
    return Value(static_cast<int64_t>(whole_));
  }

  void clear() {
    count_ = 0;
    sum_ = 0;
    whole_ = 0;
  }

 private:
  bool is_sum_, is_mean_, is_count_;
  bool is_float_ = false;
  bool is_natural_ = false;
  int64_t count_ = 0;
  double sum_ = 0;
  Int128 whole_ = 0;
};

class Reduce final : public Stage {
 public:
  Reduce(ReduceOptions options, Stage& next)
      : options_(std::move(options)), next_(next), running_(options_.call->name) {
    const std::string& name = options_.call->name;
    keeps_one_ = name == "min" || name == "max" || name == "first" || name == "last";
  }

  bool push(Sample&& sample) override {
    if (is_null(sample.value)) return true;
    if (!has_any_ || !window_.contains(sample.time_ns)) {
      const Window window = options_.windows.containing(sample.time_ns);
      // Around a change of clocks, two windows may have one beginning. They are one.
      if (has_any_ && window.begin_ns != window_.begin_ns && !flush()) return false;
      window_ = window;
    }
    has_any_ = true;
    if (running_.takes()) {
      running_.add(sample.value);
    } else {
      if (!keep(std::move(sample))) return false;
    }
    return true;
  }

  void finish() override {
    if (has_any_ && !flush()) return;
    next_.finish();
  }

 private:
  static size_t bytes_of(const Sample& sample) {
    size_t bytes = sizeof(Sample) + sample.others.size() * sizeof(Value);
    if (const auto* text = std::get_if<std::string>(&sample.value)) bytes += text->capacity();
    for (const Value& other : sample.others) {
      if (const auto* text = std::get_if<std::string>(&other)) bytes += text->capacity();
    }
    return bytes;
  }

  bool keep(Sample&& sample) {
    constexpr size_t kFew = 64;
    bytes_ += bytes_of(sample);
    samples_.push_back(std::move(sample));
    if (keeps_one_ && samples_.size() == kFew) {
      samples_ = reduced(options_, samples_);
      bytes_ = bytes_of(samples_[0]);
    }
    if (bytes_ <= options_.bytes) return true;
    options_.fault->say(options_.call->name + "() keeps every value, and needs more than " +
                        std::to_string(options_.bytes >> 20) +
                        " MiB of memory; ask for a shorter range, for fewer series, or for shorter intervals");
    return false;
  }

  bool flush() {
    has_any_ = false;
    bytes_ = 0;
    Samples results;
    if (running_.takes()) {
      const auto result = running_.result();
      if (!result) {
        options_.fault->say("the sum of integers is beyond 64 bits; ask for a shorter range, or for the mean");
        return false;
      }
      results = one(*result);
      running_.clear();
    } else {
      results = reduced(options_, samples_);
      samples_.clear();
    }
    for (Sample& result : results) {
      if (!options_.keeps_time) result.time_ns = window_.begin_ns == kFirstTime ? 0 : window_.begin_ns;
      if (!next_.push(std::move(result))) return false;
    }
    return true;
  }

  ReduceOptions options_;
  Stage& next_;
  Running running_;
  bool keeps_one_ = false;
  bool has_any_ = false;
  Window window_;
  size_t bytes_ = 0;
  Samples samples_;
};

}  // namespace

std::vector<Sample> reduced(const ReduceOptions& options, std::vector<Sample>& samples) {
  const std::string& name = options.call->name;
  if (name == "min" || name == "max") return extreme(samples, name == "max");
  if (name == "first" || name == "last") return end(samples, name == "last");
  if (name == "median") return median(samples);
  if (name == "mode") {
    return std::holds_alternative<bool>(samples[0].value) ? mode_of_booleans(samples) : mode(samples);
  }
  if (name == "spread") return spread(samples);
  if (name == "stddev") return stddev(samples);
  if (name == "percentile") return percentile(samples, options.call->percent);
  if (name == "distinct") return distinct(samples);
  return top(options, samples);
}

std::unique_ptr<Stage> reduce_stage(ReduceOptions options, Stage& next) {
  return std::make_unique<Reduce>(std::move(options), next);
}

}  // namespace timestore::query::influxql
