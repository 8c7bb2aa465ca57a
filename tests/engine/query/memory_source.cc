#include "tests/engine/query/memory_source.h"

#include <algorithm>
#include <bit>
#include <set>
#include <utility>

#include "engine/base/check.h"

namespace timestore::query {

using points::Point;
using points::Type;

Series& MemoryStore::add_series(std::string name, Type type) {
  return series.emplace_back(Series{.number = series.size() + 1, .type = type, .name = std::move(name)});
}

OwnedPoint& MemoryStore::add_point(const Series& of, int64_t time_ns, uint64_t bits) {
  return points.emplace_back(
      OwnedPoint{.point = {.series = of.number, .type = of.type, .time_ns = time_ns, .seq = next_seq++, .bits = bits}});
}

void MemoryStore::add(const Series& of, int64_t time_ns, double value) {
  add_point(of, time_ns, std::bit_cast<uint64_t>(value));
}

std::vector<Point> surviving(const MemoryStore& store) {
  std::vector<Point> all;
  for (const OwnedPoint& owned : store.points) {
    all.push_back(owned.point);
    all.back().text = owned.text;
    all.back().attributes = owned.attributes;
  }
  std::sort(all.begin(), all.end(), points::is_before);
  std::vector<Point> kept;
  for (const Point& point : all) {
    if (!kept.empty() && points::replaces(point, kept.back())) kept.pop_back();
    kept.push_back(point);
  }
  return kept;
}

namespace {

points::BlockStatistics statistics_of(const std::vector<Point>& points) {
  if (points[0].type == Type::kFloat) {
    std::vector<double> values;
    for (const Point& point : points) values.push_back(std::bit_cast<double>(point.bits));
    return points::statistics_of(std::span<const double>(values), points::Decimals(values));
  }
  if (points[0].type == Type::kInteger) {
    std::vector<int64_t> values;
    for (const Point& point : points) values.push_back(static_cast<int64_t>(point.bits));
    return points::statistics_of(std::span<const int64_t>(values));
  }
  if (points[0].type == Type::kUnsigned) {
    std::vector<uint64_t> values;
    for (const Point& point : points) values.push_back(point.bits);
    return points::statistics_of(std::span<const uint64_t>(values));
  }
  return {};
}

}  // namespace

MemorySource::MemorySource(const MemoryStore& store, Layout layout) : store_(store) {
  Prng prng(layout.seed);
  size_t room = 0;
  for (const Point& point : surviving(store)) {
    auto& batches = batches_[point.series];
    if (batches.empty() || batches.back().points.size() == room) {
      batches.emplace_back();
      room = 1 + prng.below(layout.max_batch);
    }
    batches.back().points.push_back(point);
  }
  for (auto& [series, batches] : batches_) {
    for (Batch& batch : batches) {
      batch.head = {.series = series,
                    .type = batch.points[0].type,
                    .count = batch.points.size(),
                    .first_ns = batch.points.front().time_ns,
                    .last_ns = batch.points.back().time_ns};
      if (!prng.chance(layout.statistics_in_percent, 100)) continue;
      batch.statistics = statistics_of(batch.points);
      batch.head.statistics = &batch.statistics;
    }
  }
}

// No more than must be told of series that lack a tag.
Result<void> MemorySource::list(const SeriesWanted& wanted, const std::function<void(Series&&)>& tell) {
  std::set<std::vector<std::string>> shapes;
  for (const Series& series : store_.series) {
    std::vector<std::string> shape = {series.database, series.measurement, series.field};
    for (const Tag& tag : series.tags) shape.push_back(tag.name);
    const bool has_all = std::all_of(wanted.tags.begin(), wanted.tags.end(), [&](const Tag& tag) {
      return std::find(series.tags.begin(), series.tags.end(), tag) != series.tags.end();
    });
    if (shapes.insert(shape).second || has_all) tell(Series(series));
  }
  return {};
}

class MemoryCursor : public BatchCursor {
 public:
  MemoryCursor(MemorySource& source, const Reading& reading) : source_(source) {
    for (const SeriesNumber number : reading.series) {
      const auto found = source.batches_.find(number);
      if (found == source.batches_.end()) continue;
      for (const auto& batch : found->second) {
        const bool is_outside = batch.head.last_ns < reading.first_ns || batch.head.first_ns > reading.last_ns;
        if (!is_outside) batches_.push_back(&batch);
      }
    }
    if (reading.is_descending) std::reverse(batches_.begin(), batches_.end());
  }

  Result<bool> next() override {
    if (is_begun_) ++at_;
    is_begun_ = true;
    while (skips_ && at_ < batches_.size() && batches_[at_]->head.series == *skips_) ++at_;
    skips_.reset();
    return at_ < batches_.size();
  }

  void skip_series() override { skips_ = head().series; }
  const BatchHead& head() const override { return batches_[at_]->head; }

  Result<const points::BlockColumns*> columns() override {
    ++source_.decoded_;
    columns_.type = head().type;
    columns_.count = head().count;
    for (size_t at = 0; at < head().count; ++at) {
      const Point& point = batches_[at_]->points[at];
      columns_.series[at] = point.series;
      columns_.times[at] = point.time_ns;
      columns_.bits[at] = point.bits;
      columns_.texts[at] = point.text;
      columns_.are_lines[at] = point.is_line;
    }
    return &columns_;
  }

  Result<const points::BlockIdentities*> identities() override {
    for (size_t at = 0; at < head().count; ++at) {
      const Point& point = batches_[at_]->points[at];
      identities_.seqs[at] = point.seq;
      identities_.ids[at] = point.id;
      identities_.attributes[at] = point.attributes;
    }
    return &identities_;
  }

 private:
  MemorySource& source_;
  std::vector<const MemorySource::Batch*> batches_;
  size_t at_ = 0;
  bool is_begun_ = false;
  std::optional<SeriesNumber> skips_;
  points::BlockColumns columns_;
  points::BlockIdentities identities_;
};

Result<std::unique_ptr<BatchCursor>> MemorySource::read(const Reading& reading) {
  ++readings_;
  TIMESTORE_CHECK(std::is_sorted(reading.series.begin(), reading.series.end()), "series ascend");
  return std::make_unique<MemoryCursor>(*this, reading);
}

namespace {

class LogCursor : public points::PointCursor {
 public:
  LogCursor(const MemoryStore& store, Seq after) : store_(store) {
    while (at_ < store.points.size() && store.points[at_].point.seq <= after) ++at_;
  }

  Result<bool> next() override {
    if (at_ == store_.points.size()) return false;
    const OwnedPoint& owned = store_.points[at_++];
    point_ = owned.point;
    point_.text = owned.text;
    point_.attributes = owned.attributes;
    return true;
  }

 private:
  const MemoryStore& store_;
  size_t at_ = 0;
};

}  // namespace

Result<std::unique_ptr<points::PointCursor>> MemorySource::read_log(const Reading&, Seq after) {
  return std::make_unique<LogCursor>(store_, after);
}

}  // namespace timestore::query
