// An expression that can be computed: its variables are slots of a row.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/query/influxql/data_type.h"
#include "engine/query/influxql/regex.h"
#include "engine/query/influxql/statement.h"
#include "engine/query/query_error.h"

namespace timestore::query::influxql {

struct Term {
  enum class Kind : uint8_t { kConstant, kSlot, kMath, kBinary, kMatch } kind = Kind::kConstant;
  enum class Op : uint8_t {
    kAnd,
    kOr,
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kModulo,
    kBitAnd,
    kBitOr,
    kBitXor,
  } op = Op::kAnd;
  Value constant = {};
  size_t slot = 0;
  std::string function = {};        // of kMath
  std::optional<Regex> regex = {};  // of kMatch
  bool is_negated = false;          // likewise: !~
  std::vector<Term> operands = {};
};

// Which slot a variable or a call is; nothing: it has none of its own, and is looked into.
using SlotOf = std::function<std::optional<size_t>(const Expression&)>;
Answer<Term> term_of(const Expression& expression, const SlotOf& slot_of);

// Null where something is missing, or where types do not fit.
Value value_of(const Term& term, std::span<const Value> slots);
bool is_true(const Term& term, std::span<const Value> slots);

// abs, floor, sin and so on, of one or two numbers.
bool is_math_function(std::string_view name);

}  // namespace timestore::query::influxql
