#include "engine/query/cell.h"

#include <algorithm>
#include <iterator>

#include "engine/query/column_loops.h"

namespace timestore::query {
namespace {

using points::BlockStatistics;

template <typename T>
void append(std::vector<T>& to, std::vector<T>& from) {
  if (to.empty()) return to.swap(from);
  to.insert(to.end(), from.begin(), from.end());
}

template <typename T>
T& made(std::unique_ptr<T>& part) {
  if (!part) part = std::make_unique<T>();
  return *part;
}

}  // namespace

Needs needs_of(std::span<const Function> functions) {
  Needs needs;
  for (const Function& function : functions) {
    switch (function.kind) {
      case Function::Kind::kCount:
        break;
      case Function::Kind::kSum:
      case Function::Kind::kAvg:
        needs.sum = true;
        break;
      case Function::Kind::kMin:
      case Function::Kind::kMax:
        needs.extremes = true;
        break;
      case Function::Kind::kFirst:
      case Function::Kind::kLast:
        needs.ends = true;
        break;
      case Function::Kind::kStddev:
        needs.spread = true;
        break;
      case Function::Kind::kMedian:
      case Function::Kind::kPercentile:
        needs.values = true;
        break;
      case Function::Kind::kRate:
      case Function::Kind::kIncrease:
      case Function::Kind::kDelta:
        needs.changes = true;
        break;
      case Function::Kind::kIntegral:
        needs.area = true;
        break;
    }
  }
  return needs;
}

void Cell::add(const Run& run, const Needs& needs) {
  points_ += run.times.size();
  if (needs.ends) add_ends(run);
  if (run.type == Type::kFloat) add_floats(run.bits, run.exponent, needs);
  if (run.type == Type::kInteger || run.type == Type::kUnsigned) add_integers(run.type, run.bits, needs);
}

void Cell::add_floats(std::span<const uint64_t> bits, std::optional<unsigned> exponent, const Needs& needs) {
  const bool has_loops = !needs.spread && !needs.values && (exponent || are_finite(bits));
  if (!has_loops) {
    for (const uint64_t word : bits) {
      if (is_finite(word)) add_number(Number(Type::kFloat, word), needs);
    }
    return;
  }
  if (needs.sum && exponent) {
    sum_.add(points::DecimalSum(sum_of_mantissas(bits, *exponent), *exponent));
  } else if (needs.sum) {
    for (const uint64_t word : bits) sum_.add(std::bit_cast<double>(word));
  }
  if (needs.extremes) {
    const DoubleExtremes found = extremes_of_doubles(bits);
    add_extremes(Number(found.min), Number(found.max));
  }
  numbers_ += bits.size();
  floats_ += bits.size();
}

void Cell::add_integers(points::Type type, std::span<const uint64_t> bits, const Needs& needs) {
  if (needs.spread || needs.values) {
    for (const uint64_t word : bits) add_number(Number(type, word), needs);
    return;
  }
  Int128 sum = 0;
  Number min(type, bits[0]);
  Number max = min;
  for (const uint64_t word : bits) {
    const Number number(type, word);
    sum += number.whole();
    if (number < min) min = number;
    if (max < number) max = number;
  }
  if (needs.sum) sum_.add_integers(sum);
  if (needs.extremes) add_extremes(min, max);
  numbers_ += bits.size();
}

// In whatever way it is needed.
void Cell::add_number(const Number& number, const Needs& needs) {
  if (needs.sum) sum_.add(number);
  if (needs.extremes) add_extremes(number, number);
  if (needs.spread) {
    Spread& spread = made(spread_);
    if (number.is_float()) {
      spread.sum.add(number.as_double());
      spread.squares.add_square(number.as_double());
    } else {
      const Int128 whole = number.whole();
      const Int128 high = whole >> 32;  // whole^2 = (high * 2^32 + low)^2, piece by piece: 128 bits hold each
      const Int128 low = whole & 0xffffffff;
      spread.sum.add(whole, 0);
      spread.squares.add(high * high, 64);
      spread.squares.add(high * low, 33);
      spread.squares.add(low * low, 0);
    }
  }
  if (needs.values) {
    Values& values = made(values_);
    if (number.type() == Type::kFloat) values.floats.push_back(ordered_word(number));
    if (number.type() == Type::kInteger) values.integers.push_back(ordered_word(number));
    if (number.type() == Type::kUnsigned) values.naturals.push_back(ordered_word(number));
  }
  ++numbers_;
  if (number.is_float()) ++floats_;
}

// To be called before the numbers are counted.
void Cell::add_extremes(const Number& min, const Number& max) {
  min_ = numbers_ == 0 ? min : std::min(min_, min);
  max_ = numbers_ == 0 ? max : std::max(max_, max);
}

// Of equal times, the least and the greatest place in the log count; in the run, lines stand before entries.
void Cell::add_ends(const Run& run) {
  Ends& ends = made(ends_);
  for (size_t at = 0; at < run.times.size() && run.times[at] == run.times[0]; ++at)
    consider_end(ends.first, false, run, at);
  for (size_t at = run.times.size(); at > 0 && run.times[at - 1] == run.times.back(); --at) {
    consider_end(ends.last, true, run, at - 1);
  }
}

void Cell::consider_end(std::optional<End>& end, bool is_last, const Run& run, size_t at) {
  const std::pair place(run.times[at], run.seqs[at]);
  if (end) {
    const std::pair known(end->time_ns, end->seq);
    if (is_last ? place <= known : known <= place) return;
  }
  const bool is_text = run.type == Type::kString;
  end = End{place.first, place.second,
            value_of(run.type, is_text ? 0 : run.bits[at], is_text ? run.texts[at] : std::string_view())};
}

bool Cell::add(const BatchHead& head, const Needs& needs) {
  if (!needs.only_statistics()) return false;
  const bool is_needed = (needs.sum || needs.extremes) && is_number(head.type);
  if (is_needed && (head.statistics == nullptr || !add_statistics(*head.statistics, head.count, needs))) return false;
  points_ += head.count;
  return true;
}

bool Cell::add_statistics(const BlockStatistics& statistics, size_t count, const Needs& needs) {
  if (const auto* doubles = std::get_if<points::DoubleStatistics>(&statistics)) {
    const bool all_finite = doubles->numbers == count && is_finite(std::bit_cast<uint64_t>(doubles->min)) &&
                            is_finite(std::bit_cast<uint64_t>(doubles->max));
    if (!all_finite || (needs.sum && !doubles->sum)) return false;
    if (needs.sum) sum_.add(*doubles->sum);
    add_extremes(Number(doubles->min), Number(doubles->max));
    floats_ += count;
  } else if (const auto* integers = std::get_if<points::IntegerStatistics<int64_t>>(&statistics)) {
    if (needs.sum) sum_.add_integers(integers->sum);
    add_extremes(Number(integers->min), Number(integers->max));
  } else if (const auto* naturals = std::get_if<points::IntegerStatistics<uint64_t>>(&statistics)) {
    if (needs.sum) sum_.add_integers(naturals->sum);
    add_extremes(Number(naturals->min), Number(naturals->max));
  } else {
    return false;
  }
  numbers_ += count;
  return true;
}

void Cell::add(Cell&& other, const Needs& needs) {
  if (needs.extremes && other.numbers_ > 0) add_extremes(other.min_, other.max_);
  points_ += other.points_;
  numbers_ += other.numbers_;
  floats_ += other.floats_;
  sum_.add(other.sum_);
  const auto before = [](const End& left, const End& right) {
    return std::pair(left.time_ns, left.seq) < std::pair(right.time_ns, right.seq);
  };
  if (other.ends_) {
    Ends& ends = made(ends_);
    Ends& others = *other.ends_;
    if (others.first && (!ends.first || before(*others.first, *ends.first))) ends.first = std::move(others.first);
    if (others.last && (!ends.last || before(*ends.last, *others.last))) ends.last = std::move(others.last);
  }
  if (other.spread_) {
    made(spread_).sum.add(other.spread_->sum);
    spread_->squares.add(other.spread_->squares);
  }
  if (other.values_) {
    append(made(values_).floats, other.values_->floats);
    append(values_->integers, other.values_->integers);
    append(values_->naturals, other.values_->naturals);
  }
  if (other.changes_) {
    Changes& mine = changes();
    mine.increase.add(other.changes_->increase);
    mine.has_increase |= other.changes_->has_increase;
    mine.delta.add(other.changes_->delta);
    mine.has_delta |= other.changes_->has_delta;
    mine.twice_area.add(other.changes_->twice_area);
    mine.has_area |= other.changes_->has_area;
  }
}

Cell::Changes& Cell::changes() { return made(changes_); }

size_t Cell::heap_bytes() const {
  const auto bytes_of = [](const auto& vector) { return vector.capacity() * sizeof(vector[0]); };
  const auto text_bytes = [](const std::optional<End>& end) {
    const auto* text = end ? std::get_if<std::string>(&end->value) : nullptr;
    return text != nullptr ? text->capacity() : 0;
  };
  size_t bytes = sum_.size_bytes();
  if (ends_) bytes += sizeof(Ends) + text_bytes(ends_->first) + text_bytes(ends_->last);
  if (spread_) bytes += sizeof(Spread) + spread_->sum.size_bytes() + spread_->squares.size_bytes();
  if (values_) {
    bytes += sizeof(Values) + bytes_of(values_->floats) + bytes_of(values_->integers) + bytes_of(values_->naturals);
  }
  if (changes_) {
    bytes += sizeof(Changes) + changes_->increase.size_bytes() + changes_->delta.size_bytes() +
             changes_->twice_area.size_bytes();
  }
  return bytes;
}

}  // namespace timestore::query
