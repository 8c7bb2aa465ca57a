// Steps between a statement and its plan.
#pragma once

#include <string>
#include <vector>

#include "engine/query/influxql/plan.h"

namespace timestore::query::influxql {

Answer<Offered> offered_by(const std::vector<From>& from, const Schema& schema);

// Fields without `time`; what its column is called.
std::string take_time(std::vector<Field>& fields);

// Behind top(field, tag, n) and bottom() stands a column for each tag.
void add_key_fields(std::vector<Field>& fields);

DataType type_of_variable(const Expression& variable, const Offered& offered);

// Writes each variable's type behind it.
void annotate(Expression& expression, const Offered& offered);

}  // namespace timestore::query::influxql
