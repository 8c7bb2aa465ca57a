// A cell: what is known of one group's points in one bucket, for the functions that were asked for.
//
// Values are added in runs and never kept, but for percentiles. All sums are exact until a function's value is asked
// for, so a cell is a function of the multiset of its points: neither their order, nor how they were cut into blocks,
// nor which cells were merged, changes one bit of an answer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/query/number_sum.h"
#include "engine/query/query.h"
#include "engine/query/query_error.h"
#include "engine/query/source.h"

namespace timestore::query {

// What the functions of a query need to know.
struct Needs {
  bool sum = false;
  bool extremes = false;
  bool ends = false;
  bool spread = false;
  bool values = false;
  bool changes = false;
  bool area = false;

  // Whether statistics of blocks are enough.
  bool only_statistics() const { return !ends && !spread && !values && !changes && !area; }

  // Whether a series has to be read in the order of its points, with what stands around the range.
  bool order() const { return changes || area; }
};
Needs needs_of(std::span<const Function> functions);

// Points of one series in one bucket, in their order.
struct Run {
  points::Type type = points::Type::kFloat;
  std::span<const int64_t> times = {};
  std::span<const uint64_t> bits = {};
  std::span<const std::string_view> texts = {};  // of strings
  std::span<const Seq> seqs = {};                // where ends are needed
  std::optional<unsigned> exponent = {};         // all values are decimals with at most so many digits behind the point
};

class Cell {
 public:
  void add(const Run& run, const Needs& needs);

  // The points of a whole batch. False: its statistics do not say enough, and nothing was added.
  [[nodiscard]] bool add(const BatchHead& head, const Needs& needs);

  void add(Cell&& other, const Needs& needs);

  // What follows from the order of a series. Each may be there although the other is not.
  struct Changes {
    NumberSum increase;
    bool has_increase = false;
    NumberSum delta;
    bool has_delta = false;
    ExactSum twice_area;  // in value * nanoseconds
    bool has_area = false;
  };
  Changes& changes();

  // Null where there is none. `elapsed_ns`: of the bucket, as far as the query's range goes.
  Answer<Value> value(const Function& function, int64_t elapsed_ns);

  uint64_t points() const { return points_; }
  size_t heap_bytes() const;

 private:
  struct End {
    int64_t time_ns = 0;
    Seq seq = 0;
    Value value = {};
  };
  struct Ends {
    std::optional<End> first;
    std::optional<End> last;
  };
  struct Spread {
    ExactSum sum;
    ExactSum squares;
  };
  // Of each type, as words in the order of the numbers: so they are selected from as integers are.
  struct Values {
    std::vector<uint64_t> floats;
    std::vector<uint64_t> integers;
    std::vector<uint64_t> naturals;
  };

  void add_floats(std::span<const uint64_t> bits, std::optional<unsigned> exponent, const Needs& needs);
  void add_integers(points::Type type, std::span<const uint64_t> bits, const Needs& needs);
  void add_number(const Number& number, const Needs& needs);
  void add_extremes(const Number& min, const Number& max);
  void add_ends(const Run& run);
  void consider_end(std::optional<End>& end, bool is_last, const Run& run, size_t at);
  bool add_statistics(const points::BlockStatistics& statistics, size_t count, const Needs& needs);

  Answer<Value> sum_of(const NumberSum& sum, const char* what) const;
  Value stddev() const;
  Value percentile(int64_t percent, int64_t percent_units);

  // The values of two neighbours in the order of all values, of which the second may be missing.
  struct Neighbours {
    Number first;
    Number second;
  };
  Neighbours neighbours_at(uint64_t rank);

  uint64_t points_ = 0;
  uint64_t numbers_ = 0;
  uint64_t floats_ = 0;
  NumberSum sum_;
  Number min_, max_;            // if there are numbers
  std::unique_ptr<Ends> ends_;  // these are there where they are needed
  std::unique_ptr<Spread> spread_;
  std::unique_ptr<Values> values_;
  std::unique_ptr<std::vector<Number>> mixed_;  // all values, where they are of several types
  std::unique_ptr<Changes> changes_;
};

}  // namespace timestore::query
