// A plan at work: groups, and the rows of each.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "engine/query/influxql/ends.h"
#include "engine/query/influxql/folds.h"
#include "engine/query/influxql/plan.h"
#include "engine/query/influxql/row_source.h"
#include "engine/query/influxql/stage.h"

namespace timestore::query::influxql {

// The values of the plan's columns but the time's. False: enough.
using ColumnSink = std::function<bool(int64_t time_ns, std::span<const Value> values)>;

class Run {
 public:
  static Answer<std::unique_ptr<Run>> open(std::shared_ptr<const Plan> plan, const Work& work);

  const Plan& plan() const { return *plan_; }

  // In the order of the answer; without those that SLIMIT and SOFFSET leave out.
  std::vector<GroupKey> groups() const;

  // LIMIT and OFFSET are heeded.
  Answer<void> rows_of(const GroupKey& group, const ColumnSink& sink);

 private:
  Run(std::shared_ptr<const Plan> plan, const Work& work) : plan_(std::move(plan)), work_(work) {}

  struct Part {  // one function
    std::unique_ptr<Fault> fault;
    std::unique_ptr<Stage> last;
    Collector* collector = nullptr;  // the last stage; none: rows are told as they come
    Chain chain;
  };

  Answer<void> tell_raw(const GroupKey& group, const ColumnSink& sink);
  Answer<void> tell_results(const GroupKey& group, const ColumnSink& sink);
  std::vector<Part> parts(const ColumnSink& sink) const;
  Answer<void> feed(const GroupKey& group, std::vector<Part>& parts);
  Answer<void> feed_rows(const GroupKey& group, std::vector<Part>& parts);
  std::string place_of(const GroupKey& group) const;
  Answer<void> feed_end(const GroupKey& group, Part& part);
  Sample sample_of(int64_t time_ns, std::span<const Value> values, size_t ref) const;
  Answer<void> feed_folded(const GroupKey& group, std::vector<Part>& parts);
  void join(std::vector<Part>& parts, const ColumnSink& sink) const;
  std::vector<Value> columns_of(std::span<const Value> slots) const;

  std::shared_ptr<const Plan> plan_;
  Work work_;
  std::unique_ptr<RowSource> rows_;
  std::optional<Folds> folds_;  // where they are enough
  std::optional<Ends> ends_;    // likewise
};

}  // namespace timestore::query::influxql
