// A SELECT as it is executed: names are resolved against the schema, wildcards are expanded, and what is wrong was
// said.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/query/influxql/condition.h"
#include "engine/query/influxql/data_type.h"
#include "engine/query/influxql/schema.h"
#include "engine/query/influxql/statement.h"
#include "engine/query/influxql/term.h"
#include "engine/query/influxql/windows.h"
#include "engine/query/source.h"

namespace timestore::query::influxql {

// A name that a row must have a value for.
struct Ref {
  std::string name;
  DataType type = DataType::kUnknown;  // kTag: of the series
};

// A function of the values of one ref, or of another function's results.
struct Call {
  std::string name;
  std::optional<size_t> ref = {};          // among the plan's
  std::shared_ptr<const Call> inner = {};  // instead
  DataType input = DataType::kUnknown;
  DataType result = DataType::kUnknown;
  double percent = 0;                   // percentile
  int64_t count = 0;                    // top, bottom, moving_average
  std::optional<int64_t> unit_ns = {};  // derivative, elapsed, integral
  std::vector<size_t> key_refs = {};    // top, bottom: tags of which each combination counts once
};

struct Plan;

struct PlanSource {
  std::string measurement = {};
  const MeasurementSchema* schema = nullptr;
  std::shared_ptr<const Plan> subquery = {};  // instead
};

struct Plan {
  std::vector<std::string> columns;  // the first is that of the time
  std::vector<DataType> types;       // of the others
  std::vector<Term> values;          // likewise; of slots: calls, then refs
  std::vector<Call> calls;           // each once
  std::vector<Ref> refs;             // each once
  std::vector<size_t> selected;      // refs that stand outside of calls
  std::optional<Expression> condition = {};
  std::vector<PlanSource> sources;
  std::vector<std::string> dimensions;        // tags by which answers are grouped, ascending
  std::vector<std::string> outer_dimensions;  // those of them that a query around this one asked for
  Windows windows;
  QueryFill fill;
  bool is_descending = false;
  bool is_selector = false;  // one function that picks a point, whose time and other fields stand in the row
  Page page = {};
  std::string zone = {};

  bool is_raw() const { return calls.empty(); }
  bool has_interval() const { return windows.interval_ns > 0; }
};

// What a statement is planned with.
struct Surroundings {
  const Schema* schema = nullptr;  // of the measurements that the statement names
  int64_t now_ns = 0;
  const Plan* outer = nullptr;  // of a subquery: what is known of the query around it
};

Answer<std::shared_ptr<const Plan>> plan_select(const Select& select, const Surroundings& surroundings);

// The measurements of a statement, and of its subqueries.
Answer<std::function<bool(const std::string&)>> measurements_of(const Select& select);
Answer<std::function<bool(const std::string&)>> measurements_among(const std::vector<From>& from);

// --- Parts of planning ----------------------------------------------------------------------------------------------

// What the sources of a query offer, by name.
struct Offered {
  std::map<std::string, DataType> fields;  // of subqueries: their columns
  std::set<std::string> tags;
};

// Wildcards and regular expressions become names.
Answer<std::vector<Field>> expand_fields(const Select& select, const Offered& offered);
Answer<std::vector<std::string>> expand_dimensions(const Select& select, const Offered& offered);

// In the words of 1.x: what no schema can make right.
Answer<void> validate(const Select& select, const std::vector<Field>& fields);

bool is_aggregate(const Expression& expression);  // a call that is no math function
bool is_transform(std::string_view function);     // derivative and its kin
bool is_selector(std::string_view function);

// GROUP BY time(interval, offset).
struct Interval {
  int64_t interval_ns = 0;
  int64_t offset_ns = 0;
};
Answer<Interval> interval_of(const Select& select, int64_t now_ns);

DataType result_type(std::string_view function, DataType argument);
Answer<DataType> type_of(const Expression& expression, const Offered& offered);

}  // namespace timestore::query::influxql
