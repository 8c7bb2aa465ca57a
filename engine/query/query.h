// What is asked: one form for all doors. Plain values, without any knowledge of how they are answered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/timestamp.h"
#include "engine/query/attributes.h"
#include "engine/query/buckets.h"
#include "engine/query/number.h"

namespace timestore::query {

// Times from `from_ns` on, before `to_ns`; what is absent bounds nothing.
struct TimeRange {
  std::optional<int64_t> from_ns = {};
  std::optional<int64_t> to_ns = {};

  // The same as two moments that both belong to it. It is empty if the first is behind the last, or no moment is before
  // the least one.
  int64_t first_ns() const { return from_ns.value_or(kMinTimestamp); }
  int64_t last_ns() const { return to_ns ? *to_ns - (is_empty_at_the_start() ? 0 : 1) : kMaxTimestamp; }
  bool is_empty() const { return is_empty_at_the_start() || first_ns() > last_ns(); }

  bool operator==(const TimeRange&) const = default;

 private:
  bool is_empty_at_the_start() const { return to_ns && *to_ns <= kMinTimestamp; }
};

// The tag has one of these values; an empty one stands for a tag that is missing.
struct TagTest {
  std::string name;
  std::vector<std::string> any_of;
  bool operator==(const TagTest&) const = default;
};

// By which our own API is told from the databases that line protocol makes.
inline constexpr std::string_view kOwnDatabase = "timestore";
inline std::string database_named(std::string_view name) {
  return name == kOwnDatabase ? std::string() : std::string(name);
}

// Which points count: what passes all tests. Within one test, one of several alternatives is enough.
struct Filter {
  std::string database = {};               // empty: the one of our own API
  bool only_numbers = false;               // no series of booleans and strings
  std::vector<std::string> devices = {};   // exact names; none: all
  std::vector<std::string> prefixes = {};  // of names; none: all
  std::vector<TagTest> tags = {};
  std::vector<AttributeTest> attributes = {};
  std::optional<Number> min_value = {};  // both inclusive; only numbers pass either
  std::optional<Number> max_value = {};
  TimeRange range = {};

  // Whether points differ in anything but their time and series.
  bool tests_points() const { return !attributes.empty() || min_value || max_value; }
  bool is_empty() const { return *this == Filter{.database = database, .only_numbers = only_numbers}; }
  bool operator==(const Filter&) const = default;
};

// --- Rows -----------------------------------------------------------------------------------------------------------

enum class Order : uint8_t {
  kLog,         // the place in the log
  kDevice,      // name, time, kind, place in the log
  kAscending,   // time, name, kind, place in the log
  kDescending,  // the same, from behind
};

// Behind which row the answer goes on, in the order of the query.
struct RowPlace {
  int64_t time_ns = 0;
  std::string name = {};
  bool is_entry = false;    // lines come first
  bool is_of_line = false;  // the kind of the series: plain ones come first
  points::Seq seq = 0;      // of entries; a line has no other of its series and time beside it
  bool operator==(const RowPlace&) const = default;
};

struct RowsQuery {
  Filter filter = {};
  Order order = Order::kLog;
  std::optional<uint64_t> limit = {};
  std::optional<RowPlace> after = {};
};

// --- Aggregates -----------------------------------------------------------------------------------------------------

struct Function {
  enum class Kind : uint8_t {
    kCount,
    kSum,
    kAvg,
    kMin,
    kMax,
    kFirst,
    kLast,
    kStddev,
    kMedian,
    kPercentile,
    kRate,
    kIncrease,
    kDelta,
    kIntegral,
  } kind = Kind::kCount;
  std::string name = {};      // as it was asked for, which names its column
  int64_t percent = 0;        // of a percentile: percent / percent_units
  int64_t percent_units = 1;  // a power of ten
  bool operator==(const Function&) const = default;
};

struct GroupKey {
  enum class Kind : uint8_t { kDevice, kTag } kind = Kind::kDevice;
  std::string tag = {};
  bool operator==(const GroupKey&) const = default;
};

struct Fill {
  enum class Kind : uint8_t { kNone, kNull, kPrevious, kLinear, kNumber } kind = Kind::kNone;
  Number number = {};
  bool operator==(const Fill&) const = default;
};

struct AggregateQuery {
  Filter filter = {};
  std::vector<Function> functions = {};    // at least one
  std::optional<BucketWidth> bucket = {};  // none: the whole range is one
  std::string zone = {};                   // an IANA name; empty: UTC
  Fill fill = {};                          // only with a bucket
  std::vector<GroupKey> group_by = {};
  bool is_descending = false;          // within a group
  std::optional<uint64_t> limit = {};  // of rows, for each group
};

}  // namespace timestore::query
