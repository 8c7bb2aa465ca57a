// How a function is computed: samples go through a chain of stages, in order of time, and come out in a row.
//
//   count(distinct(x))     distinct of a window -> count of a window -> fill -> row
//   derivative(mean(x))    mean of a window -> fill -> derivative -> row
//
// A stage says when it wants no more. So a LIMIT ends the reading, and windows to be filled are made one by one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/query/influxql/plan.h"
#include "engine/query/limits.h"
#include "engine/query/query_error.h"

namespace timestore::query::influxql {

struct Sample {
  int64_t time_ns = 0;
  Value value = {};
  std::vector<Value> others = {};  // the selected refs, beside a selector
  bool is_filled = false;          // by fill()
};

// What is wrong with a chain's results, if anything, in a sentence. The first fault counts.
struct Fault {
  std::string sentence = {};

  void say(const std::string& text) {
    if (sentence.empty()) sentence = text;
  }
};

class Stage {
 public:
  Stage() = default;
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  virtual ~Stage() = default;

  // False: no more is wanted.
  virtual bool push(Sample&& sample) = 0;

  // After the last sample.
  virtual void finish() = 0;
};

// The last stage: keeps what comes, up to a number.
class Collector final : public Stage {
 public:
  Collector(size_t most, size_t limit, Fault& fault) : most_(most), limit_(limit), fault_(fault) {}

  bool push(Sample&& sample) override {
    if (samples_.size() >= most_) return false;
    if (samples_.size() >= limit_) {
      fault_.say("the answer has more than " + std::to_string(limit_) +
                 " rows; ask for a shorter range, larger intervals, or a LIMIT");
      return false;
    }
    samples_.push_back(std::move(sample));
    return samples_.size() < most_;
  }
  void finish() override {}

  std::vector<Sample>& samples() { return samples_; }

 private:
  size_t most_;   // that are wanted
  size_t limit_;  // that are allowed
  Fault& fault_;
  std::vector<Sample> samples_;
};

// The stages of one function, before the last one.
struct Chain {
  std::vector<std::unique_ptr<Stage>> stages;  // owned; each passes on to the one before it in this list
  Stage* first = nullptr;                      // takes values of the ref
  Stage* behind_fold = nullptr;                // takes results of the innermost function, window by window; may be null
  const Call* innermost = nullptr;             // whose argument is a ref
  TimeBounds bounds = {};                      // of the values that it wants
};

// `last` and `fault` must outlive the chain.
Chain chain_of(const Call& call, const Plan& plan, const Limits& limits, Fault& fault, Stage& last);

// --- Kinds of stages ------------------------------------------------------------------------------------------------

// Values of a window become one result, or some.
struct ReduceOptions {
  const Call* call = nullptr;
  Windows windows = {};
  bool keeps_time = false;  // of a selector without an interval
  bool is_descending = false;
  std::vector<size_t> keys = {};  // places of top's tags among the others
  size_t bytes = 0;               // that a window's samples may take
  Fault* fault = nullptr;
};
std::unique_ptr<Stage> reduce_stage(ReduceOptions options, Stage& next);

// What fill(number) puts into a column of this type.
Value fill_value(double number, DataType type);

// Windows without a sample between the first and the last one get one.
struct FillOptions {
  Windows windows = {};
  QueryFill fill = {};
  DataType type = DataType::kUnknown;
  bool is_count = false;
  bool is_descending = false;
  uint64_t most = 0;  // windows that may be filled
  Fault* fault = nullptr;
};
std::unique_ptr<Stage> fill_stage(FillOptions options, Stage& next);

std::unique_ptr<Stage> transform_stage(const Call& call, const Plan& plan, Stage& next);
std::unique_ptr<Stage> integral_stage(const Call& call, const Plan& plan, Stage& next);

// What a function makes of a window's samples, which are in their order. At least one. Times of samples that have none
// of their own are left.
std::vector<Sample> reduced(const ReduceOptions& options, std::vector<Sample>& samples);

}  // namespace timestore::query::influxql
