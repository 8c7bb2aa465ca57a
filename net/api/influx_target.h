// What the query of a write says, in InfluxDB's terms: where the lines belong, and what their times count.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "engine/formats/line.h"
#include "net/api/influx_errors.h"
#include "net/http/message.h"

namespace timestore::net {

struct InfluxTarget {
  std::string database;  // as in LineWrite: empty, the one of our own API
  LinePrecision precision = LinePrecision::kNanoseconds;
  std::optional<InfluxError> found_late = {};  // what InfluxDB finds only when it has read the lines
};

// 1.x: db, rp, precision, consistency. 2.x: bucket (a database, or database/policy), precision. Others, such as u, p
// and org, are not looked at, and of one that is given twice the first counts.
tl::expected<InfluxTarget, InfluxError> influx_target_of(InfluxApi api, const http::Request& request);

// As CREATE DATABASE takes it: what is printable, and no path.
bool is_database_name(std::string_view name);

}  // namespace timestore::net
