// Points in memory as a query's source, cut into batches as a test wants it.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/query/source.h"

namespace timestore::query {

// A point with texts of its own.
struct OwnedPoint {
  points::Point point;
  std::string text = {};
  std::string attributes = {};
};

// What there is, and what was replaced since (which only the order of the log still shows).
struct MemoryStore {
  std::vector<Series> series;
  std::deque<OwnedPoint> points;

  Series& add_series(std::string name, points::Type type = points::Type::kFloat);
  void add(const Series& series, int64_t time_ns, double value);
  OwnedPoint& add_point(const Series& series, int64_t time_ns, uint64_t bits);
  points::Seq next_seq = 1;
};

class MemorySource : public Source {
 public:
  struct Layout {
    size_t max_batch = 1024;
    uint64_t statistics_in_percent = 100;  // of batches that have them
    uint64_t seed = 1;
  };
  explicit MemorySource(const MemoryStore& store) : MemorySource(store, Layout()) {}
  MemorySource(const MemoryStore& store, Layout layout);

  Result<void> list(const SeriesWanted& wanted, const std::function<void(Series&&)>& tell) override;
  Result<std::unique_ptr<BatchCursor>> read(const Reading& reading) override;
  Result<std::unique_ptr<points::PointCursor>> read_log(const Reading& reading, Seq after) override;

  size_t decoded_batches() const { return decoded_; }
  size_t readings() const { return readings_; }

 private:
  friend class MemoryCursor;
  struct Batch {
    BatchHead head;
    points::BlockStatistics statistics;
    std::vector<points::Point> points;
  };

  const MemoryStore& store_;
  std::map<SeriesNumber, std::deque<Batch>> batches_;
  size_t decoded_ = 0;
  size_t readings_ = 0;
};

// The points of a store without those that another one replaced, in their order.
std::vector<points::Point> surviving(const MemoryStore& store);

}  // namespace timestore::query
