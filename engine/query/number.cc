#include "engine/query/number.h"

#include <charconv>
#include <cmath>

#include "engine/base/decimal.h"
#include "engine/base/json_text.h"

namespace timestore::query {
namespace {

constexpr double kBeyondIntegers = 0x1p64;

std::strong_ordering ordering_of(double left, double right) {
  if (left < right) return std::strong_ordering::less;
  return left > right ? std::strong_ordering::greater : std::strong_ordering::equal;
}

// A double against an integer of up to 65 bits, without rounding either.
std::strong_ordering ordering_of(double left, Int128 right) {
  if (!(std::fabs(left) <= kBeyondIntegers)) {
    return left > 0 ? std::strong_ordering::greater : std::strong_ordering::less;
  }
  const double whole = std::floor(left);
  const auto left_whole = static_cast<Int128>(whole);
  if (left_whole != right) return left_whole < right ? std::strong_ordering::less : std::strong_ordering::greater;
  return left == whole ? std::strong_ordering::equal : std::strong_ordering::greater;
}

template <typename Integer>
std::optional<Number> whole_number(std::string_view text) {
  Integer number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return Number(number);
}

}  // namespace

std::strong_ordering Number::compared(const Number& other) const {
  if (is_float() && other.is_float()) return ordering_of(as_double(), other.as_double());
  if (is_float()) return ordering_of(as_double(), other.whole());
  if (other.is_float()) return 0 <=> ordering_of(other.as_double(), whole());
  const Int128 one = whole();
  const Int128 two = other.whole();
  if (one == two) return std::strong_ordering::equal;
  return one < two ? std::strong_ordering::less : std::strong_ordering::greater;
}

std::strong_ordering Number::operator<=>(const Number& other) const {
  if (const auto order = compared(other); order != 0) return order;
  if (type_ != other.type_) return type_ <=> other.type_;
  if (!is_float()) return std::strong_ordering::equal;
  return std::signbit(other.as_double()) <=> std::signbit(as_double());
}

std::optional<Number> parse_number(std::string_view text) {
  if (auto number = whole_number<int64_t>(text)) {
    if (*number == Number(int64_t{0}) && text.starts_with('-')) return Number(-0.0);
    return number;
  }
  if (auto number = whole_number<uint64_t>(text)) return number;
  const auto decimal = parse_decimal(text);
  if (!decimal) return std::nullopt;
  return Number(*decimal);
}

Value value_of(const Number& number) { return value_of(number.type(), number.bits(), {}); }

Value value_of(Type type, uint64_t bits, std::string_view text) {
  switch (type) {
    case Type::kFloat:
      return std::bit_cast<double>(bits);
    case Type::kInteger:
      return static_cast<int64_t>(bits);
    case Type::kUnsigned:
      return bits;
    case Type::kBoolean:
      return bits != 0;
    case Type::kString:
      return std::string(text);
  }
  return {};
}

void append_value(std::string& out, const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return append_json_number(out, *number);
  if (const auto* integer = std::get_if<int64_t>(&value)) return append_json_integer(out, *integer);
  if (const auto* natural = std::get_if<uint64_t>(&value)) return append_json_integer(out, *natural);
  if (const auto* truth = std::get_if<bool>(&value)) {
    out += *truth ? "true" : "false";
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    append_json_string(out, *text);
  } else {
    out += "null";
  }
}

}  // namespace timestore::query
