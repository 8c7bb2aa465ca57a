// InfluxQL as text becomes statements.
//
// An error says what was found and what was expected, and where: `found FORM, expected FROM at line 1, char 10`, in the
// words of InfluxDB 1.x. What is not supported is refused by its name.
#pragma once

#include <string_view>
#include <vector>

#include "engine/query/influxql/statement.h"
#include "engine/query/query_error.h"

namespace timestore::query::influxql {

inline constexpr size_t kMaxNesting = 64;        // of parentheses and calls
inline constexpr size_t kMaxOperators = 10'000;  // of one request
inline constexpr size_t kMaxSubqueries = 8;      // within each other

// Statements with semicolons between them; at least one.
Answer<std::vector<Statement>> parse(std::string_view text);

}  // namespace timestore::query::influxql
