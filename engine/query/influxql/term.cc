#include "engine/query/influxql/term.h"

#include <array>
#include <cmath>
#include <utility>

namespace timestore::query::influxql {
namespace {

using Op = Term::Op;

constexpr std::array<std::pair<std::string_view, Op>, 16> kOps = {{{"AND", Op::kAnd},
                                                                   {"OR", Op::kOr},
                                                                   {"=", Op::kEqual},
                                                                   {"!=", Op::kNotEqual},
                                                                   {"<", Op::kLess},
                                                                   {"<=", Op::kLessEqual},
                                                                   {">", Op::kGreater},
                                                                   {">=", Op::kGreaterEqual},
                                                                   {"+", Op::kAdd},
                                                                   {"-", Op::kSubtract},
                                                                   {"*", Op::kMultiply},
                                                                   {"/", Op::kDivide},
                                                                   {"%", Op::kModulo},
                                                                   {"&", Op::kBitAnd},
                                                                   {"|", Op::kBitOr},
                                                                   {"^", Op::kBitXor}}};

using RealFunction = double (*)(double);
constexpr std::array<std::pair<std::string_view, RealFunction>, 13> kFunctions = {{{"sqrt", std::sqrt},
                                                                                   {"ln", std::log},
                                                                                   {"log2", std::log2},
                                                                                   {"log10", std::log10},
                                                                                   {"exp", std::exp},
                                                                                   {"sin", std::sin},
                                                                                   {"cos", std::cos},
                                                                                   {"tan", std::tan},
                                                                                   {"asin", std::asin},
                                                                                   {"acos", std::acos},
                                                                                   {"atan", std::atan},
                                                                                   {"floor", std::floor},
                                                                                   {"ceil", std::ceil}}};

bool compares(Op op) { return op >= Op::kEqual && op <= Op::kGreaterEqual; }

template <typename Number>
Value compared(Op op, Number left, Number right) {
  switch (op) {
    case Op::kEqual:
      return left >= right && left <= right;
    case Op::kNotEqual:
      return left < right || left > right;
    case Op::kLess:
      return left < right;
    case Op::kLessEqual:
      return left <= right;
    case Op::kGreater:
      return left > right;
    default:
      return left >= right;
  }
}

Value finite(double number) { return std::isfinite(number) ? Value(number) : Value(); }

bool is_zero(double number) { return std::fpclassify(number) == FP_ZERO; }

Value computed(Op op, double left, double right) {
  switch (op) {
    case Op::kAdd:
      return finite(left + right);
    case Op::kSubtract:
      return finite(left - right);
    case Op::kMultiply:
      return finite(left * right);
    case Op::kDivide:
      return is_zero(right) ? Value(0.0) : finite(left / right);
    case Op::kModulo:
      return is_zero(right) ? Value() : finite(std::fmod(left, right));
    default:
      return {};
  }
}

// Integers of 64 bits wrap around, as in 1.x.
template <typename Integer>
Value computed_whole(Op op, Integer left, Integer right) {
  const auto a = static_cast<uint64_t>(left);
  const auto b = static_cast<uint64_t>(right);
  switch (op) {
    case Op::kAdd:
      return static_cast<Integer>(a + b);
    case Op::kSubtract:
      return static_cast<Integer>(a - b);
    case Op::kMultiply:
      return static_cast<Integer>(a * b);
    case Op::kDivide:
      return right == 0 ? Value(0.0) : Value(static_cast<double>(left) / static_cast<double>(right));
    case Op::kModulo:
      if (right == 0 || right == static_cast<Integer>(-1)) return Integer{0};
      return static_cast<Integer>(left % right);
    case Op::kBitAnd:
      return static_cast<Integer>(a & b);
    case Op::kBitOr:
      return static_cast<Integer>(a | b);
    case Op::kBitXor:
      return static_cast<Integer>(a ^ b);
    default:
      return {};
  }
}

Value of_booleans(Op op, bool left, bool right) {
  switch (op) {
    case Op::kAnd:
    case Op::kBitAnd:
      return left && right;
    case Op::kOr:
    case Op::kBitOr:
      return left || right;
    case Op::kEqual:
      return left == right;
    case Op::kNotEqual:
    case Op::kBitXor:
      return left != right;
    default:
      return compares(op) ? Value(false) : Value();
  }
}

Value of_texts(Op op, const std::string& left, const std::string& right) {
  if (op == Op::kEqual) return left == right;
  if (op == Op::kNotEqual) return left != right;
  return compares(op) ? Value(false) : Value();
}

Value binary(Op op, const Value& left, const Value& right) {
  if (is_numeric(left) && is_numeric(right)) {
    const bool is_whole = !std::holds_alternative<double>(left) && !std::holds_alternative<double>(right);
    if (!is_whole) {
      return compares(op) ? compared(op, as_double(left), as_double(right))
                          : computed(op, as_double(left), as_double(right));
    }
    if (std::holds_alternative<uint64_t>(left) && std::holds_alternative<uint64_t>(right)) {
      const uint64_t a = std::get<uint64_t>(left);
      const uint64_t b = std::get<uint64_t>(right);
      return compares(op) ? compared(op, a, b) : computed_whole(op, a, b);
    }
    const int64_t a = std::get<int64_t>(cast(left, DataType::kInteger));
    const int64_t b = std::get<int64_t>(cast(right, DataType::kInteger));
    return compares(op) ? compared(op, a, b) : computed_whole(op, a, b);
  }
  if (const auto* a = std::get_if<bool>(&left), *b = std::get_if<bool>(&right); a != nullptr && b != nullptr) {
    return of_booleans(op, *a, *b);
  }
  if (const auto* a = std::get_if<std::string>(&left), *b = std::get_if<std::string>(&right);
      a != nullptr && b != nullptr) {
    return of_texts(op, *a, *b);
  }
  if (op == Op::kAnd || op == Op::kOr) {  // one of them is missing
    const auto is_set = [](const Value& value) { return std::holds_alternative<bool>(value) && std::get<bool>(value); };
    return op == Op::kOr ? Value(is_set(left) || is_set(right)) : Value(false);
  }
  return compares(op) ? Value(false) : Value();
}

Value math(const Term& term, std::span<const Value> slots) {
  const Value first = value_of(term.operands[0], slots);
  if (!is_numeric(first)) return {};
  const bool is_whole = !std::holds_alternative<double>(first);
  const std::string& name = term.function;
  if (name == "pow" || name == "atan2" || name == "log") {
    const Value second = value_of(term.operands[1], slots);
    if (!is_numeric(second)) return {};
    if (name == "pow") return finite(std::pow(as_double(first), as_double(second)));
    if (name == "atan2") return finite(std::atan2(as_double(first), as_double(second)));
    return finite(std::log(as_double(first)) / std::log(as_double(second)));
  }
  if (name == "abs") {
    if (const auto* number = std::get_if<int64_t>(&first)) {
      return *number < 0 ? static_cast<int64_t>(0 - static_cast<uint64_t>(*number)) : *number;
    }
    return is_whole ? first : Value(std::fabs(as_double(first)));
  }
  const bool rounds = name == "floor" || name == "ceil" || name == "round";
  if (rounds && is_whole) return first;
  if (name == "round") return std::round(as_double(first));
  for (const auto& [known, function] : kFunctions) {
    if (known == name) return finite(function(as_double(first)));
  }
  return {};
}

Answer<Term> match_of(const Expression& expression, const SlotOf& slot_of) {
  auto operand = term_of(expression.operands[0], slot_of);
  if (!operand) return operand;
  auto regex = Regex::compile(expression.operands[1].text);
  if (!regex) return tl::unexpected(regex.error());
  Term match{.kind = Term::Kind::kMatch, .regex = std::move(*regex), .is_negated = expression.text == "!~"};
  match.operands.push_back(std::move(*operand));
  return match;
}

Answer<Term> constant_of(const Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::kInteger:
    case Expression::Kind::kDuration:
      return Term{.constant = expression.integer};
    case Expression::Kind::kNumber:
      return Term{.constant = expression.number};
    case Expression::Kind::kString:
      return Term{.constant = expression.text};
    case Expression::Kind::kBoolean:
      return Term{.constant = expression.integer != 0};
    default:
      return Term{};
  }
}

}  // namespace

bool is_math_function(std::string_view name) {
  for (const auto& [known, function] : kFunctions) {
    if (known == name) return true;
  }
  return name == "abs" || name == "round" || name == "pow" || name == "atan2" || name == "log";
}

Answer<Term> term_of(const Expression& expression, const SlotOf& slot_of) {
  if (const auto slot = slot_of(expression)) return Term{.kind = Term::Kind::kSlot, .slot = *slot};
  Term term;
  if (expression.kind == Expression::Kind::kBinary) {
    if (expression.text == "=~" || expression.text == "!~") return match_of(expression, slot_of);
    term.kind = Term::Kind::kBinary;
    for (const auto& [text, op] : kOps) {
      if (expression.text == text) term.op = op;
    }
  } else if (expression.kind == Expression::Kind::kCall) {
    term.kind = Term::Kind::kMath;
    term.function = expression.text;
  } else {
    return constant_of(expression);
  }
  for (const Expression& operand : expression.operands) {
    auto part = term_of(operand, slot_of);
    if (!part) return part;
    term.operands.push_back(std::move(*part));
  }
  return term;
}

Value value_of(const Term& term, std::span<const Value> slots) {
  switch (term.kind) {
    case Term::Kind::kConstant:
      return term.constant;
    case Term::Kind::kSlot:
      return slots[term.slot];
    case Term::Kind::kMath:
      return math(term, slots);
    case Term::Kind::kBinary:
      return binary(term.op, value_of(term.operands[0], slots), value_of(term.operands[1], slots));
    case Term::Kind::kMatch: {
      const Value text = value_of(term.operands[0], slots);
      const auto* found = std::get_if<std::string>(&text);
      return found != nullptr && term.regex->matches(*found) != term.is_negated;
    }
  }
  return {};
}

bool is_true(const Term& term, std::span<const Value> slots) {
  const Value value = value_of(term, slots);
  const auto* found = std::get_if<bool>(&value);
  return found != nullptr && *found;
}

}  // namespace timestore::query::influxql
