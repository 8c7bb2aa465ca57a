#include <algorithm>
#include <utility>

#include "engine/query/influxql/plan.h"
#include "engine/query/influxql/plan_text.h"

namespace timestore::query::influxql {
namespace {

using Kind = Expression::Kind;

struct Name {
  std::string name;
  DataType type;
};

bool is_wild(const Expression& expression) {
  return expression.kind == Kind::kWildcard || expression.kind == Kind::kRegex;
}

bool has_wild(const Expression& expression) {
  if (is_wild(expression)) return true;
  return std::any_of(expression.operands.begin(), expression.operands.end(), has_wild);
}

Expression variable(const Name& name) {
  return {.kind = Kind::kVariable,
          .text = name.name,
          .type = name.type == DataType::kTag ? "tag" : std::string(name_of(name.type))};
}

// Which types of fields a function takes where it is asked for all.
bool takes(const std::string& function, DataType type) {
  if (is_numeric(type)) return true;
  const auto is_one_of = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), function) != names.end();
  };
  const bool takes_all = is_one_of({"count", "first", "last", "distinct", "elapsed", "mode", "sample"});
  if (type == DataType::kBoolean) return takes_all || is_one_of({"min", "max"});
  return type == DataType::kString && takes_all;
}

// Of a call, the innermost argument.
Expression* first_argument(Expression& call) {
  Expression* inner = &call;
  while (!inner->operands.empty() && inner->operands[0].kind == Kind::kCall) inner = &inner->operands[0];
  return inner->operands.empty() ? nullptr : &inner->operands[0];
}

const std::string& innermost_function(const Expression& call) {
  const Expression* inner = &call;
  while (!inner->operands.empty() && inner->operands[0].kind == Kind::kCall) inner = &inner->operands[0];
  return inner->text;
}

Answer<std::function<bool(const std::string&)>> name_test(const Expression& wild) {
  if (wild.kind == Kind::kWildcard) return [](const std::string&) { return true; };
  auto regex = Regex::compile(wild.text);
  if (!regex) return tl::unexpected(regex.error());
  return [regex = std::move(*regex)](const std::string& name) { return regex.matches(name); };
}

Answer<void> expand_call(const Field& field, const std::vector<Name>& names, std::vector<Field>& out) {
  Expression call = field.value;
  Expression* argument = first_argument(call);
  if (argument == nullptr || !is_wild(*argument)) {
    out.push_back(field);
    return {};
  }
  const std::string function = innermost_function(call);
  if (argument->type == "tag") return refuse("", "unable to use tag wildcard in " + function + "()");
  const auto matches = name_test(*argument);
  if (!matches) return tl::unexpected(matches.error());
  if (function == "distinct") return refuse("", "expected field argument in distinct()");
  const std::string title = field.alias.empty() ? column_name_of(field.value) : field.alias;
  for (const Name& name : names) {
    if (name.type == DataType::kTag || !takes(function, name.type) || !(*matches)(name.name)) continue;
    *argument = variable(name);
    out.push_back({.value = call, .alias = title + "_" + name.name});
  }
  return {};
}

// Within a binary expression.
tl::unexpected<QueryError> refuse_wild(const Expression& expression) {
  for (const Expression& operand : expression.operands) {
    if (operand.kind == Kind::kCall && has_wild(operand)) {
      return refuse("", "unsupported expression with wildcard: " + operand.text + "()");
    }
    if (operand.kind == Kind::kBinary && has_wild(operand)) return refuse_wild(operand);
  }
  return refuse("", "unable to use wildcard in a binary expression");
}

Answer<void> expand_field(const Field& field, const std::vector<Name>& names, std::vector<Field>& out) {
  const Expression& value = field.value;
  if (is_wild(value)) {
    const auto matches = name_test(value);
    if (!matches) return tl::unexpected(matches.error());
    for (const Name& name : names) {
      const bool is_tag = name.type == DataType::kTag;
      if ((value.type == "field" && is_tag) || (value.type == "tag" && !is_tag) || !(*matches)(name.name)) continue;
      out.push_back({.value = variable(name)});
    }
    return {};
  }
  if (value.kind == Kind::kCall) return expand_call(field, names, out);
  if (value.kind == Kind::kBinary && has_wild(value)) return refuse_wild(value);
  out.push_back(field);
  return {};
}

}  // namespace

Answer<std::vector<Field>> expand_fields(const Select& select, const Offered& offered) {
  const bool is_any_wild =
      std::any_of(select.fields.begin(), select.fields.end(), [](const Field& field) { return has_wild(field.value); });
  if (!is_any_wild) return select.fields;
  std::vector<Name> names;
  for (const auto& [name, type] : offered.fields) names.push_back({name, type});
  const bool groups_by_wild = std::any_of(select.group_by.begin(), select.group_by.end(), is_wild);
  if (!groups_by_wild && !names.empty()) {
    for (const std::string& tag : offered.tags) {
      const bool is_grouped = std::any_of(select.group_by.begin(), select.group_by.end(), [&](const Expression& key) {
        return key.kind == Kind::kVariable && key.text == tag;
      });
      if (!is_grouped && !offered.fields.contains(tag)) names.push_back({tag, DataType::kTag});
    }
  }
  std::sort(names.begin(), names.end(), [](const Name& left, const Name& right) { return left.name < right.name; });
  std::vector<Field> fields;
  for (const Field& field : select.fields) {
    if (auto expanded = expand_field(field, names, fields); !expanded) return tl::unexpected(expanded.error());
  }
  return fields;
}

Answer<std::vector<std::string>> expand_dimensions(const Select& select, const Offered& offered) {
  std::set<std::string> dimensions;
  for (const Expression& key : select.group_by) {
    if (key.kind == Kind::kVariable) dimensions.insert(key.text);
    if (!is_wild(key)) continue;
    const auto matches = name_test(key);
    if (!matches) return tl::unexpected(matches.error());
    for (const std::string& tag : offered.tags) {
      if ((*matches)(tag)) dimensions.insert(tag);
    }
  }
  return std::vector(dimensions.begin(), dimensions.end());
}

}  // namespace timestore::query::influxql
