// Which series a statement can have points of, by their names: so that a source need not list all.
#pragma once

#include <string>
#include <vector>

#include "engine/query/influxql/statement.h"
#include "engine/query/source.h"

namespace timestore::query::influxql {

struct WantedSeries {
  std::vector<std::string> names = {};     // of devices
  std::vector<std::string> prefixes = {};  // of line series: their measurement, escaped, and what follows it
  bool are_all = false;                    // nothing is known; the names and prefixes count for nothing
  std::vector<Tag> tags = {};              // that each series has whose points count, if none of them is a field
};

WantedSeries series_wanted(const Select& select);
WantedSeries series_wanted(const std::vector<From>& from, const std::optional<Expression>& where);

}  // namespace timestore::query::influxql
