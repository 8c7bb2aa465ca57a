// Which series a statement can have points of, by their names: so that a source need not list all.
#pragma once

#include <string>
#include <vector>

#include "engine/query/influxql/statement.h"

namespace timestore::query::influxql {

struct WantedSeries {
  std::vector<std::string> names = {};     // of devices
  std::vector<std::string> prefixes = {};  // of line series: their measurement, escaped, and what follows it
  bool are_all = false;                    // nothing is known; the others count for nothing
};

WantedSeries series_wanted(const Select& select);
WantedSeries series_wanted(const std::vector<From>& from, const std::optional<Expression>& where);

}  // namespace timestore::query::influxql
