// Segments and fresh points as a query's source.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "engine/query/source.h"
#include "engine/store/segments/segment_scan.h"

namespace timestore::query {

class SegmentSource : public Source {
 public:
  SegmentSource(std::vector<Series> series, segments::SegmentReader& reader,
                std::span<const segments::FreshPoints> fresh, int64_t first_visible)
      : series_(std::move(series)), reader_(reader), fresh_(fresh) {
    kept_.first_time = first_visible;
  }

  Result<void> list(const SeriesWanted&, const std::function<void(Series&&)>& tell) override {
    for (const Series& series : series_) tell(Series(series));
    return {};
  }

  Result<std::unique_ptr<BatchCursor>> read(const Reading& reading) override {
    return reader_.read(reading, fresh_, kept_);
  }

  Result<std::unique_ptr<points::PointCursor>> read_log(const Reading&, Seq) override {
    return fail("segments alone are not read in the order of the log");
  }

 private:
  std::vector<Series> series_;
  segments::SegmentReader& reader_;
  std::span<const segments::FreshPoints> fresh_;
  segments::Kept kept_;
};

}  // namespace timestore::query
