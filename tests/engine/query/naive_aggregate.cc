#include "tests/engine/query/naive_aggregate.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <set>

namespace timestore::query {
namespace {

using points::Point;
using Kind = Function::Kind;
using GroupTuple = std::vector<std::optional<std::string>>;

std::optional<long double> number_of(const Point& point) {
  switch (point.type) {
    case Type::kFloat:
      return static_cast<long double>(std::bit_cast<double>(point.bits));
    case Type::kInteger:
      return static_cast<long double>(static_cast<int64_t>(point.bits));
    case Type::kUnsigned:
      return static_cast<long double>(point.bits);
    default:
      return std::nullopt;
  }
}

// Attributes in these tests are {"key":value,...}, without commas or colons in values.
std::string attribute(std::string_view attributes, const std::string& key) {
  const std::string name = "\"" + key + "\":";
  const size_t at = attributes.find(name);
  if (at == std::string_view::npos) return {};
  const size_t begin = at + name.size();
  return std::string(attributes.substr(begin, attributes.find_first_of(",}", begin) - begin));
}

struct Edges {
  int64_t first, last;
  bool operator<(const Edges& other) const { return first < other.first; }
};

class Naive {
 public:
  Naive(const AggregateQuery& query, const MemoryStore& store) : query_(query) {
    std::map<SeriesNumber, const Series*> series;
    for (const Series& one : store.series) series[one.number] = &one;
    for (const Point& point : surviving(store)) {
      const Series& of = *series.at(point.series);
      if (!naive_passes(query.filter, of, point)) continue;
      points_[group_of_series(of)][point.series].push_back(point);
    }
    if (query.bucket) {
      const auto zone = query.zone.empty() ? TimeZone::utc() : *TimeZone::named(query.zone);
      buckets_.emplace(*query.bucket, std::make_shared<const TimeZone>(zone));
    }
    for (const auto& [group, some] : points_) {
      for (const auto& [number, points] : some) {
        for (const Point& point : points) {
          if (!is_in_range(point.time_ns)) continue;
          first_ = std::min(first_.value_or(point.time_ns), point.time_ns);
          last_ = std::max(last_.value_or(point.time_ns), point.time_ns);
        }
      }
    }
  }

  std::vector<NaiveRow> rows() {
    std::vector<NaiveRow> rows;
    for (const auto& [group, series] : points_) {
      std::vector<NaiveRow> some = rows_of(group, series);
      if (query_.is_descending) std::reverse(some.begin(), some.end());
      if (query_.limit && some.size() > *query_.limit) some.resize(*query_.limit);
      rows.insert(rows.end(), some.begin(), some.end());
    }
    return rows;
  }

 private:
  using Points = std::map<SeriesNumber, std::vector<Point>>;

  GroupTuple group_of_series(const Series& series) const {
    GroupTuple group;
    for (const GroupKey& key : query_.group_by) {
      std::optional<std::string> part;
      if (key.kind == GroupKey::Kind::kDevice) part = series.name;
      for (const Tag& tag : series.tags) {
        if (key.kind == GroupKey::Kind::kTag && tag.name == key.tag) part = tag.value;
      }
      group.push_back(part);
    }
    return group;
  }

  bool is_in_range(int64_t time) const {
    const TimeRange& range = query_.filter.range;
    return (!range.from_ns || time >= *range.from_ns) && (!range.to_ns || time < *range.to_ns);
  }

  Edges bucket_of(int64_t time) const {
    if (!buckets_) return {kMinTimestamp, kMaxTimestamp};
    const Bucket bucket = buckets_->containing(time);
    return {bucket.first_ns, bucket.last_ns};
  }

  // [begin, end) of the bucket within the range; wide numbers, so that nothing overflows.
  struct Extent {
    long double begin, end;
  };
  Extent extent(const Edges& bucket) const {
    const TimeRange& range = query_.filter.range;
    return {std::max<long double>(bucket.first, range.from_ns.value_or(kMinTimestamp)),
            range.to_ns ? std::min<long double>(bucket.last + 1.0L, *range.to_ns) : bucket.last + 1.0L};
  }

  bool asks(Kind kind) const {
    return std::any_of(query_.functions.begin(), query_.functions.end(),
                       [&](const Function& function) { return function.kind == kind; });
  }

  static std::vector<Point> numbers_of(const std::vector<Point>& points) {
    std::vector<Point> numbers;
    std::copy_if(points.begin(), points.end(), std::back_inserter(numbers),
                 [](const Point& point) { return number_of(point).has_value(); });
    return numbers;
  }

  bool is_in(const Point& point, const Edges& bucket) const {
    return is_in_range(point.time_ns) && bucket.first <= point.time_ns && point.time_ns <= bucket.last;
  }

  std::vector<Point> points_in(const Points& series, const Edges& bucket) const {
    std::vector<Point> found;
    for (const auto& [number, points] : series) {
      std::copy_if(points.begin(), points.end(), std::back_inserter(found),
                   [&](const Point& point) { return is_in(point, bucket); });
    }
    return found;
  }

  std::vector<NaiveRow> rows_of(const GroupTuple& group, const Points& series) {
    std::set<Edges> with_points;
    for (const auto& [number, points] : series) {
      for (const Point& point : points) {
        if (is_in_range(point.time_ns)) with_points.insert(bucket_of(point.time_ns));
      }
    }
    std::set<Edges> told = with_points;
    if (asks(Kind::kIntegral)) add_buckets_with_area(series, told);
    const bool fills = query_.fill.kind != Fill::Kind::kNone && !with_points.empty();
    if (fills) {
      const TimeRange& range = query_.filter.range;
      const Edges last = bucket_of(range.to_ns ? *range.to_ns - 1 : *last_);
      for (Edges at = bucket_of(range.from_ns.value_or(first_.value_or(0)));; at = bucket_of(at.last + 1)) {
        told.insert(at);
        if (at.first == last.first) break;
      }
    }
    std::vector<NaiveRow> rows;
    for (const Edges& bucket : told) {
      const int64_t label = buckets_ ? bucket.first : query_.filter.range.from_ns.value_or(first_.value_or(0));
      NaiveRow row{group, label, {}};
      for (const Function& function : query_.functions) {
        Value value = value_of_bucket(function, series, bucket);
        const bool has_points = with_points.contains(bucket);
        const bool has_own = function.kind == Kind::kIntegral && !std::holds_alternative<std::monostate>(value);
        if (!has_points && fills && !has_own) value = filled(function, series, bucket, with_points);
        row.values.push_back(value);
      }
      rows.push_back(row);
    }
    return rows;
  }

  void add_buckets_with_area(const Points& series, std::set<Edges>& told) {
    const Function integral{.kind = Kind::kIntegral, .name = "integral"};
    for (const auto& [number, points] : series) {
      const auto numbers = numbers_of(points);
      for (size_t at = 1; at < numbers.size(); ++at) {
        Edges bucket = bucket_of(numbers[at - 1].time_ns);
        while (bucket.first <= numbers[at].time_ns) {
          if (area_of(numbers, bucket)) told.insert(bucket);
          if (bucket.last == kMaxTimestamp) break;
          bucket = bucket_of(bucket.last + 1);
        }
      }
    }
  }

  std::optional<long double> area_of(const std::vector<Point>& numbers, const Edges& bucket) const {
    const auto [begin, end] = extent(bucket);
    std::optional<long double> area;
    for (size_t at = 1; at < numbers.size(); ++at) {
      const long double t0 = numbers[at - 1].time_ns;
      const long double t1 = numbers[at].time_ns;
      const long double v0 = *number_of(numbers[at - 1]);
      const long double v1 = *number_of(numbers[at]);
      if (t0 == t1) {
        if (begin <= t0 && t0 < end) area = area.value_or(0);
        continue;
      }
      const long double from = std::max(t0, begin);
      const long double to = std::min(t1, end);
      if (from >= to) continue;
      const auto height = [&](long double t) { return v0 + (v1 - v0) * (t - t0) / (t1 - t0); };
      area = area.value_or(0) + (height(from) + height(to)) / 2 * (to - from) / 1e9L;
    }
    return area;
  }

  static Value whole_or_double(long double value, bool is_whole) {
    if (!is_whole) return static_cast<double>(value);
    if (value > 9223372036854775807.0L) return static_cast<uint64_t>(value);
    return static_cast<int64_t>(value);
  }

  Value value_of_bucket(const Function& function, const Points& series, const Edges& bucket) const {
    const std::vector<Point> points = points_in(series, bucket);
    const std::vector<Point> numbers = numbers_of(points);
    const bool is_whole =
        std::none_of(numbers.begin(), numbers.end(), [](const Point& point) { return point.type == Type::kFloat; });
    std::vector<long double> values;
    for (const Point& point : numbers) values.push_back(*number_of(point));
    long double sum = 0;
    for (const long double value : values) sum += value;
    switch (function.kind) {
      case Kind::kCount:
        return static_cast<uint64_t>(points.size());
      case Kind::kSum:
        return values.empty() ? Value() : whole_or_double(sum, is_whole);
      case Kind::kAvg:
        return values.empty() ? Value() : Value(static_cast<double>(sum / values.size()));
      case Kind::kMin:
      case Kind::kMax:
        return extreme(numbers, function.kind == Kind::kMax);
      case Kind::kFirst:
      case Kind::kLast:
        return end_of(points, function.kind == Kind::kLast);
      case Kind::kStddev: {
        if (values.size() < 2) return {};
        long double squares = 0;
        for (const long double value : values) squares += (value - sum / values.size()) * (value - sum / values.size());
        return static_cast<double>(std::sqrt(squares / (values.size() - 1)));
      }
      case Kind::kMedian:
        return percentile(values, 50);
      case Kind::kPercentile:
        return percentile(values, static_cast<long double>(function.percent) / function.percent_units);
      default:
        return change(function.kind, series, bucket, is_whole);
    }
  }

  static Value extreme(const std::vector<Point>& numbers, bool is_max) {
    std::optional<Point> best;
    for (const Point& point : numbers) {
      if (!best || (is_max ? *number_of(point) > *number_of(*best) : *number_of(point) < *number_of(*best))) {
        best = point;
      }
    }
    return best ? value_of(best->type, best->bits, {}) : Value();
  }

  static Value end_of(const std::vector<Point>& points, bool is_last) {
    std::optional<Point> best;
    for (const Point& point : points) {
      const auto place = [](const Point& of) { return std::pair(of.time_ns, of.seq); };
      if (!best || (is_last ? place(*best) < place(point) : place(point) < place(*best))) best = point;
    }
    return best ? value_of(best->type, best->bits, best->text) : Value();
  }

  static Value percentile(std::vector<long double> values, long double percent) {
    if (values.empty()) return {};
    std::sort(values.begin(), values.end());
    const long double rank = static_cast<long double>(values.size() - 1) * percent / 100;
    const auto below = static_cast<size_t>(std::floor(rank + 1e-12L));
    const long double part = std::max(0.0L, rank - below);
    const long double above = values[std::min(below + 1, values.size() - 1)];
    return static_cast<double>(values[below] + (above - values[below]) * part);
  }

  // Of one series.
  std::optional<long double> own_change(Kind kind, const std::vector<Point>& numbers, const Edges& bucket) const {
    if (kind == Kind::kIntegral) return area_of(numbers, bucket);
    std::vector<size_t> inside;
    for (size_t at = 0; at < numbers.size(); ++at) {
      if (is_in(numbers[at], bucket)) inside.push_back(at);
    }
    if (inside.empty()) return std::nullopt;
    if (kind == Kind::kDelta) {
      if (inside.front() == 0) return std::nullopt;
      return *number_of(numbers[inside.back()]) - *number_of(numbers[inside.front() - 1]);
    }
    if (inside.back() == 0) return std::nullopt;
    long double increase = 0;
    for (const size_t at : inside) {
      if (at == 0) continue;
      const long double value = *number_of(numbers[at]);
      const long double last = *number_of(numbers[at - 1]);
      increase += value >= last ? value - last : std::max(value, 0.0L);
    }
    return increase;
  }

  Value change(Kind kind, const Points& series, const Edges& bucket, bool is_whole) const {
    std::optional<long double> total;
    for (const auto& [number, points] : series) {
      const auto own = own_change(kind, numbers_of(points), bucket);
      if (own) total = total.value_or(0) + *own;
    }
    if (!total) return {};
    if (kind == Kind::kIntegral) return static_cast<double>(*total);
    if (kind != Kind::kRate) return whole_or_double(*total, is_whole);
    const TimeRange& range = query_.filter.range;
    const auto [begin, end] = extent(bucket);
    const long double seconds = (std::min<long double>(end, range.to_ns.value_or(*last_)) -
                                 std::max<long double>(begin, range.from_ns.value_or(*first_))) /
                                1e9L;
    return seconds > 0 ? Value(static_cast<double>(*total / seconds)) : Value();
  }

  Value filled(const Function& function, const Points& series, const Edges& bucket,
               const std::set<Edges>& with_points) {
    const bool is_count = function.kind == Kind::kCount;
    if (query_.fill.kind == Fill::Kind::kNull) return is_count ? Value(uint64_t{0}) : Value();
    if (query_.fill.kind == Fill::Kind::kNumber) return value_of(query_.fill.number);
    const auto behind = with_points.upper_bound(bucket);
    const bool has_before = behind != with_points.begin();
    if (query_.fill.kind == Fill::Kind::kPrevious) {
      if (has_before) return value_of_bucket(function, series, *std::prev(behind));
      return before_range(function, series);
    }
    if (!has_before || behind == with_points.end()) return {};
    const auto number = [](const Value& value) -> std::optional<long double> {
      if (const auto* real = std::get_if<double>(&value)) return *real;
      if (const auto* whole = std::get_if<int64_t>(&value)) return *whole;
      if (const auto* natural = std::get_if<uint64_t>(&value)) return *natural;
      return std::nullopt;
    };
    const auto left = number(value_of_bucket(function, series, *std::prev(behind)));
    const auto right = number(value_of_bucket(function, series, *behind));
    if (!left || !right) return {};
    const long double begin = std::prev(behind)->first;
    return static_cast<double>(*left + (*right - *left) * (bucket.first - begin) / (behind->first - begin));
  }

  Value before_range(const Function& function, const Points& series) {
    if (!query_.filter.range.from_ns) return {};
    const Edges first = bucket_of(*query_.filter.range.from_ns);
    std::optional<int64_t> time;
    for (const auto& [number, points] : series) {
      for (const Point& point : points) {
        if (point.time_ns < first.first) time = std::max(time.value_or(point.time_ns), point.time_ns);
      }
    }
    if (!time) return {};
    Naive earlier(*this);
    const Edges bucket = bucket_of(*time);
    earlier.query_.filter.range = {.from_ns = bucket.first, .to_ns = bucket.last + 1};
    return earlier.value_of_bucket(function, series, bucket);
  }

  AggregateQuery query_;
  std::map<GroupTuple, Points> points_;
  std::optional<Buckets> buckets_;
  std::optional<int64_t> first_, last_;
};

}  // namespace

bool naive_passes(const Filter& filter, const Series& series, const Point& point) {
  const auto& names = filter.devices;
  if (!names.empty() && std::count(names.begin(), names.end(), series.name) == 0) return false;
  bool has_prefix = filter.prefixes.empty();
  for (const std::string& prefix : filter.prefixes) has_prefix |= series.name.substr(0, prefix.size()) == prefix;
  if (!has_prefix) return false;
  for (const TagTest& test : filter.tags) {
    std::string value;
    for (const Tag& tag : series.tags) value = tag.name == test.name ? tag.value : value;
    if (std::count(test.any_of.begin(), test.any_of.end(), value) == 0) return false;
  }
  for (const AttributeTest& test : filter.attributes) {
    const std::string found = attribute(point.attributes, test.path.front());
    bool is_one = false;
    for (const AttributeValue& wanted : test.any_of) {
      is_one |= !found.empty() && (found == "\"" + wanted.text + "\"" || (!wanted.is_quoted && found == wanted.text));
    }
    if (!is_one) return false;
  }
  const auto number = number_of(point);
  if (filter.min_value && !(number && *number >= filter.min_value->rounded())) return false;
  return !filter.max_value || (number && *number <= filter.max_value->rounded());
}

std::vector<NaiveRow> naive_aggregate(const AggregateQuery& query, const MemoryStore& store) {
  return Naive(query, store).rows();
}

}  // namespace timestore::query
