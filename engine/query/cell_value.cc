// What a cell answers.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/base/check.h"
#include "engine/query/cell.h"

namespace timestore::query {
namespace {

constexpr uint64_t kNanosecondsPerSecond = 1'000'000'000;

// The root of number / (divisors), without leaving the range of doubles on the way.
double root_of(BigNumber number, std::span<const uint64_t> divisors) {
  const int bits = number.exponent + static_cast<int>(number.limbs.size()) * 64;
  const int half = bits / 2;
  number.exponent -= 2 * half;
  return std::ldexp(std::sqrt(nearest_double(number, divisors)), half);
}

}  // namespace

Answer<Value> Cell::value(const Function& function, int64_t elapsed_ns) {
  const auto answer = [](bool is_there, auto make) { return is_there ? Value(make()) : Value(); };
  switch (function.kind) {
    case Function::Kind::kCount:
      return Value(points_);
    case Function::Kind::kSum:
      return numbers_ > 0 ? sum_of(sum_, "sum") : Value();
    case Function::Kind::kAvg:
      return answer(numbers_ > 0, [&] { return sum_.quotient(numbers_); });
    case Function::Kind::kMin:
      return answer(numbers_ > 0, [&] { return value_of(min_); });
    case Function::Kind::kMax:
      return answer(numbers_ > 0, [&] { return value_of(max_); });
    case Function::Kind::kFirst:
      return answer(ends_ && ends_->first, [&] { return ends_->first->value; });
    case Function::Kind::kLast:
      return answer(ends_ && ends_->last, [&] { return ends_->last->value; });
    case Function::Kind::kStddev:
      return answer(numbers_ > 1, [&] { return stddev(); });
    case Function::Kind::kMedian:
      return percentile(50, 1);
    case Function::Kind::kPercentile:
      return percentile(function.percent, function.percent_units);
    case Function::Kind::kRate:
      return answer(changes_ && changes_->has_increase && elapsed_ns > 0, [&] {
        return changes_->increase.rounded() / (static_cast<double>(elapsed_ns) / kNanosecondsPerSecond);
      });
    case Function::Kind::kIncrease:
      return changes_ && changes_->has_increase ? sum_of(changes_->increase, "increase") : Value();
    case Function::Kind::kDelta:
      return changes_ && changes_->has_delta ? sum_of(changes_->delta, "delta") : Value();
    case Function::Kind::kIntegral:
      return answer(changes_ && changes_->has_area, [&] {
        return nearest_double(changes_->twice_area.number(), std::array<uint64_t, 2>{2, kNanosecondsPerSecond});
      });
  }
  return Value();
}

// Of integers alone it is an integer.
Answer<Value> Cell::sum_of(const NumberSum& sum, const char* what) const {
  if (floats_ > 0) {
    const double rounded = sum.rounded();
    if (std::isfinite(rounded)) return Value(rounded);
    return too_much(std::string("a ") + what + " is larger than any double; ask for smaller buckets, or for avg");
  }
  const Int128 integers = sum.integers();
  if (integers >= std::numeric_limits<int64_t>::min() && integers <= std::numeric_limits<int64_t>::max()) {
    return Value(static_cast<int64_t>(integers));
  }
  if (integers >= 0 && integers <= std::numeric_limits<uint64_t>::max()) return Value(static_cast<uint64_t>(integers));
  return too_much(std::string("a ") + what + " of integers is beyond 64 bits; ask for smaller buckets, or for avg");
}

// Of a sample: the root of (n * sum of squares - square of the sum) / (n * (n - 1)).
Value Cell::stddev() const {
  if (!spread_) return Value();
  const BigNumber sum = spread_->sum.number();
  const BigNumber squares = product(big_number(Int128{numbers_}), spread_->squares.number());
  return root_of(difference(squares, product(sum, sum)), std::array<uint64_t, 2>{numbers_, numbers_ - 1});
}

Cell::Neighbours Cell::neighbours_at(uint64_t rank) {
  const auto select = [rank](auto& values) {
    const auto nth = values.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(values.begin(), nth, values.end());
    const auto next = std::min_element(nth + 1, values.end());
    return std::pair(*nth, next == values.end() ? *nth : *next);
  };
  const auto selected = [&](Type type, std::vector<uint64_t>& words) {
    const auto [first, second] = select(words);
    return Neighbours{number_of_word(type, first), number_of_word(type, second)};
  };
  if (values_->floats.size() == numbers_) return selected(Type::kFloat, values_->floats);
  if (values_->integers.size() == numbers_) return selected(Type::kInteger, values_->integers);
  if (values_->naturals.size() == numbers_) return selected(Type::kUnsigned, values_->naturals);
  if (!mixed_) {
    mixed_ = std::make_unique<std::vector<Number>>();
    mixed_->reserve(numbers_);
    for (const uint64_t word : values_->floats) mixed_->push_back(number_of_word(Type::kFloat, word));
    for (const uint64_t word : values_->integers) mixed_->push_back(number_of_word(Type::kInteger, word));
    for (const uint64_t word : values_->naturals) mixed_->push_back(number_of_word(Type::kUnsigned, word));
  }
  const auto [first, second] = select(*mixed_);
  return {first, second};
}

// By linear interpolation between the two values around rank (n - 1) * percent / 100, from 0; exact, then rounded once.
Value Cell::percentile(int64_t percent, int64_t percent_units) {
  if (numbers_ == 0) return Value();
  TIMESTORE_CHECK(values_ != nullptr, "percentiles keep their values");
  const Int128 rank = Int128{numbers_ - 1} * percent;
  const int64_t whole = 100 * percent_units;
  const auto below = static_cast<uint64_t>(rank / whole);
  const auto rest = static_cast<int64_t>(rank % whole);
  const Neighbours around = neighbours_at(below);
  if (rest == 0) return value_of(around.first);
  NumberSum weighted;
  weighted.add(around.first, whole - rest);
  weighted.add(around.second, rest);
  return weighted.quotient(static_cast<uint64_t>(whole));
}

}  // namespace timestore::query
