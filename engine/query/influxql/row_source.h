// Rows of a query's sources, group by group: what functions and columns are computed from.
//
// A row is all fields of one set of tags at one time. Rows of a group come in order of time; of equal times those of
// the lesser tags come first (descending: last).
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/query/influxql/plan.h"
#include "engine/query/limits.h"
#include "engine/query/source.h"

namespace timestore::query::influxql {

struct GroupKey {
  std::string measurement;
  std::vector<std::string> tags;  // of the plan's dimensions; empty: missing

  auto operator<=>(const GroupKey&) const = default;
};

// The values of the plan's refs. False: enough.
using PlanRowSink = std::function<bool(int64_t time_ns, std::span<const Value> values)>;

struct Scan {
  TimeBounds bounds = {};
  std::span<const size_t> needed = {};  // refs: only rows with a field among them; none: all in which something is
  bool is_backward = false;             // against the plan's order; of a measurement only
};

class RowSource {
 public:
  RowSource() = default;
  RowSource(const RowSource&) = delete;
  RowSource& operator=(const RowSource&) = delete;
  virtual ~RowSource() = default;

  // Ascending.
  virtual std::vector<GroupKey> groups() const = 0;

  // Of one of these groups; a group that it does not know has no rows.
  virtual Answer<void> scan(const GroupKey& group, const Scan& scan, const PlanRowSink& sink) = 0;
};

// What all of a statement's parts share.
struct Work {
  Source* source = nullptr;
  Limits limits = {};
};

// Of one measurement, and of a subquery.
Answer<std::unique_ptr<RowSource>> open_measurement(const Plan& plan, const PlanSource& of, const Work& work);
Answer<std::unique_ptr<RowSource>> open_subquery(const Plan& plan, const PlanSource& of, const Work& work);

// Of all sources of a plan.
Answer<std::unique_ptr<RowSource>> open_sources(const Plan& plan, const Work& work);

// A plan's sets of tags that its condition does not exclude, by group, with what is left of the condition.
struct Member {
  const TagSet* tags = nullptr;
  std::shared_ptr<const Term> condition = {};  // of refs; none: all rows count
};
Answer<std::map<GroupKey, std::vector<Member>>> members_of(const Plan& plan, const PlanSource& of);

}  // namespace timestore::query::influxql
