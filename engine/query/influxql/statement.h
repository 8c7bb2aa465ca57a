// What InfluxQL statements say, as written: nothing is looked up or computed here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace timestore::query::influxql {

struct Expression {
  enum class Kind : uint8_t {
    kInteger,    // integer
    kNumber,     // number
    kDuration,   // integer, in nanoseconds
    kString,     // text
    kBoolean,    // integer: 0 or 1
    kRegex,      // text
    kVariable,   // text, and perhaps type: a field or a tag
    kWildcard,   // perhaps type
    kParameter,  // text
    kCall,       // text: the function's name in small letters; operands
    kBinary,     // text: the operator, words in capitals; two operands
  } kind = Kind::kInteger;
  std::string text = {};
  int64_t integer = 0;
  double number = 0;
  std::string type = {};  // behind `::`, in small letters
  std::vector<Expression> operands = {};
  size_t offset = 0;  // in the text of the query
};

// In one form, with parentheses around every binary expression.
std::string text_of(const Expression& expression);

struct Measurement {
  std::string database = {};  // empty: that of the request
  std::string policy = {};    // empty: the default
  std::string name = {};
  std::optional<std::string> regex = {};  // instead of a name
};

struct Select;
struct From {
  Measurement measurement = {};
  std::shared_ptr<const Select> subquery = {};  // instead of a measurement
};

struct Field {
  Expression value;
  std::string alias = {};
};

struct Page {
  std::optional<uint64_t> limit = {};
  std::optional<uint64_t> offset = {};
  std::optional<uint64_t> series_limit = {};
  std::optional<uint64_t> series_offset = {};
};

struct QueryFill {
  enum class Kind : uint8_t { kNull, kNone, kPrevious, kLinear, kNumber } kind = Kind::kNull;
  double number = 0;
};

struct Select {
  std::vector<Field> fields = {};
  std::vector<From> from = {};
  std::optional<Expression> where = {};
  std::vector<Expression> group_by = {};  // variables, wildcards, regular expressions, calls of time
  QueryFill fill = {};
  bool is_descending = false;
  Page page = {};
  std::string zone = {};
};

struct Show {
  enum class What : uint8_t {
    kDatabases,
    kRetentionPolicies,
    kMeasurements,
    kSeries,
    kTagKeys,
    kTagValues,
    kFieldKeys,
  } what = What::kDatabases;
  bool counts = false;    // CARDINALITY
  bool is_exact = false;  // EXACT CARDINALITY
  std::string database = {};
  std::vector<From> from = {};
  struct With {
    std::string op = {};  // =, !=, =~, !~, IN
    std::vector<std::string> names = {};
    std::optional<std::string> regex = {};
  };
  std::optional<With> with = {};  // MEASUREMENT of measurements, KEY of tag values
  std::optional<Expression> where = {};
  std::vector<Expression> group_by = {};
  bool is_descending = false;
  Page page = {};
};

struct PolicyOptions {
  std::optional<int64_t> duration_ns = {};  // 0: for ever
  std::optional<int64_t> replication = {};
  std::optional<int64_t> shard_duration_ns = {};
  bool is_default = false;
};

struct CreateDatabase {
  std::string name;
  std::string policy = {};
  PolicyOptions options = {};
};
struct DropDatabase {
  std::string name;
};
struct CreatePolicy {  // or ALTER
  std::string name;
  std::string database;
  PolicyOptions options = {};
  bool alters = false;
};
struct DropPolicy {
  std::string name;
  std::string database;
};
struct DropMeasurement {
  std::string name;
};
struct Delete {  // DELETE, and DROP SERIES
  std::vector<From> from = {};
  std::optional<Expression> where = {};
  bool drops_series = false;
};

using Statement =
    std::variant<Select, Show, CreateDatabase, DropDatabase, CreatePolicy, DropPolicy, DropMeasurement, Delete>;

}  // namespace timestore::query::influxql
