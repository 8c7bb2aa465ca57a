// Query parameters become a query, or an error that names the parameter, the place and the reason.
//
// Nothing is passed over: a name that is not known is refused, so is a parameter that does nothing here, or one that
// may stand once and stands twice.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/query/query.h"
#include "engine/query/query_error.h"

namespace timestore::query {

// Decoded. Their order does not matter.
struct Parameter {
  std::string name;
  std::string value;
};

// `elsewhere`: names that belong to the door (db, level, format and the like).
Answer<RowsQuery> parse_rows_query(std::span<const Parameter> parameters,
                                   std::span<const std::string_view> elsewhere = {});
// Of lists of series: only what chooses series, and pages of them, by name.
Answer<RowsQuery> parse_series_query(std::span<const Parameter> parameters,
                                     std::span<const std::string_view> elsewhere = {});
Answer<AggregateQuery> parse_aggregate_query(std::span<const Parameter> parameters,
                                             std::span<const std::string_view> elsewhere = {});

// Of those parameters that both have; false: it is none of them.
Answer<bool> take_filter_parameter(const Parameter& parameter, Filter& filter);

// A limit: a whole number from 1 on.
Answer<uint64_t> parse_limit(std::string_view text);

}  // namespace timestore::query
