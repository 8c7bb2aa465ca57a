#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "engine/query/influxql/parser.h"
#include "engine/query/influxql/regex.h"
#include "engine/query/influxql/session.h"
#include "engine/query/influxql/token.h"
#include "engine/query/time_zone.h"

namespace timestore::query::influxql {
namespace {

using Kind = Expression::Kind;

std::optional<Value> value_of_json(simdjson::dom::element element) {
  switch (element.type()) {
    case simdjson::dom::element_type::INT64:
      return Value(int64_t{element});
    case simdjson::dom::element_type::DOUBLE:
      return Value(double{element});
    case simdjson::dom::element_type::BOOL:
      return Value(bool{element});
    case simdjson::dom::element_type::STRING:
      return Value(std::string(std::string_view(element)));
    default:
      return std::nullopt;
  }
}

Answer<void> bind(Expression& expression, const Parameters& parameters) {
  for (Expression& operand : expression.operands) {
    if (auto bound = bind(operand, parameters); !bound) return bound;
  }
  if (expression.kind != Kind::kParameter) return {};
  const auto found = parameters.find(expression.text);
  if (found == parameters.end()) return refuse("", "missing parameter: " + expression.text);
  const Value& value = found->second;
  expression.text.clear();
  if (const auto* text = std::get_if<std::string>(&value)) {
    expression.kind = Kind::kString;
    expression.text = *text;
  } else if (const auto* number = std::get_if<double>(&value)) {
    expression.kind = Kind::kNumber;
    expression.number = *number;
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    expression.kind = Kind::kBoolean;
    expression.integer = *flag ? 1 : 0;
  } else {
    expression.kind = Kind::kInteger;
    expression.integer = std::get<int64_t>(value);
  }
  return {};
}

Answer<void> bind(std::optional<Expression>& expression, const Parameters& parameters) {
  return expression ? bind(*expression, parameters) : Answer<void>();
}

Answer<void> bind(Select& select, const Parameters& parameters) {
  for (Field& field : select.fields) {
    if (auto bound = bind(field.value, parameters); !bound) return bound;
  }
  for (Expression& key : select.group_by) {
    if (auto bound = bind(key, parameters); !bound) return bound;
  }
  for (From& from : select.from) {
    if (!from.subquery) continue;
    auto inner = std::make_shared<Select>(*from.subquery);
    if (auto bound = bind(*inner, parameters); !bound) return bound;
    from.subquery = std::move(inner);
  }
  return bind(select.where, parameters);
}

// --- What 1.x says while it parses ----------------------------------------------------------------------------------

Answer<void> check_regexes(const Expression& expression) {
  if (expression.kind == Kind::kRegex) {
    if (const auto regex = Regex::compile(expression.text); !regex) return tl::unexpected(regex.error());
  }
  for (const Expression& operand : expression.operands) {
    if (auto checked = check_regexes(operand); !checked) return checked;
  }
  return {};
}

size_t begin_of(const Expression& expression) {
  return expression.kind == Kind::kBinary ? begin_of(expression.operands[0]) : expression.offset;
}

bool is_for_where(const std::string& op) {
  for (const std::string_view known : {"AND", "OR", "=", "!=", "<", "<=", ">", ">=", "=~", "!~"}) {
    if (op == known) return true;
  }
  return false;
}

Answer<void> check_operators(const Expression& expression, size_t begin, const Lexer& lexer) {
  if (expression.kind == Kind::kBinary && is_for_where(expression.text)) {
    QueryError error = lexer.refuse_at(begin, "invalid operator " + expression.text + " in SELECT clause").value();
    error.sentence += "; operator is intended for WHERE clause";
    return tl::unexpected(std::move(error));
  }
  for (const Expression& operand : expression.operands) {
    if (auto checked = check_operators(operand, begin, lexer); !checked) return checked;
  }
  return {};
}

// All that follows goes through expressions by recursion.
constexpr size_t kMaxDepth = 1'000;

size_t depth_of(const Expression& expression) {
  size_t depth = 0;
  for (const Expression& operand : expression.operands) depth = std::max(depth, depth_of(operand));
  return depth + 1;
}

Answer<void> check_depth(const Expression& expression) {
  if (depth_of(expression) <= kMaxDepth) return {};
  return refuse("", "an expression has more than " + std::to_string(kMaxDepth) + " operators in a row");
}

Answer<void> check(const Select& select, const Lexer& lexer) {
  if (select.where) {
    if (auto checked = check_depth(*select.where); !checked) return checked;
  }
  for (const Field& field : select.fields) {
    if (auto checked = check_depth(field.value); !checked) return checked;
    if (auto checked = check_operators(field.value, begin_of(field.value), lexer); !checked) return checked;
    if (auto checked = check_regexes(field.value); !checked) return checked;
  }
  for (const Expression& key : select.group_by) {
    if (auto checked = check_regexes(key); !checked) return checked;
  }
  for (const From& from : select.from) {
    if (!from.subquery) continue;
    if (auto checked = check(*from.subquery, lexer); !checked) return checked;
  }
  if (!select.zone.empty() && select.zone != "UTC") {
    const auto zone = TimeZone::named(select.zone);
    if (!zone && !zone.error().is_environment) return refuse("", "unable to find time zone " + select.zone);
  }
  return select.where ? check_regexes(*select.where) : Answer<void>();
}

}  // namespace

Answer<Parameters> parse_bound_parameters(std::string_view json) {
  Parameters parameters;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS) {
    return refuse("", "error parsing query parameters: params is no JSON object");
  }
  for (const auto& [name, element] : object) {
    auto value = value_of_json(element);
    if (!value)
      return refuse("", "error parsing query parameters: " + std::string(name) +
                            " is neither a text, nor a number, nor true or false");
    parameters.insert_or_assign(std::string(name), std::move(*value));
  }
  return parameters;
}

Answer<std::vector<Statement>> prepare(std::string_view text, const Parameters& parameters) {
  auto statements = parse(text);
  if (!statements) return statements;
  for (Statement& statement : *statements) {
    Answer<void> bound;
    const auto* shown = std::get_if<Show>(&statement);
    if (shown != nullptr && shown->where) bound = check_depth(*shown->where);
    if (!bound) return tl::unexpected(bound.error());
    if (auto* select = std::get_if<Select>(&statement)) bound = bind(*select, parameters);
    if (auto* show = std::get_if<Show>(&statement)) bound = bind(show->where, parameters);
    if (auto* removal = std::get_if<Delete>(&statement)) bound = bind(removal->where, parameters);
    if (!bound) return tl::unexpected(bound.error());
    if (const auto* select = std::get_if<Select>(&statement)) {
      if (auto checked = check(*select, Lexer(text)); !checked) return tl::unexpected(checked.error());
    }
  }
  return statements;
}

}  // namespace timestore::query::influxql
