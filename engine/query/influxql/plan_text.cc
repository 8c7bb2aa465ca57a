#include "engine/query/influxql/plan_text.h"

#include <map>

#include "engine/base/json_text.h"
#include "engine/query/influxql/token.h"

namespace timestore::query::influxql {
namespace {

using Kind = Expression::Kind;

std::string quoted_if_needed(const std::string& name) {
  bool is_plain = !name.empty() && !(name[0] >= '0' && name[0] <= '9') && !is_reserved(name);
  for (const char c : name) {
    is_plain &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }
  return is_plain ? name : "\"" + name + "\"";
}

void add_names(const Expression& expression, std::vector<std::string>& names) {
  if (expression.kind == Kind::kVariable || expression.kind == Kind::kCall) names.push_back(expression.text);
  if (expression.kind != Kind::kBinary) return;
  for (const Expression& operand : expression.operands) add_names(operand, names);
}

}  // namespace

std::string written(const Expression& expression) {
  switch (expression.kind) {
    case Kind::kVariable:
      return quoted_if_needed(expression.text) + (expression.type.empty() ? "" : "::" + expression.type);
    case Kind::kBinary:
      return written(expression.operands[0]) + " " + expression.text + " " + written(expression.operands[1]);
    case Kind::kCall: {
      std::string text = expression.text + "(";
      for (const Expression& operand : expression.operands) {
        text += (&operand == &expression.operands[0] ? "" : ", ") + written(operand);
      }
      return text + ")";
    }
    case Kind::kNumber: {
      std::string text;
      append_json_number(text, expression.number);
      return text.find('.') == std::string::npos ? text + ".000" : text;
    }
    default:
      return text_of(expression);
  }
}

std::string column_name_of(const Expression& expression) {
  std::vector<std::string> names;
  add_names(expression, names);
  std::string name;
  for (const std::string& part : names) name += (&part == &names[0] ? "" : "_") + part;
  return name;
}

std::vector<std::string> column_names(const std::vector<Field>& fields, const std::string& time_name) {
  std::vector<std::string> columns(fields.size());
  std::map<std::string, int> counts;
  for (size_t at = 0; at < fields.size(); ++at) {
    if (fields[at].alias.empty()) continue;
    columns[at] = fields[at].alias;
    counts[fields[at].alias] = 1;
  }
  for (size_t at = 0; at < fields.size(); ++at) {
    if (!columns[at].empty()) continue;
    std::string name = column_name_of(fields[at].value);
    if (const auto known = counts.find(name); known != counts.end()) {
      int count = known->second;
      while (counts.contains(name + "_" + std::to_string(count))) ++count;
      known->second = count + 1;
      name += "_" + std::to_string(count);
    }
    ++counts[name];
    columns[at] = name;
  }
  columns.insert(columns.begin(), time_name);
  return columns;
}

}  // namespace timestore::query::influxql
