// Values as InfluxDB writes them, which is how Go does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/query/number.h"

namespace timestore::query::influxql {

// With <, > and & escaped; what is no UTF-8 becomes U+FFFD.
void append_go_string(std::string& out, std::string_view text);

// The shortest form that reads back as the same; exponents below 1e-6 and from 1e21 on. What is not finite is null.
void append_go_number(std::string& out, double number);
void append_go_value(std::string& out, const Value& value);

// Without an exponent.
void append_plain_number(std::string& out, double number);

// In quotes only where it needs them (RFC 4180, and a leading space).
void append_csv_cell(std::string& out, std::string_view text);

// RFC 3339, with the offset of local clocks, or Z.
void append_local_time(std::string& out, int64_t time_ns, int64_t offset_s);

// Of a name in line protocol: what stands in keys of series. Measurements keep their `=`.
void append_escaped_name(std::string& out, std::string_view name, bool is_measurement);

}  // namespace timestore::query::influxql
