// What sources offer: names, and their types.
#include <algorithm>
#include <utility>

#include "engine/query/influxql/plan.h"
#include "engine/query/influxql/plan_parts.h"
#include "engine/query/influxql/plan_text.h"

namespace timestore::query::influxql {
namespace {

using Kind = Expression::Kind;

void offer(Offered& offered, const std::string& name, DataType type) {
  const auto [known, is_new] = offered.fields.try_emplace(name, type);
  if (!is_new) known->second = stronger(known->second, type);
}

Answer<void> add_subquery(const Select& select, const Schema& schema, Offered& offered) {
  const auto inner = offered_by(select.from, schema);
  if (!inner) return tl::unexpected(inner.error());
  auto fields = expand_fields(select, *inner);
  if (!fields) return tl::unexpected(fields.error());
  const std::string time_name = take_time(*fields);
  add_key_fields(*fields);
  const std::vector<std::string> names = column_names(*fields, time_name);
  for (size_t at = 0; at < fields->size(); ++at) {
    const auto type = type_of((*fields)[at].value, *inner);
    if (!type) return tl::unexpected(type.error());
    offer(offered, names[at + 1], *type);
  }
  const auto dimensions = expand_dimensions(select, *inner);
  if (!dimensions) return tl::unexpected(dimensions.error());
  offered.tags.insert(dimensions->begin(), dimensions->end());
  return {};
}

Answer<DataType> type_of_binary(const Expression& expression, const Offered& offered) {
  const auto left = type_of(expression.operands[0], offered);
  if (!left) return left;
  const auto right = type_of(expression.operands[1], offered);
  if (!right) return right;
  const std::string& op = expression.text;
  if (op == "AND" || op == "OR" || op == "=" || op == "!=" || op == "=~" || op == "!~" || op == "<" || op == "<=" ||
      op == ">" || op == ">=") {
    return DataType::kBoolean;
  }
  if (*left == DataType::kUnknown || *right == DataType::kUnknown) {
    return *left == DataType::kUnknown ? *right : *left;
  }
  const bool is_bitwise = op == "&" || op == "|" || op == "^";
  const bool are_booleans = *left == DataType::kBoolean && *right == DataType::kBoolean;
  if (is_bitwise && are_booleans) return DataType::kBoolean;
  const bool fits = is_numeric(*left) && is_numeric(*right) &&
                    !(is_bitwise && (*left == DataType::kFloat || *right == DataType::kFloat));
  if (!fits) {
    Expression typed = expression;
    annotate(typed, offered);
    return refuse("", "type error: " + written(typed) + ": incompatible types: " + std::string(name_of(*left)) +
                          " and " + std::string(name_of(*right)));
  }
  if (op == "/") return DataType::kFloat;
  return *left == *right ? *left : stronger(*left, *right);
}

}  // namespace

Answer<Offered> offered_by(const std::vector<From>& from, const Schema& schema) {
  Offered offered;
  for (const From& source : from) {
    if (source.subquery) {
      if (auto added = add_subquery(*source.subquery, schema, offered); !added) return tl::unexpected(added.error());
      continue;
    }
    const auto wants = measurements_among({source});
    if (!wants) return tl::unexpected(wants.error());
    for (const auto& [name, measurement] : schema) {
      if (!(*wants)(name)) continue;
      for (const auto& [field, type] : measurement.fields) offer(offered, field, data_type_of(type));
      offered.tags.insert(measurement.tag_keys.begin(), measurement.tag_keys.end());
    }
  }
  return offered;
}

std::string take_time(std::vector<Field>& fields) {
  std::string name = "time";
  std::erase_if(fields, [&](const Field& field) {
    if (field.value.kind != Kind::kVariable || field.value.text != "time") return false;
    if (!field.alias.empty()) name = field.alias;
    return true;
  });
  return name;
}

void add_key_fields(std::vector<Field>& fields) {
  for (size_t at = 0; at < fields.size(); ++at) {
    const Expression call = fields[at].value;
    if (call.kind != Kind::kCall || (call.text != "top" && call.text != "bottom")) continue;
    for (size_t key = 1; key + 1 < call.operands.size(); ++key) {
      fields.insert(fields.begin() + static_cast<std::ptrdiff_t>(++at), Field{.value = call.operands[key]});
    }
  }
}

DataType type_of_variable(const Expression& variable, const Offered& offered) {
  const auto field = offered.fields.find(variable.text);
  if (!variable.type.empty() && variable.type != "field" && variable.type != "tag") {
    return data_type_named(variable.type);
  }
  if (variable.type == "tag") return DataType::kTag;
  if (field != offered.fields.end()) return field->second;
  return variable.type.empty() && offered.tags.contains(variable.text) ? DataType::kTag : DataType::kUnknown;
}

void annotate(Expression& expression, const Offered& offered) {
  if (expression.kind == Kind::kVariable) {
    expression.type = name_of(type_of_variable(expression, offered));
  }
  for (Expression& operand : expression.operands) annotate(operand, offered);
}

DataType result_type(std::string_view function, DataType argument) {
  if (argument == DataType::kUnknown || argument == DataType::kTag) return DataType::kUnknown;
  if (function == "count" || function == "elapsed") return DataType::kInteger;
  for (const std::string_view of_floats :
       {"mean", "median", "stddev", "integral", "derivative", "non_negative_derivative", "moving_average"}) {
    if (function == of_floats) return DataType::kFloat;
  }
  return argument;
}

Answer<DataType> type_of(const Expression& expression, const Offered& offered) {
  switch (expression.kind) {
    case Kind::kVariable:
      return type_of_variable(expression, offered);
    case Kind::kInteger:
    case Kind::kDuration:
      return DataType::kInteger;
    case Kind::kNumber:
      return DataType::kFloat;
    case Kind::kString:
      return DataType::kString;
    case Kind::kBoolean:
      return DataType::kBoolean;
    case Kind::kBinary:
      return type_of_binary(expression, offered);
    case Kind::kCall: {
      if (expression.operands.empty()) return DataType::kUnknown;
      const auto argument = type_of(expression.operands[0], offered);
      if (!argument || is_aggregate(expression)) {
        return argument.map([&](DataType type) { return result_type(expression.text, type); });
      }
      const std::string& name = expression.text;
      const bool keeps = name == "abs" || name == "floor" || name == "ceil" || name == "round";
      if (*argument == DataType::kString || *argument == DataType::kBoolean) {
        return refuse("", name + "() takes numbers, not " + std::string(name_of(*argument)) + " values");
      }
      return keeps ? *argument : DataType::kFloat;
    }
    case Kind::kRegex:
    case Kind::kWildcard:
    case Kind::kParameter:
      return DataType::kUnknown;
  }
  return DataType::kUnknown;
}

}  // namespace timestore::query::influxql
