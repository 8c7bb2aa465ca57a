// Segments and fresh points as a query's source, by way of a scan of points: slow, and plain enough to believe.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/query/source.h"
#include "engine/store/segments/segment_scan.h"
#include "tests/engine/query/memory_source.h"

namespace timestore::query {

class ScanSource : public Source {
 public:
  ScanSource(std::vector<Series> series, segments::SegmentReader& reader, std::span<const segments::FreshPoints> fresh)
      : series_(std::move(series)), reader_(reader), fresh_(fresh) {}

  Result<void> list(const SeriesWanted&, const std::function<void(Series&&)>& tell) override {
    for (const Series& series : series_) tell(Series(series));
    return {};
  }

  Result<std::unique_ptr<BatchCursor>> read(const Reading& reading) override {
    auto scanned = std::make_unique<Scanned>();
    scanned->store.series = series_;
    const auto done = scan(reading, [&](const points::Point& point) {
      OwnedPoint& owned = scanned->store.points.emplace_back(OwnedPoint{.point = point});
      owned.text = point.text;
      owned.attributes = point.attributes;
    });
    if (!done) return tl::unexpected(done.error());
    scanned->source = std::make_unique<MemorySource>(scanned->store);
    auto cursor = scanned->source->read(reading);
    scans_.push_back(std::move(scanned));
    return cursor;
  }

  Result<std::unique_ptr<points::PointCursor>> read_log(const Reading&, Seq) override {
    return fail("a scan has no order of the log");
  }

 private:
  struct Scanned {  // lives as long as the source, for the cursor's sake
    MemoryStore store;
    std::unique_ptr<MemorySource> source;
  };

  Result<void> scan(const Reading& reading, const std::function<void(const points::Point&)>& tell) {
    for (const SeriesNumber number : reading.series) {
      const segments::Scan one{
          .first_series = number, .last_series = number, .from = reading.first_ns, .to = reading.last_ns};
      const auto tell_all = [&](const points::Point& point) {
        tell(point);
        return true;
      };
      if (auto done = reader_.scan(one, fresh_, tell_all); !done) return done;
    }
    return {};
  }

  std::vector<Series> series_;
  segments::SegmentReader& reader_;
  std::span<const segments::FreshPoints> fresh_;
  std::vector<std::unique_ptr<Scanned>> scans_;
};

}  // namespace timestore::query
