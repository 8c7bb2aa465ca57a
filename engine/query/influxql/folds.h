// Functions that a fold of blocks computes: count, sum, mean, min and max of a field, where nothing but time and tags
// decides which points count. Points are then never rows: whole blocks are added by their statistics.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "engine/query/influxql/plan.h"
#include "engine/query/influxql/row_source.h"
#include "engine/query/influxql/stage.h"

namespace timestore::query::influxql {

class Folds {
 public:
  // Nothing: the plan asks for something else. Else all groups are folded now.
  static Answer<std::optional<Folds>> of(const Plan& plan, const Work& work);

  // What the innermost function of the plan's nth call has for a group, window by window in the plan's order; once.
  Answer<std::vector<Sample>> samples_of(const GroupKey& group, size_t call);

 private:
  using BySamples = std::map<GroupKey, std::vector<Sample>>;
  struct Job;

  explicit Folds(size_t calls) : samples_(calls) {}
  Answer<void> fold(const Plan& plan, const Work& work, const PlanSource& of, const Job& job,
                    const std::map<GroupKey, std::vector<Member>>& members);

  std::vector<BySamples> samples_;  // of each call
};

}  // namespace timestore::query::influxql
