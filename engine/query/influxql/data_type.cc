#include "engine/query/influxql/data_type.h"

#include <array>
#include <cmath>
#include <utility>

namespace timestore::query::influxql {
namespace {

constexpr std::array<std::string_view, 7> kNames = {"float",   "integer", "unsigned", "string",
                                                    "boolean", "tag",     "unknown"};

int64_t whole_of(double number) {
  constexpr double kLimit = 9'223'372'036'854'775'808.0;
  return number >= -kLimit && number < kLimit ? static_cast<int64_t>(number) : std::numeric_limits<int64_t>::min();
}

template <typename Target>
Value cast_number(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) {
    if constexpr (std::is_same_v<Target, double>) return *number;
    return static_cast<Target>(whole_of(*number));
  }
  if (const auto* number = std::get_if<int64_t>(&value)) return static_cast<Target>(*number);
  if (const auto* number = std::get_if<uint64_t>(&value)) return static_cast<Target>(*number);
  return {};
}

}  // namespace

DataType data_type_of(points::Type type) {
  switch (type) {
    case points::Type::kFloat:
      return DataType::kFloat;
    case points::Type::kInteger:
      return DataType::kInteger;
    case points::Type::kUnsigned:
      return DataType::kUnsigned;
    case points::Type::kBoolean:
      return DataType::kBoolean;
    case points::Type::kString:
      return DataType::kString;
  }
  return DataType::kUnknown;
}

DataType data_type_of(const Value& value) {
  constexpr std::array<DataType, 6> kTypes = {DataType::kUnknown,  DataType::kFloat,   DataType::kInteger,
                                              DataType::kUnsigned, DataType::kBoolean, DataType::kString};
  return kTypes[value.index()];
}

DataType data_type_named(std::string_view name) {
  for (size_t at = 0; at < kNames.size(); ++at) {
    if (kNames[at] == name) return static_cast<DataType>(at);
  }
  return DataType::kUnknown;
}

std::string_view name_of(DataType type) { return kNames[static_cast<size_t>(type)]; }

Value cast(Value value, DataType type) {
  switch (type) {
    case DataType::kFloat:
      return std::holds_alternative<double>(value) ? value : cast_number<double>(value);
    case DataType::kInteger:
      return cast_number<int64_t>(value);
    case DataType::kUnsigned:
      return cast_number<uint64_t>(value);
    case DataType::kString:
    case DataType::kTag:
      return std::holds_alternative<std::string>(value) ? std::move(value) : Value();
    case DataType::kBoolean:
      return std::holds_alternative<bool>(value) ? value : Value();
    case DataType::kUnknown:
      return value;
  }
  return value;
}

bool is_numeric(const Value& value) { return value.index() >= 1 && value.index() <= 3; }

double as_double(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* number = std::get_if<int64_t>(&value)) return static_cast<double>(*number);
  if (const auto* number = std::get_if<uint64_t>(&value)) return static_cast<double>(*number);
  return 0;
}

bool is_less(const Value& left, const Value& right) { return left < right; }

}  // namespace timestore::query::influxql
