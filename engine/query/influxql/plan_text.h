// Expressions in the words of InfluxDB 1.x, for names of columns and for errors.
#pragma once

#include <string>
#include <vector>

#include "engine/query/influxql/statement.h"

namespace timestore::query::influxql {

// As 1.x writes it: names without quotes where they need none, no parentheses.
std::string written(const Expression& expression);

// What 1.x calls a column of this expression: the name of the field or the function; of several, with `_` between.
std::string column_name_of(const Expression& expression);

// `time`, and the columns' names, each only once: mean, mean_1.
std::vector<std::string> column_names(const std::vector<Field>& fields, const std::string& time_name);

}  // namespace timestore::query::influxql
