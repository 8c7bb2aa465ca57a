// A WHERE clause: a range of time, and what is left to ask of each row.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/query/influxql/schema.h"
#include "engine/query/influxql/statement.h"
#include "engine/query/influxql/windows.h"

namespace timestore::query::influxql {

struct Condition {
  std::optional<int64_t> first_ns = {};  // both inclusive; nothing: unbounded
  std::optional<int64_t> last_ns = {};
  std::optional<Expression> rest = {};  // without comparisons of time
};

// Comparisons of time are joined by AND whatever stands between them, as in 1.x. Texts without an offset are local to
// the zone, if there is one.
Answer<Condition> split_condition(const std::optional<Expression>& where, int64_t now_ns, const TimeZone* zone);

// The first and the last of both.
TimeBounds bounds_of(const Condition& condition);

// The condition as it reads for one set of tags: what asks for tags has become true or false. A name that is neither a
// field of the measurement is a tag, and a missing tag is an empty text.
Answer<Expression> bound_to(const Expression& condition, const MeasurementSchema& measurement, const TagSet& tags);

inline bool is_constant(const Expression& expression, bool value) {
  return expression.kind == Expression::Kind::kBoolean && (expression.integer != 0) == value;
}

// A date or a moment, as InfluxDB reads them.
std::optional<int64_t> parse_time_text(const std::string& text, const TimeZone* zone);

}  // namespace timestore::query::influxql
