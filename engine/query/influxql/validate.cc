#include <algorithm>
#include <array>
#include <string>

#include "engine/query/influxql/plan.h"
#include "engine/query/influxql/plan_text.h"

namespace timestore::query::influxql {
namespace {

using Kind = Expression::Kind;

constexpr std::array<std::string_view, 12> kAggregates = {"count",  "sum", "mean", "median", "mode", "spread",
                                                          "stddev", "min", "max",  "first",  "last", "distinct"};
constexpr std::array<std::string_view, 8> kTransforms = {
    "derivative",     "non_negative_derivative", "difference", "non_negative_difference",
    "moving_average", "cumulative_sum",          "elapsed",    "integral"};
constexpr std::array<std::string_view, 4> kOthers = {"percentile", "top", "bottom", "sample"};

template <size_t size>
bool is_among(const std::array<std::string_view, size>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What the fields of a statement have between them.
struct Found {
  std::vector<const Expression*> calls;
  bool has_variables = false;  // outside of calls
  bool has_distinct = false;
  const Expression* top = nullptr;
};

Answer<void> check_call(const Expression& call);

std::string times(size_t count) { return std::to_string(count); }

Answer<void> expect_count(const Expression& call, size_t least, size_t most) {
  const size_t count = call.operands.size();
  if (count >= least && count <= most) return {};
  std::string expected = times(least);
  if (most == least + 1) expected = "at least " + times(least) + " but no more than " + times(most);
  if (most > least + 1) expected = "at least " + times(least);
  return refuse("",
                "invalid number of arguments for " + call.text + ", expected " + expected + ", got " + times(count));
}

Answer<void> expect_field(const Expression& call, const Expression& argument) {
  if (argument.kind == Kind::kVariable || argument.kind == Kind::kWildcard || argument.kind == Kind::kRegex) return {};
  return refuse("", "expected field argument in " + call.text + "()");
}

Answer<void> check_unit(const Expression& call) {
  if (call.operands.size() < 2) return {};
  const Expression& unit = call.operands[1];
  if (unit.kind != Kind::kDuration) {
    return refuse("", "second argument to " + call.text + " must be a duration, got " +
                          (unit.kind == Kind::kInteger ? "*influxql.IntegerLiteral" : written(unit)));
  }
  if (unit.integer <= 0)
    return refuse("", "duration argument must be positive, got " + std::to_string(unit.integer) + "s");
  return {};
}

Answer<void> check_moving_average(const Expression& call) {
  const Expression& count = call.operands[1];
  if (count.kind != Kind::kInteger)
    return refuse("", "second argument for moving_average must be an integer, got " + written(count));
  if (count.integer <= 1) {
    return refuse("", "moving_average window must be greater than 1, got " + std::to_string(count.integer));
  }
  constexpr int64_t kMostPoints = 1'000'000;
  if (count.integer > kMostPoints) return refuse("", "moving_average takes at most 1000000 points");
  return {};
}

Answer<void> check_transform(const Expression& call) {
  const bool is_average = call.text == "moving_average";
  const bool is_single = call.text == "cumulative_sum" || call.text.ends_with("difference");
  if (auto counted = expect_count(call, is_average ? 2 : 1, is_single ? 1 : 2); !counted) return counted;
  if (auto checked = is_average ? check_moving_average(call) : check_unit(call); !checked) return checked;
  const Expression& argument = call.operands[0];
  if (call.text == "integral") return expect_field(call, argument);
  if (argument.kind != Kind::kCall) return expect_field(call, argument);
  if (argument.text == "top" || argument.text == "bottom") {
    return refuse("", "selector function " + argument.text + "() cannot be combined with other functions");
  }
  return check_call(argument);
}

Answer<void> check_top(const Expression& call) {
  if (auto counted = expect_count(call, 2, 1000); !counted) return counted;
  const Expression& count = call.operands.back();
  if (count.kind != Kind::kInteger) {
    return refuse("", "expected integer as last argument in " + call.text + "(), found " + written(count));
  }
  if (count.integer <= 0) {
    return refuse("", "limit (" + std::to_string(count.integer) + ") in " + call.text + " function must be at least 1");
  }
  for (size_t at = 0; at + 1 < call.operands.size(); ++at) {
    if (call.operands[at].kind == Kind::kVariable) continue;
    return refuse(
        "", at == 0
                ? "expected first argument to be a field in " + call.text + "(), found " + written(call.operands[at])
                : "only fields or tags are allowed in " + call.text + "(), found " + written(call.operands[at]));
  }
  return {};
}

Answer<void> check_percentile(const Expression& call) {
  if (auto counted = expect_count(call, 2, 2); !counted) return counted;
  const Expression& percent = call.operands[1];
  if (percent.kind != Kind::kInteger && percent.kind != Kind::kNumber) {
    return refuse("", "expected float argument in percentile()");
  }
  return expect_field(call, call.operands[0]);
}

Answer<void> check_call(const Expression& call) {
  const std::string& name = call.text;
  if (name == "holt_winters" || name == "holt_winters_with_fit") return refuse("", name + "() is not supported");
  if (name == "sample") return refuse("", "sample() is not supported: its answer would be another each time");
  if (is_transform(name)) return check_transform(call);
  if (name == "top" || name == "bottom") return check_top(call);
  if (name == "percentile") return check_percentile(call);
  if (name == "distinct" && call.operands.size() != 1)
    return refuse("", "distinct function requires at least one argument");
  if (!is_among(kAggregates, name)) return refuse("", "undefined function " + name + "()");
  if (auto counted = expect_count(call, 1, 1); !counted) return counted;
  const Expression& argument = call.operands[0];
  if (name == "count" && argument.kind == Kind::kCall && argument.text == "distinct") {
    if (argument.operands.empty()) return refuse("", "distinct function requires at least one argument");
    if (argument.operands.size() > 1) return refuse("", "distinct function can only have one argument");
    return argument.operands[0].kind == Kind::kVariable ? Answer<void>() : expect_field(argument, argument.operands[0]);
  }
  return expect_field(call, argument);
}

Answer<void> look_at(const Expression& expression, Found& found) {
  if (expression.kind == Kind::kVariable) found.has_variables = true;
  if (is_aggregate(expression)) {
    if (auto checked = check_call(expression); !checked) return checked;
    found.calls.push_back(&expression);
    found.has_distinct |= expression.text == "distinct";
    if ((expression.text == "top" || expression.text == "bottom") && found.top == nullptr) found.top = &expression;
    return {};
  }
  if (expression.kind == Kind::kCall) {
    const bool has_two = expression.text == "pow" || expression.text == "atan2" || expression.text == "log";
    if (auto counted = expect_count(expression, has_two ? 2 : 1, has_two ? 2 : 1); !counted) return counted;
  }
  for (const Expression& operand : expression.operands) {
    if (auto looked = look_at(operand, found); !looked) return looked;
  }
  return {};
}

bool has_name(const Expression& expression) {
  if (expression.kind == Kind::kVariable || expression.kind == Kind::kCall || expression.kind == Kind::kWildcard ||
      expression.kind == Kind::kRegex) {
    return true;
  }
  return std::any_of(expression.operands.begin(), expression.operands.end(), has_name);
}

Answer<void> check_transform_groups(const Expression& call, bool has_interval) {
  if (!is_transform(call.text) || call.text == "integral") return {};
  const bool is_of_call = call.operands[0].kind == Kind::kCall;
  if (has_interval && !is_of_call) {
    return refuse("", "aggregate function required inside the call to " + call.text);
  }
  if (!has_interval && is_of_call) return refuse("", call.text + " aggregate requires a GROUP BY interval");
  return {};
}

}  // namespace

bool is_transform(std::string_view function) { return is_among(kTransforms, function); }

bool is_selector(std::string_view function) {
  return is_among(kOthers, function) || function == "min" || function == "max" || function == "first" ||
         function == "last";
}

bool is_aggregate(const Expression& expression) {
  return expression.kind == Kind::kCall && !is_math_function(expression.text);
}

Answer<void> validate(const Select& select, const std::vector<Field>& fields) {
  Found found;
  for (const Field& field : fields) {
    if (auto looked = look_at(field.value, found); !looked) return looked;
    if (!has_name(field.value)) return refuse("", "field must contain at least one variable");
  }
  if (found.has_distinct && fields.size() + found.calls.size() > 2) {
    return refuse("", "aggregate function distinct() cannot be combined with other functions or fields");
  }
  if (found.top != nullptr && found.calls.size() > 1) {
    return refuse("", "selector function " + found.top->text + "() cannot be combined with other functions");
  }
  const bool is_one_selector = found.calls.size() == 1 && is_selector(found.calls[0]->text);
  if (found.has_variables && !found.calls.empty() && !is_one_selector) {
    const bool are_selectors = std::all_of(found.calls.begin(), found.calls.end(),
                                           [](const Expression* call) { return is_selector(call->text); });
    return refuse("", are_selectors ? "mixing multiple selector functions with tags or fields is not supported"
                                    : "mixing aggregate and non-aggregate queries is not supported");
  }
  const auto interval = interval_of(select, 0);
  if (!interval) return tl::unexpected(interval.error());
  const bool has_interval = interval->interval_ns > 0;
  for (const Expression* call : found.calls) {
    if (auto checked = check_transform_groups(*call, has_interval); !checked) return checked;
  }
  if (found.calls.empty() && has_interval) return refuse("", "GROUP BY requires at least one aggregate function");
  if (found.calls.empty() && select.fill.kind == QueryFill::Kind::kNone) {
    return refuse("", "fill(none) must be used with a function");
  }
  if (found.calls.empty() && select.fill.kind == QueryFill::Kind::kLinear) {
    return refuse("", "fill(linear) must be used with a function");
  }
  if (found.top != nullptr && select.page.limit.value_or(0) > 0) {
    const auto count = static_cast<uint64_t>(found.top->operands.back().integer);
    if (count > *select.page.limit) {
      return refuse("", "limit (" + std::to_string(count) + ") in " + found.top->text +
                            " function can not be larger than the LIMIT (" + std::to_string(*select.page.limit) +
                            ") in the select statement");
    }
  }
  return {};
}

}  // namespace timestore::query::influxql
