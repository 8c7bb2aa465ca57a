#include "engine/query/influxql/condition.h"

#include <algorithm>
#include <utility>

#include "engine/base/timestamp.h"
#include "engine/query/big_number.h"
#include "engine/query/influxql/plan_text.h"
#include "engine/query/influxql/regex.h"

namespace timestore::query::influxql {
namespace {

using Kind = Expression::Kind;

bool is_time(const Expression& expression) {
  if (expression.kind != Kind::kVariable || expression.text.size() != 4) return false;
  std::string name = expression.text;
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name == "time";
}

bool is_logical(const Expression& expression) {
  return expression.kind == Kind::kBinary && (expression.text == "AND" || expression.text == "OR");
}

struct Clock {
  int64_t now_ns;
  const TimeZone* zone;
};

std::optional<int64_t> fitting(Int128 moment) {
  if (moment < kFirstTime || moment > kLastTime) return std::nullopt;
  return static_cast<int64_t>(moment);
}

// A moment, or a duration, in nanoseconds.
std::optional<int64_t> moment_of(const Expression& expression, const Clock& clock) {
  switch (expression.kind) {
    case Kind::kInteger:
    case Kind::kDuration:
      return expression.integer;
    case Kind::kNumber:
      return static_cast<int64_t>(expression.number);
    case Kind::kString:
      return parse_time_text(expression.text, clock.zone);
    case Kind::kCall:
      if (expression.text == "now" && expression.operands.empty()) return clock.now_ns;
      return std::nullopt;
    case Kind::kBinary: {
      const auto left = moment_of(expression.operands[0], clock);
      const auto right = moment_of(expression.operands[1], clock);
      if (!left || !right) return std::nullopt;
      if (expression.text == "+") return fitting(Int128{*left} + *right);
      if (expression.text == "-") return fitting(Int128{*left} - *right);
      if (expression.text == "*") return fitting(Int128{*left} * *right);
      if (expression.text == "/" && *right != 0) return *left / *right;
      return std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

std::string flipped(const std::string& op) {
  if (op == "<") return ">";
  if (op == "<=") return ">=";
  if (op == ">") return "<";
  return op == ">=" ? "<=" : op;
}

void narrow(Condition& condition, std::optional<int64_t> first, std::optional<int64_t> last) {
  if (first) condition.first_ns = std::max(condition.first_ns.value_or(*first), *first);
  if (last) condition.last_ns = std::min(condition.last_ns.value_or(*last), *last);
}

Answer<void> add_time(const Expression& comparison, const Clock& clock, Condition& condition) {
  const bool is_left = is_time(comparison.operands[0]);
  const std::string op = is_left ? comparison.text : flipped(comparison.text);
  const Expression& value = comparison.operands[is_left ? 1 : 0];
  const auto moment = moment_of(value, clock);
  if (!moment && value.kind == Kind::kString) {
    return refuse("", "invalid operation: time and " + written(value) + " are not compatible");
  }
  if (!moment) return refuse("", "invalid operation: time and " + written(value) + " are not compatible");
  if (op == "=") {
    narrow(condition, *moment, *moment);
  } else if (op == ">") {
    narrow(condition, fitting(Int128{*moment} + 1).value_or(kLastTime), std::nullopt);
  } else if (op == ">=") {
    narrow(condition, *moment, std::nullopt);
  } else if (op == "<") {
    narrow(condition, std::nullopt, fitting(Int128{*moment} - 1).value_or(kFirstTime));
  } else if (op == "<=") {
    narrow(condition, std::nullopt, *moment);
  } else {
    return refuse("", "invalid time comparison operator: " + op);
  }
  return {};
}

Answer<std::optional<Expression>> split(const Expression& where, const Clock& clock, Condition& condition) {
  if (is_logical(where)) {
    auto left = split(where.operands[0], clock, condition);
    if (!left) return left;
    auto right = split(where.operands[1], clock, condition);
    if (!right) return right;
    if (!*left) return right;
    if (!*right) return left;
    Expression joined{.kind = Kind::kBinary, .text = where.text, .offset = where.offset};
    joined.operands.push_back(std::move(**left));
    joined.operands.push_back(std::move(**right));
    return std::optional(std::move(joined));
  }
  const bool is_comparison = where.kind == Kind::kBinary;
  if (is_comparison && (is_time(where.operands[0]) || is_time(where.operands[1]))) {
    if (auto added = add_time(where, clock, condition); !added) return tl::unexpected(added.error());
    return std::nullopt;
  }
  if (!is_comparison && where.kind != Kind::kBoolean) {
    return refuse("", "invalid condition expression: " + written(where));
  }
  return std::optional(where);
}

Expression constant(bool value) { return {.kind = Kind::kBoolean, .integer = value ? 1 : 0}; }

bool is_tag(const Expression& name, const MeasurementSchema& measurement) {
  if (name.kind != Kind::kVariable) return false;
  if (name.type == "tag") return true;
  return name.type.empty() && !measurement.fields.contains(name.text);
}

// Of a comparison with a tag on its left.
Answer<Expression> tag_comparison(const Expression& comparison, const MeasurementSchema& measurement,
                                  const TagSet& tags) {
  const std::string& value = tags.tag(comparison.operands[0].text);
  const Expression& other = comparison.operands[1];
  const std::string& op = comparison.text;
  if (op == "=~" || op == "!~") {
    const auto regex = Regex::compile(other.text);
    if (!regex) return tl::unexpected(regex.error());
    return constant(regex->matches(value) == (op == "=~"));
  }
  if (op != "=" && op != "!=") return constant(false);
  if (other.kind == Kind::kString) return constant((value == other.text) == (op == "="));
  if (is_tag(other, measurement)) return constant((value == tags.tag(other.text)) == (op == "="));
  return constant(false);
}

}  // namespace

std::optional<int64_t> parse_time_text(const std::string& text, const TimeZone* zone) {
  const bool has_offset = text.find_first_of("Zz+") != std::string::npos || text.find('-', 8) != std::string::npos;
  const auto time_ns = parse_timestamp(text);
  if (!time_ns) return std::nullopt;
  if (has_offset || zone == nullptr) return *time_ns;
  // The local time as if it were UTC; its offset is that of the moment itself, before a change if there are two.
  constexpr int64_t kSecond = 1'000'000'000;
  const auto offset_at = [&](int64_t moment) { return zone->stretches()[zone->stretch_at(moment)].offset_s * kSecond; };
  const int64_t guess = *time_ns - offset_at(*time_ns);
  const int64_t before = *time_ns - offset_at(guess - 24 * 3600 * kSecond);
  if (before + offset_at(before) == *time_ns) return before;
  const int64_t behind = *time_ns - offset_at(guess);
  return behind + offset_at(behind) == *time_ns ? behind : before;
}

Answer<Condition> split_condition(const std::optional<Expression>& where, int64_t now_ns, const TimeZone* zone) {
  Condition condition;
  if (!where) return condition;
  auto rest = split(*where, {now_ns, zone}, condition);
  if (!rest) return tl::unexpected(rest.error());
  condition.rest = std::move(*rest);
  return condition;
}

TimeBounds bounds_of(const Condition& condition) {
  return {.first_ns = std::max(condition.first_ns.value_or(kFirstTime), kFirstTime),
          .last_ns = std::min(condition.last_ns.value_or(kLastTime), kLastTime)};
}

Answer<Expression> bound_to(const Expression& condition, const MeasurementSchema& measurement, const TagSet& tags) {
  if (is_logical(condition)) {
    auto left = bound_to(condition.operands[0], measurement, tags);
    if (!left) return left;
    auto right = bound_to(condition.operands[1], measurement, tags);
    if (!right) return right;
    const bool is_or = condition.text == "OR";
    if (is_constant(*left, is_or) || is_constant(*right, is_or)) return constant(is_or);
    if (is_constant(*left, !is_or)) return right;
    if (is_constant(*right, !is_or)) return left;
    Expression joined{.kind = Kind::kBinary, .text = condition.text, .offset = condition.offset};
    joined.operands.push_back(std::move(*left));
    joined.operands.push_back(std::move(*right));
    return joined;
  }
  if (condition.kind != Kind::kBinary) return condition;
  if (is_tag(condition.operands[0], measurement)) return tag_comparison(condition, measurement, tags);
  if (is_tag(condition.operands[1], measurement)) {
    Expression turned = condition;
    std::swap(turned.operands[0], turned.operands[1]);
    turned.text = flipped(condition.text);
    return tag_comparison(turned, measurement, tags);
  }
  return condition;
}

}  // namespace timestore::query::influxql
