// Types of InfluxQL's values, and how one becomes another.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/query/number.h"

namespace timestore::query::influxql {

// Where the same name has several types in several measurements, the first of them in this order counts.
enum class DataType : uint8_t { kFloat, kInteger, kUnsigned, kString, kBoolean, kTag, kUnknown };

DataType data_type_of(points::Type type);
DataType data_type_of(const Value& value);
DataType data_type_named(std::string_view name);  // as written behind `::`; kUnknown for others
std::string_view name_of(DataType type);

inline DataType stronger(DataType left, DataType right) { return left < right ? left : right; }
inline bool is_numeric(DataType type) { return type <= DataType::kUnsigned; }

// Numbers become each other; a fraction is cut off. Null where there is no such value. kUnknown leaves it as it is.
Value cast(Value value, DataType type);

inline bool is_null(const Value& value) { return std::holds_alternative<std::monostate>(value); }
bool is_numeric(const Value& value);
double as_double(const Value& value);  // of a number

// Numbers by value, texts by bytes, false before true. Requires values of one type that are not null.
bool is_less(const Value& left, const Value& right);

}  // namespace timestore::query::influxql
