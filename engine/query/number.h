// The numbers of points, compared exactly: a float, a signed or an unsigned integer of 64 bits.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "engine/query/big_number.h"
#include "engine/store/points/point.h"

namespace timestore::query {

using points::Type;

class Number {
 public:
  Number() = default;
  explicit Number(double value) : Number(Type::kFloat, std::bit_cast<uint64_t>(value)) {}
  explicit Number(int64_t value) : Number(Type::kInteger, static_cast<uint64_t>(value)) {}
  explicit Number(uint64_t value) : Number(Type::kUnsigned, value) {}

  // As a point has it (point.h). Requires that the type is one of numbers.
  Number(Type type, uint64_t bits) : type_(type), bits_(bits) {}

  Type type() const { return type_; }
  uint64_t bits() const { return bits_; }
  bool is_float() const { return type_ == Type::kFloat; }
  double as_double() const { return std::bit_cast<double>(bits_); }  // requires is_float()
  Int128 whole() const {                                             // requires !is_float()
    return type_ == Type::kInteger ? Int128{static_cast<int64_t>(bits_)} : Int128{bits_};
  }

  // Rounded to the nearest double.
  double rounded() const { return is_float() ? as_double() : static_cast<double>(whole()); }

  // By value. What is equal as a number is ordered, too, so that a least one does not depend on which came first: -0
  // before 0, a float before an integer, a signed integer before an unsigned one. Requires that neither is a NaN.
  std::strong_ordering operator<=>(const Number& other) const;
  bool operator==(const Number&) const = default;

  // By value alone.
  std::strong_ordering compared(const Number& other) const;

 private:
  Type type_ = Type::kFloat;
  uint64_t bits_ = 0;
};

inline bool is_number(Type type) { return type == Type::kFloat || type == Type::kInteger || type == Type::kUnsigned; }

// What of a float counts in aggregates. The doors take finite values only; what is none is skipped like a string.
inline bool is_finite(uint64_t bits) { return (bits >> 52 & 0x7ff) != 0x7ff; }

// A word that is less where the number is less, among numbers of one type that are finite; and back.
inline uint64_t ordered_word(const Number& number) {
  constexpr uint64_t kSign = uint64_t{1} << 63;
  if (number.type() == Type::kUnsigned) return number.bits();
  const bool is_negative_float = number.is_float() && (number.bits() & kSign) != 0;
  return is_negative_float ? ~number.bits() : number.bits() ^ kSign;
}
inline Number number_of_word(Type type, uint64_t word) {
  constexpr uint64_t kSign = uint64_t{1} << 63;
  if (type == Type::kUnsigned) return Number(word);
  const bool is_negative_float = type == Type::kFloat && (word & kSign) == 0;
  return Number(type, is_negative_float ? ~word : word ^ kSign);
}

// A JSON number, or what parse_decimal() reads; exact if it is written as an integer of 64 bits.
std::optional<Number> parse_number(std::string_view text);

// What an answer holds. Nothing: null.
using Value = std::variant<std::monostate, double, int64_t, uint64_t, bool, std::string>;

Value value_of(const Number& number);
Value value_of(Type type, uint64_t bits, std::string_view text);

// As JSON; what is not finite becomes null.
void append_value(std::string& out, const Value& value);

}  // namespace timestore::query
