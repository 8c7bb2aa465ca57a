// first() and last() without intervals, of all groups with one reading: each series is left after its first, or last,
// point.
#pragma once

#include <map>
#include <optional>

#include "engine/query/influxql/plan.h"
#include "engine/query/influxql/row_source.h"
#include "engine/query/influxql/stage.h"

namespace timestore::query::influxql {

// Whether a plan is for nothing but the first or last point of each group of one measurement.
bool asks_for_ends(const Plan& plan);

class Ends {
 public:
  // Nothing: the plan asks for something else, or for other fields or conditions too. Else everything is read now.
  static Answer<std::optional<Ends>> of(const Plan& plan, const Work& work);

  // Nothing: the group has no point.
  std::optional<Sample> sample_of(const GroupKey& group) const;

 private:
  std::map<GroupKey, Sample> samples_;
};

}  // namespace timestore::query::influxql
