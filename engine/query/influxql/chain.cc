#include <algorithm>
#include <utility>

#include "engine/query/influxql/stage.h"

namespace timestore::query::influxql {
namespace {

int64_t moved(int64_t moment, int64_t by) {
  if (moment == kFirstTime || moment == kLastTime) return moment;
  return static_cast<int64_t>(std::clamp<Int128>(Int128{moment} + by, kFirstTime, kLastTime));
}

// The values that come before the range, which a transform of windows needs for its first one.
void reach_back(const Call& call, const Plan& plan, TimeBounds& bounds) {
  const bool is_neighbour = call.name.ends_with("derivative") || call.name.ends_with("difference") ||
                            call.name == "elapsed" || call.name == "moving_average";
  if (!is_neighbour || !plan.has_interval()) return;
  const Int128 windows = call.name == "moving_average" ? call.count - 1 : 1;
  const auto by = static_cast<int64_t>(std::min<Int128>(windows * plan.windows.interval_ns, kLastTime));
  if (plan.is_descending)
    bounds.last_ns = moved(bounds.last_ns, by);
  else
    bounds.first_ns = moved(bounds.first_ns, -by);
}

class Builder {
 public:
  Builder(const Plan& plan, const Limits& limits, Fault& fault, Chain& chain)
      : plan_(plan), limits_(limits), fault_(fault), chain_(chain) {}

  // The stage that takes what the call is a function of.
  Stage* add(const Call& call, Stage& next, TimeBounds bounds) {
    reach_back(call, plan_, bounds);
    Stage* stage = stage_of(call, next, bounds);
    if (call.inner) return add(*call.inner, *stage, bounds);
    chain_.innermost = &call;
    chain_.bounds = bounds;
    return stage;
  }

 private:
  Stage* own(std::unique_ptr<Stage> stage) {
    chain_.stages.push_back(std::move(stage));
    return chain_.stages.back().get();
  }

  Stage* stage_of(const Call& call, Stage& next, const TimeBounds& bounds) {
    if (call.name == "integral") return own(integral_stage(call, plan_, next));
    if (is_transform(call.name)) return own(transform_stage(call, plan_, next));
    Windows windows = plan_.windows;
    windows.bounds = bounds;
    const bool keeps_points = call.name == "top" || call.name == "bottom";
    const bool has_fill =
        plan_.has_interval() && plan_.fill.kind != QueryFill::Kind::kNone && !keeps_points && call.name != "distinct";
    Stage* behind = &next;
    if (has_fill) {
      behind = own(fill_stage({.windows = windows,
                               .fill = plan_.fill,
                               .type = call.result,
                               .is_count = call.name == "count",
                               .is_descending = plan_.is_descending,
                               .most = limits_.rows,
                               .fault = &fault_},
                              next));
    }
    ReduceOptions options{.call = &call,
                          .windows = windows,
                          .keeps_time = keeps_points || (plan_.is_selector && !plan_.has_interval()),
                          .is_descending = plan_.is_descending,
                          .bytes = limits_.bytes,
                          .fault = &fault_};
    for (const size_t ref : call.key_refs) {
      const auto place = std::find(plan_.selected.begin(), plan_.selected.end(), ref);
      if (place != plan_.selected.end()) options.keys.push_back(static_cast<size_t>(place - plan_.selected.begin()));
    }
    chain_.behind_fold = call.inner ? nullptr : behind;
    return own(reduce_stage(std::move(options), *behind));
  }

  const Plan& plan_;
  const Limits& limits_;
  Fault& fault_;
  Chain& chain_;
};

}  // namespace

Chain chain_of(const Call& call, const Plan& plan, const Limits& limits, Fault& fault, Stage& last) {
  Chain chain;
  chain.first = Builder(plan, limits, fault, chain).add(call, last, plan.windows.bounds);
  return chain;
}

}  // namespace timestore::query::influxql
